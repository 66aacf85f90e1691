"""The weeks and their exercises, read from the text of `solutions/` without importing it."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course.errors import CourseError
from course.language import say
from course.project import Project
from course.source import SourceProblem, decode_source, parse_source


@dataclass(frozen=True)
class Exercise:
    """One function for a student to write; see `course.exercise` for the arguments' meaning.

    `signature` is the text `name(arguments) -> returns`, `summary` the docstring's first line.
    """

    week: str
    name: str
    points: float
    difficulty: int
    minutes: int
    hints: tuple[str, ...]
    uses: tuple[str, ...]
    signature: str
    summary: str
    docstring: str

    @property
    def id(self) -> str:
        return f"{self.week}.{self.name}"


@dataclass(frozen=True)
class Week:
    """One solution module: `title` is the first line of its docstring, `path` its file."""

    name: str
    title: str
    exercises: tuple[Exercise, ...]
    path: Path


def read_catalogue(project: Project) -> dict[str, Week]:
    """Reads every week of the course, in the order of their names.

    Raises:
        CourseError: When a solution module is malformed; names the file and the line.
    """
    paths = sorted(project.solutions.glob("week[0-9][0-9]_*.py"))
    return {path.stem: _read_week(path) for path in paths}


def select(catalogue: dict[str, Week], ids: list[str]) -> list[Exercise]:
    """The exercises that a user named, in the order of the catalogue, each once.

    Args:
        catalogue: As `read_catalogue` returns it.
        ids: `WEEK` or `WEEK.EXERCISE` each; none means all.

    Raises:
        CourseError: When a name is not in the catalogue; suggests one that is.
    """
    everything = [exercise for week in catalogue.values() for exercise in week.exercises]
    known = {*catalogue, *(exercise.id for exercise in everything)}
    for asked in ids:
        if asked not in known:
            raise CourseError(_unknown(asked, everything, catalogue))
    return [e for e in everything if not ids or e.week in ids or e.id in ids]


def find_week(catalogue: dict[str, Week], name: str) -> Week:
    """The week of that name.

    Raises:
        CourseError: When there is none; suggests one.
    """
    if name not in catalogue:
        raise CourseError(_unknown(name, [], catalogue))
    return catalogue[name]


def find_exercises(tree: ast.Module, label: str) -> list[tuple[ast.FunctionDef, ast.Call]]:
    """The functions of a solution module that carry `@exercise(...)`, with that decorator.

    Args:
        tree: The parsed module.
        label: How messages call the module.

    Raises:
        CourseError: When one is not a top-level function with a docstring and a body.
    """
    found: dict[str, tuple[ast.FunctionDef, ast.Call]] = {}
    for node in tree.body:
        for decorator in getattr(node, "decorator_list", ()):
            if not _is_exercise(decorator):
                continue
            if not isinstance(node, ast.FunctionDef):
                raise _fault(label, node, say("an exercise is a plain function (`def`)"))
            if not isinstance(decorator, ast.Call):
                raise _fault(
                    label, decorator, say("write `@exercise(points=…, …)` with its arguments")
                )
            if node.name in found:
                raise _fault(
                    label, node, say("a second exercise named {name!r}; rename it", name=node.name)
                )
            if not (ast.get_docstring(node) or "").strip():
                raise _fault(
                    label, node, say("{name} has no docstring; it is the contract", name=node.name)
                )
            if len(node.body) < 2 or node.body[1].lineno <= (node.body[0].end_lineno or 0):
                raise _fault(
                    label, node, say("{name} needs its body below the docstring", name=node.name)
                )
            found[node.name] = node, decorator
    return list(found.values())


def parse_solution(text: str, label: str) -> ast.Module:
    """Parses a solution module and insists on its docstring.

    Raises:
        CourseError: When it does not parse or has no docstring.
    """
    tree = parse_source(text, label)
    if not (ast.get_docstring(tree) or "").strip():
        raise CourseError(
            say("{file}, line 1: no module docstring; its first line is the title", file=label)
        )
    return tree


def _read_week(path: Path) -> Week:
    label = f"{path.parent.name}/{path.name}"
    try:
        text = decode_source(path)
    except SourceProblem as problem:
        raise CourseError(f"{path.parent.name}/{problem}") from None
    tree = parse_solution(text, label)
    exercises = tuple(
        _read_exercise(path.stem, function, decorator, label)
        for function, decorator in find_exercises(tree, label)
    )
    return Week(path.stem, _first_line(ast.get_docstring(tree)), exercises, path)


def _read_exercise(
    week: str, function: ast.FunctionDef, decorator: ast.Call, label: str
) -> Exercise:
    arguments = _read_arguments(decorator, label)
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    docstring = ast.get_docstring(function) or ""
    return Exercise(
        week=week,
        name=function.name,
        points=arguments["points"],
        difficulty=arguments["difficulty"],
        minutes=arguments["minutes"],
        hints=arguments["hints"],
        uses=arguments.get("uses", ()),
        signature=f"{function.name}({ast.unparse(function.args)}){returns}",
        summary=_first_line(docstring),
        docstring=docstring,
    )


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(v, str) and v.strip() for v in value)


# For each argument of the decorator: what it must be.
_ARGUMENTS: dict[str, Callable[..., bool]] = {
    "points": _is_positive,
    "difficulty": lambda v: type(v) is int and 1 <= v <= 5,
    "minutes": lambda v: type(v) is int and v > 0,
    "hints": lambda v: v and _is_texts(v),
    "uses": _is_texts,
}


def _in_words(argument: str) -> str:
    """The same, in words."""
    words = {
        "points": say("a number above 0"),
        "difficulty": say("a whole number from 1 to 5"),
        "minutes": say("a whole number above 0"),
        "hints": say('a tuple of one or more texts, such as ("first hint",)'),
        "uses": say('a tuple of library names, such as ("keras",)'),
    }
    return words[argument]


def _read_arguments(decorator: ast.Call, label: str) -> dict:
    """The decorator's arguments as values, each of its right kind."""
    values = {}
    for keyword in decorator.keywords:
        if keyword.arg not in _ARGUMENTS:
            names = ", ".join(_ARGUMENTS)
            raise _fault(label, keyword, say("expected only {names} in @exercise", names=names))
        try:
            value = ast.literal_eval(keyword.value)
        except (ValueError, TypeError):
            value = None
        if not _ARGUMENTS[keyword.arg](value):
            message = say(
                "{name} must be {expected}, literally; got {got}",
                name=keyword.arg,
                expected=_in_words(keyword.arg),
                got=ast.unparse(keyword.value),
            )
            raise _fault(label, keyword, message)
        values[keyword.arg] = value
    missing = [name for name in _ARGUMENTS if name != "uses" and name not in values]
    if missing or decorator.args:
        wanted = say("name every argument")
        if missing:
            wanted = say("add {names}", names=", ".join(missing))
        message = say("@exercise(...) is incomplete; {wanted}", wanted=wanted)
        raise _fault(label, decorator, message)
    return values


def _is_exercise(decorator: ast.expr) -> bool:
    match decorator.func if isinstance(decorator, ast.Call) else decorator:
        case ast.Name(id="exercise") | ast.Attribute(attr="exercise"):
            return True
    return False


def _fault(label: str, node: ast.stmt | ast.expr | ast.keyword, message: str) -> CourseError:
    return CourseError(
        say("{file}, line {line}: {said}", file=label, line=node.lineno, said=message)
    )


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0].strip()


def _unknown(asked: str, everything: list[Exercise], catalogue: dict[str, Week]) -> str:
    import difflib  # only an error needs it

    # A bare exercise name is understood in a suggestion, though not as an id.
    meant = {e.name: e.id for e in everything} | {known: known for known in catalogue}
    meant |= {e.id: e.id for e in everything}
    close = difflib.get_close_matches(asked, meant, n=1)
    advice = say("`course list` shows them all")
    if close:
        advice = say("did you mean {name!r}?", name=meant[close[0]])
    if "." in asked:
        return say("no exercise {name!r}; {advice}", name=asked, advice=advice)
    return say("no week {name!r}; {advice}", name=asked, advice=advice)
