"""What a verdict depends on, as a short text that changes when the verdict may.

`course watch` judges again only what a change can affect, and `course list` tells when a file has
changed since it was checked. Comments, blank lines and other exercises' bodies change nothing.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course.outline import Definition
from course.source import SourceProblem, bound_names, decode_source, parse_source

# Where these are used, names say nothing about what reaches what.
_DYNAMIC = frozenset({"__import__", "eval", "exec", "getattr", "globals", "locals", "vars"})


@dataclass(frozen=True)
class Fingerprint:
    """Of one exercise in one text.

    Attributes:
        code: changes with the code that the exercise reaches.
        line: where its function begins; messages of failed checks name lines.
    """

    code: str
    line: int = 0

    def may_change(self, before: Fingerprint, passed: bool) -> bool:
        """Whether a verdict given on `before` may be another one now."""
        return self.code != before.code or (not passed and self.line != before.line)


def fingerprints(folder: Path, week: str, names: Collection[str]) -> dict[str, Fingerprint]:
    """The fingerprints of a week's exercises by name; empty for a file that cannot be read.

    Args:
        folder: holds the week's module.
        week: its name.
        names: the exercises.
    """
    path = folder / f"{week}.py"
    try:
        tree = parse_source(decode_source(path), path.name)
    except SourceProblem:
        return dict.fromkeys(names, Fingerprint(""))
    return _of_tree(tree, names, _imported_texts(tree, folder, {week}))


def _of_tree(
    tree: ast.Module, names: Collection[str], imported: list[str]
) -> dict[str, Fingerprint]:
    definitions: dict[str, list[ast.stmt]] = {}
    at_import: list[ast.AST] = []
    for statement in tree.body:
        if _runs_nothing(statement):
            for name in bound_names(statement):
                definitions.setdefault(name, []).append(statement)
        at_import += _run_at_import(statement)
    dynamic = not _DYNAMIC.isdisjoint(_names([tree]))
    found = {}
    for name in names:
        own = definitions.get(name, [])
        reached = tree.body if dynamic else _reached([*at_import, *own], definitions)
        code = _digest([*imported, *map(ast.dump, at_import), *map(ast.dump, reached)])
        found[name] = Fingerprint(code, own[-1].lineno if own else 0)
    return found


def _runs_nothing(statement: ast.stmt) -> bool:
    """Whether a statement, apart from what `_run_at_import` gives, matters to its users alone."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return statement.value is None or _is_literal(statement.value)
    return isinstance(statement, Definition)


def _run_at_import(statement: ast.stmt) -> Iterator[ast.AST]:
    """What of a statement runs when the module is imported, and so can spoil every exercise."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            arguments = [node for node in ast.walk(statement.args) if isinstance(node, ast.arg)]
            parts = [
                *statement.decorator_list,
                *statement.args.defaults,
                *statement.args.kw_defaults,
            ]
            parts += [*(argument.annotation for argument in arguments), statement.returns]
            yield from (part for part in parts if part is not None and not _is_literal(part))
        case ast.ClassDef():
            yield from (*statement.decorator_list, *statement.bases, *statement.keywords)
            for inner in statement.body:
                yield from _run_at_import(inner)
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return
        case _ if not _runs_nothing(statement):
            yield statement


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _reached(start: list[ast.AST], definitions: dict[str, list[ast.stmt]]) -> list[ast.stmt]:
    """The definitions that `start` uses, directly or through others, and those in it."""
    reached = dict.fromkeys(node for node in start if isinstance(node, ast.stmt))
    waiting: list[ast.AST] = list(start)
    while waiting:
        for name in _names([waiting.pop()]):
            new = [node for node in definitions.get(name, []) if node not in reached]
            reached |= dict.fromkeys(new)
            waiting += new
    return sorted(reached, key=lambda node: node.lineno)


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


def _imported_texts(tree: ast.Module, folder: Path, seen: set[str]) -> list[str]:
    """The texts of the modules in the same folder that a module imports, directly or not."""
    texts = []
    for name in sorted(_imports(tree) - seen):
        path = folder / f"{name}.py"
        if path.is_file():
            seen.add(name)
            try:
                text = decode_source(path)
                texts += [text, *_imported_texts(parse_source(text, path.name), folder, seen)]
            except SourceProblem as problem:
                texts.append(str(problem))
    return texts


def _imports(tree: ast.Module) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")
    return {module.partition(".")[0] for module in modules}


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:16]
