"""What a solution module gives away, and what of it every student may see."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from course.catalogue import find_exercises, parse_solution
from course.source import bound_names

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Outline:
    """A solution module, divided into what a stub keeps and what it leaves out.

    `secrets` are the private helpers that nothing but exercise bodies needs, `idle_names` the names
    that nothing uses once bodies and secrets are gone.
    """

    tree: ast.Module
    lines: list[str]
    exercises: dict[str, tuple[ast.FunctionDef, ast.Call]]
    secrets: dict[str, ast.stmt]
    idle_names: set[str]


def read_outline(solution_text: str, module_name: str) -> Outline:
    """Divides a solution module.

    Raises:
        CourseError: When it is malformed.
    """
    text = solution_text.replace("\r\n", "\n").replace("\r", "\n")
    label = f"solutions/{module_name}.py"
    tree = parse_solution(text, label)
    exercises = {function.name: (function, call) for function, call in find_exercises(tree, label)}
    private = _private_helpers(tree)
    kept: list[ast.AST] = []
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name in exercises:
            own = exercises[statement.name][1]
            kept += [statement.args, *filter(None, [statement.returns])]
            kept += [decorator for decorator in statement.decorator_list if decorator is not own]
        elif statement not in private.values():
            kept.append(statement)
    kept_names = _reachable(_names_in(kept), private)
    secrets = {name: node for name, node in private.items() if name not in kept_names}
    removed = [*secrets.values(), *(function for function, _ in exercises.values())]
    idle_names = _names_in(removed) - kept_names
    return Outline(tree, text.split("\n"), exercises, secrets, idle_names)


def needed_secrets(outline: Outline, function: ast.FunctionDef) -> list[ast.stmt]:
    """The secrets that a function uses, directly or through others, in the file's order."""
    needed = _reachable(_names_in([function]), outline.secrets)
    return [statement for name, statement in outline.secrets.items() if name in needed]


def _private_helpers(tree: ast.Module) -> dict[str, ast.stmt]:
    helpers: dict[str, ast.stmt] = {}
    for statement in tree.body:
        if isinstance(statement, Definition | ast.Assign | ast.AnnAssign):
            match list(bound_names(statement)):
                case [name] if name.startswith("_") and not name.endswith("__"):
                    helpers[name] = statement
    return helpers


def _names_in(nodes: Iterable[ast.AST]) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


def _reachable(names: set[str], helpers: dict[str, ast.stmt]) -> set[str]:
    """The names, with all that the helpers among them use, theirs included."""
    reached, waiting = set(names), [name for name in names if name in helpers]
    while waiting:
        new = _names_in([helpers[waiting.pop()]]) - reached
        reached |= new
        waiting += [name for name in new if name in helpers]
    return reached


def first_line(statement: ast.stmt) -> int:
    """Where a statement begins, its decorators included; lines count from 1."""
    if isinstance(statement, Definition) and statement.decorator_list:
        return statement.decorator_list[0].lineno
    return statement.lineno


def last_line_with_comments(lines: list[str], statement: ast.stmt) -> int:
    """The last line of a block; `ast` ends it before the comments that close its body."""
    end = candidate = last_line(statement)
    if isinstance(statement, Definition):
        while candidate < len(lines) and lines[candidate].lstrip()[:1] in ("", "#"):
            if lines[candidate].startswith("#"):
                break
            candidate += 1
            if lines[candidate - 1]:
                end = candidate
    return end


def last_line(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno
