"""The file that a student edits, generated from the solution by taking the answers out.

The text is edited line by line at the places that `ast` gives, so everything that stays, comments
and formatting included, stays byte for byte.
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterable
from pathlib import Path

from course.catalogue import Week, find_week, read_catalogue
from course.errors import CourseError
from course.language import say
from course.outline import (
    Definition,
    Outline,
    first_line,
    last_line,
    last_line_with_comments,
    needed_secrets,
    read_outline,
)
from course.project import Project, write_text
from course.source import SourceProblem, attempted, read_source

# Imports of these stay although only exercise bodies use them: a student will need them, and
# unlike `from numpy.lib.stride_tricks import …` they give nothing away.
_LIBRARIES = ("numpy", "keras", "tensorflow")


def make_stub(solution_text: str, module_name: str) -> str:
    """Takes the exercise bodies, and what only they use, out of a solution module.

    Args:
        solution_text: The source of the solution.
        module_name: The week, such as `week04_sequences`.

    Returns:
        The source of the student's file.

    Raises:
        CourseError: When the solution is malformed.
    """
    outline = read_outline(solution_text, module_name)
    lines = outline.lines
    # From the bottom up, so that the line numbers above an edit stay true.
    for index in reversed(range(1, len(outline.tree.body))):
        statement = outline.tree.body[index]
        if isinstance(statement, ast.FunctionDef) and statement.name in outline.exercises:
            _empty_exercise(lines, *outline.exercises[statement.name])
        elif statement in outline.secrets.values():
            _delete_statement(lines, outline.tree.body, index)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            _trim_import(lines, outline, index, statement)
    header = f"# Write the bodies marked TODO, then: course check {module_name}"
    docstring_end = last_line(outline.tree.body[0])
    lines[docstring_end:docstring_end] = ["", header]
    return "\n".join(lines).rstrip("\n") + "\n"


def exercise_source(solution_text: str, module_name: str, exercise_name: str) -> str:
    """An exercise as the solution writes it: without the decorator, with its private helpers.

    Raises:
        CourseError: When the solution is malformed.
    """
    outline = read_outline(solution_text, module_name)
    function, decorator = outline.exercises[exercise_name]
    helpers = [
        "\n".join(outline.lines[first_line(secret) - 1 : last_line(secret)])
        for secret in needed_secrets(outline, function)
    ]
    del outline.lines[last_line_with_comments(outline.lines, function) :]
    del outline.lines[decorator.lineno - 1 : last_line(decorator)]
    own = "\n".join(outline.lines[first_line(function) - 1 :])
    return "\n\n\n".join([*helpers, own]) + "\n"


def write_stubs(
    project: Project, week_names: Iterable[str], force: bool = False
) -> list[tuple[Path, bool]]:
    """Writes the stubs of weeks to `exercises/`.

    Args:
        project: The checkout.
        week_names: The weeks.
        force: Overwrite attempted exercises too; the old file is kept beside as `.bak1`, `.bak2`…

    Returns:
        For each week its file and whether that changed.

    Raises:
        CourseError: When there is no such week, or a file to be overwritten holds attempted
            exercises and `force` is not given. Then nothing is written at all.
    """
    catalogue = read_catalogue(project)
    weeks = [find_week(catalogue, name) for name in week_names]
    stubs = {project.exercises / f"{week.name}.py": (week, _stub_of(week)) for week in weeks}
    changed = {path: _text_of(path) != stub for path, (_, stub) in stubs.items()}
    work = {path: _work_in(path, stubs[path][0]) for path in stubs if changed[path]}
    for path, what in work.items():
        if what and not force:
            raise CourseError(
                say(
                    "exercises/{file} holds work: {what}. Writing the stub would replace it; "
                    "move the file away, or force it (the old file is then kept as a .bak)",
                    file=path.name,
                    what=what,
                )
            )
    for path, (_, stub) in stubs.items():
        if changed[path]:
            if work[path]:
                keep_copy(path)
            write_text(path, stub)
    return list(changed.items())


def stale_stubs(project: Project) -> list[str]:
    """The modules of `exercises/` that differ from what the solutions give today.

    Missing ones count, and so do those without a solution.
    """
    stubs = {week.name: _stub_of(week) for week in read_catalogue(project).values()}
    present = {path.stem for path in project.exercises.glob("week[0-9][0-9]_*.py")}
    stale = {n for n, stub in stubs.items() if _text_of(project.exercises / f"{n}.py") != stub}
    return sorted(stale | (present - set(stubs)))


def _empty_exercise(lines: list[str], function: ast.FunctionDef, decorator: ast.Call) -> None:
    indent = " " * function.body[0].col_offset
    lines[last_line(function.body[0]) : last_line_with_comments(lines, function)] = [
        f"{indent}# TODO: your code here, in place of the next line.",
        f'{indent}raise NotImplementedError("{function.name} is still to be written")',
    ]
    del lines[decorator.lineno - 1 : last_line(decorator)]


def _trim_import(
    lines: list[str], outline: Outline, index: int, statement: ast.Import | ast.ImportFrom
) -> None:
    """Drops from an import the names that only what was taken out has used."""
    module = statement.module or "" if isinstance(statement, ast.ImportFrom) else ""
    surplus = [
        alias
        for alias in statement.names
        if (alias.asname or alias.name.partition(".")[0]) in outline.idle_names
        and (module or alias.name) not in _LIBRARIES
    ]
    kept = [alias for alias in statement.names if alias not in surplus]
    if not kept:
        _delete_statement(lines, outline.tree.body, index)
    elif surplus and last_line(statement) == statement.lineno:
        line = lines[statement.lineno - 1].encode()
        first, rest = line[: statement.names[0].col_offset], line[statement.end_col_offset :]
        names = ", ".join(map(ast.unparse, kept))
        lines[statement.lineno - 1] = f"{first.decode()}{names}{rest.decode()}"
    else:
        for alias in reversed(surplus):  # the formatter gives each name a line of its own
            del lines[alias.lineno - 1]


def _delete_statement(lines: list[str], body: list[ast.stmt], index: int) -> None:
    """Deletes a top-level statement and the comment on top of it, closing the gap in style."""
    start, end = first_line(body[index]) - 1, last_line_with_comments(lines, body[index])
    while start and lines[start - 1].startswith("#"):
        start -= 1
    above, below = start, end
    while above and not lines[above - 1]:
        above -= 1
    while below < len(lines) and not lines[below]:
        below += 1
    gap = max(start - above, below - end)
    before = body[index - 1]
    after = body[index + 1] if index + 1 < len(body) else None
    if isinstance(before, ast.Import | ast.ImportFrom) and not isinstance(after, Definition):
        gap = min(gap, 1)  # import sorters want one line here
    lines[above:below] = [""] * gap
    del body[index]


def _stub_of(week: Week) -> str:
    return make_stub(read_source(week.path), week.name)


def _text_of(path: Path) -> str | None:
    """The file's text, None where there is none, and no text at all in what is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""


def _work_in(path: Path, week: Week) -> str:
    """What of a student's would be lost with this file, in words; empty when nothing."""
    if not path.exists():
        return ""
    try:
        names = attempted(read_source(path), [exercise.name for exercise in week.exercises])
    except SourceProblem as problem:
        return str(problem).partition("\n")[0]
    return ", ".join(sorted(names))


def keep_copy(path: Path) -> Path:
    """Keeps a file's content beside it, as the next of `.bak1`, `.bak2`…; returns where."""
    number = 1
    while (backup := path.with_name(f"{path.name}.bak{number}")).exists():
        number += 1
    shutil.copyfile(path, backup)
    return backup
