"""Brings the stub of one exercise back into a student's file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from course.catalogue import Exercise
from course.errors import CourseError
from course.language import say
from course.outline import Definition, first_line, last_line_with_comments
from course.progress import forget_result
from course.project import Project, write_text
from course.source import SourceProblem, decode_source, parse_source, read_source
from course.stubs import keep_copy, make_stub

# In a file that does not parse: where a top-level block begins.
_BLOCK = re.compile(
    r"(?:async def |def |class |@|if |for |with |try:|import |from |[A-Za-z_]\w* *=|#)"
)


def reset_exercise(project: Project, exercise: Exercise) -> Path | None:
    """Puts the stub of an exercise in the place of what the student wrote, and forgets its result.

    A file that is missing is written anew. The file as it was is kept beside as `.bak1`, `.bak2`….

    Returns:
        The file's copy; None when nothing was there to keep.

    Raises:
        CourseError: the file is no text, or the function cannot be found in it.
    """
    path = project.exercises / f"{exercise.week}.py"
    solution = read_source(project.solutions / f"{exercise.week}.py")
    stub = make_stub(solution, exercise.week)
    if path.exists():
        before = decode_source(path)
        after = with_stub(before, stub, exercise.name)
        if after == before:
            forget_result(project, exercise)
            return None
        kept = keep_copy(path)
    else:
        after, kept = stub, None
    write_text(path, after)
    forget_result(project, exercise)
    return kept


def with_stub(text: str, stub: str, name: str) -> str:
    """A student's text with one function as the stub has it.

    Args:
        text: the student's module; it need not parse.
        stub: the week's untouched stub.
        name: the function.

    Raises:
        CourseError: the function is not in a text that does not parse.
    """
    lines, stub_lines = text.split("\n"), stub.split("\n")
    stub_tree = ast.parse(stub)
    fresh = _block(stub_tree, stub_lines, name)
    assert fresh is not None
    own = stub_lines[fresh[0] : fresh[1]]
    try:
        tree = parse_source(text, say("the module"))
    except SourceProblem as problem:
        place = _block_in_broken(lines, name)
        if place is None:
            raise CourseError(
                say(
                    "cannot find where {name} stands, because of {problem}\nMend that, or move the "
                    "file away: then the whole stub is written",
                    name=name,
                    problem=problem,
                )
            ) from None
    else:
        place = _block(tree, lines, name)
    if place is None:  # deleted: below what stands above it in the stub
        after = _end_of_those_before(tree, lines, stub_tree, name)
        lines[after:after] = ["", "", *own]
    else:
        lines[place[0] : place[1]] = own
    return "\n".join(lines).rstrip("\n") + "\n"


def _block(tree: ast.Module, lines: list[str], name: str) -> tuple[int, int] | None:
    """First line and end of the last definition of a name, as a slice of the lines."""
    for node in reversed(tree.body):
        if isinstance(node, Definition) and node.name == name:
            return first_line(node) - 1, last_line_with_comments(lines, node)
    return None


def _block_in_broken(lines: list[str], name: str) -> tuple[int, int] | None:
    heads = [
        number
        for number, line in enumerate(lines)
        if re.match(rf"(?:async )?def {re.escape(name)}\b", line)
    ]
    if not heads:
        return None
    start = end = heads[-1]
    while start and lines[start - 1].startswith("@"):
        start -= 1
    end += 1
    while end < len(lines) and not _BLOCK.match(lines[end]):
        end += 1
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return start, end


def _end_of_those_before(
    tree: ast.Module, lines: list[str], stub_tree: ast.Module, name: str
) -> int:
    """Behind which line of the student's text a function belongs that is not in it."""
    order = [node.name for node in stub_tree.body if isinstance(node, Definition)]
    before = set(order[: order.index(name)])
    ends = [
        last_line_with_comments(lines, node)
        for node in tree.body
        if isinstance(node, Definition) and node.name in before
    ]
    imports = [
        last_line_with_comments(lines, node)
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return max([*ends, *imports], default=len(lines))
