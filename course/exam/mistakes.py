"""Misconceptions as tasks: the wrong code is shown, and to be mended.

They are read from their text, as the catalogue is, and so cost no import.
"""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course.exam.modules import TaskModule, free_names, signature_of
from course.outline import last_line
from course.source import SourceProblem, read_source

# A body as short as this says no more than what is missing from it.
_HOLLOW = (ast.Pass, ast.Raise, ast.Expr)


@dataclass(frozen=True)
class Mistake:
    """Wrong code for an exercise.

    Attributes:
        name: the misconception's.
        exercise: which function it stands in for.
        rejected_by: the check that notices.
        says: what is wrong.
        body: its code without comments, which might tell too much, indented.
        names: what the code uses and does not define.
        signature: its arguments and their defaults.
    """

    name: str
    exercise: str
    rejected_by: str
    says: str
    body: str
    names: frozenset[str]
    signature: tuple[str, ...]

    def fits(self, module: TaskModule) -> bool:
        """Whether it can be shown there: with the same signature, and nothing that is missing."""
        return self.signature == module.signature and module.can_use(self.names)


def read_mistakes(path: Path) -> tuple[Mistake, ...]:
    """The misconceptions of one week, in the order of the file; none when there is no file."""
    try:
        text = read_source(path)
    except SourceProblem:
        return ()
    return tuple(_read(ast.parse(text), text))


def _read(tree: ast.Module, text: str) -> Iterator[Mistake]:
    lines = _without_comments(text)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or isinstance(node.body[-1], _HOLLOW):
            continue
        for decorator in node.decorator_list:
            says = _arguments(decorator)
            if says is None:
                continue
            body = node.body[1:] if ast.get_docstring(node) else node.body
            shown = "\n".join(lines[body[0].lineno - 1 : last_line(body[-1])])
            yield Mistake(
                node.name,
                says["exercise"],
                says["rejected_by"],
                says["says"],
                textwrap.indent(textwrap.dedent(shown), " " * 4),
                frozenset(free_names([node.args, *body])),
                signature_of(node),
            )


def _arguments(decorator: ast.expr) -> dict[str, str] | None:
    """What `@misconception(...)` says; None for another decorator, or one that computes."""
    match decorator:
        case ast.Call(func=ast.Name(id="misconception"), keywords=keywords):
            values = {
                name: value
                for name, value in ((k.arg, getattr(k.value, "value", None)) for k in keywords)
                if name is not None and isinstance(value, str)
            }
            return values if {"exercise", "rejected_by", "says"} <= values.keys() else None
    return None


def _without_comments(text: str) -> list[str]:
    """The lines of a module; those with nothing but a comment are left empty."""
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    return lines
