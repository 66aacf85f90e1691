"""The Python code of a Jupyter notebook. Outputs and everything else are left out."""

from __future__ import annotations

import json
import re

from course.classroom.containers import RefusedError, printable
from course.language import say
from course.source import MAX_BYTES, SourceProblem, parse_source

# Lines of IPython's own; `%time x = f()` holds a statement that counts.
_MAGIC = re.compile(r"^(\s*)(?:[%!?]|\w[\w, ]*=\s*[%!]|.*\?\s*$)")
_TIMED = re.compile(r"^(\s*)%time(?:it)?\s+(?:-\w\s*\d*\s+)*(\S.*)$")
_KEPT_CELLS = ("%%time", "%%timeit", "%%capture")
# A cell is parsed once for each magic in it, but not for minutes.
_MAX_STEPS, _MAX_PARSED = 20, 2**20


def notebook_code(data: bytes, name: str) -> tuple[str, list[str]]:
    """Joins a notebook's code cells to a module.

    Args:
        data: the `.ipynb` file.
        name: how to call it.

    Returns:
        The module's text, and notes on cells that were left out.

    Raises:
        RefusedError: this is no Python notebook.
    """
    cells = _code_cells(data, name)
    if sum(len(source) for _, source in cells) > MAX_BYTES:
        raise RefusedError(
            say("{file} holds more than {n} kB of code", file=name, n=MAX_BYTES // 1024)
        )
    parts, notes = [], []
    for number, source in cells:
        code = _without_magics(source)
        if problem := _problem(code):
            notes.append(
                say(
                    "{file}: code cell {n} is not Python and was left out: {problem}",
                    file=name,
                    n=number,
                    problem=problem,
                )
            )
        else:
            parts.append(f"# code cell {number}\n{code.rstrip()}\n")
    return "\n\n".join(parts), notes


def _code_cells(data: bytes, name: str) -> list[tuple[int, str]]:
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise RefusedError(
            say("{file} is no notebook: it cannot be read as JSON", file=name)
        ) from None
    try:
        language = notebook.get("metadata", {}).get("language_info", {}).get("name", "python")
        # Notebooks of format 3, before 2015, have their cells in worksheets.
        cells = notebook.get("cells") or notebook["worksheets"][0]["cells"]
        code = [cell for cell in cells if cell.get("cell_type") == "code"]
        sources = [cell.get("source", cell.get("input", "")) for cell in code]
        texts = [source if isinstance(source, str) else "".join(source) for source in sources]
    except (AttributeError, TypeError, KeyError, IndexError):
        raise RefusedError(say("{file} is no notebook: it has no cells", file=name)) from None
    if str(language).lower() not in ("python", "ipython"):
        raise RefusedError(
            say(
                "{file} is a notebook in {language}, not in Python",
                file=name,
                language=printable(str(language)),
            )
        )
    return [(number, text) for number, text in enumerate(texts, start=1) if text.strip()]


def _without_magics(source: str) -> str:
    """A cell's code without magics and shell lines. Whatever is Python stays as it is."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    head, _, rest = source.lstrip().partition("\n")
    if head.startswith("%%"):
        return _without_magics(rest) if head.split()[0] in _KEPT_CELLS else ""
    lines = source.split("\n")
    # Only a line that Python stumbles over is a magic: a string may well hold one that looks so.
    for _ in range(min(_MAX_STEPS, 3 + _MAX_PARSED // (1 + len(source)))):
        problem = _problem("\n".join(lines))
        line = problem.line if problem else None
        if not line or line > len(lines) or not _MAGIC.match(lines[line - 1]):
            return "\n".join(lines)
        lines[line - 1] = _replaced(lines[line - 1])
    return "\n".join(_replaced(line) if _MAGIC.match(line) else line for line in lines)


def _replaced(line: str) -> str:
    if timed := _TIMED.match(line):
        return f"{timed[1]}{timed[2]}"
    return re.sub(r"\S.*", "pass", line, count=1)


def _problem(code: str) -> SourceProblem | None:
    try:
        parse_source(code, say("the cell"))
    except SourceProblem as problem:
        return problem
    return None
