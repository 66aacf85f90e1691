"""Reading the text of a module that a student wrote, without running it.

The text is hostile until shown otherwise: whatever it holds, what comes out is the text, a set of
names, or a SourceProblem whose message the student can act on.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path

from course.errors import CourseError
from course.language import say

# Python's parser needs seconds and gigabytes for some texts of a megabyte. Modules that people
# write have a few dozen kilobytes.
MAX_BYTES = 256 * 1024
# `import a.a.a…` costs the parser memory that grows with the square of the number of dots.
_ENDLESS_NAME = re.compile(r"(?:\.[\s\\]*[0-9A-Za-z_\x80-\U0010ffff]+[\s\\]*){200}", re.ASCII)
# These decoders are quadratic, and nobody writes source in them.
_REFUSED_ENCODINGS = ("idna", "punycode")
_SHOWN_WIDTH = 100


class SourceProblem(CourseError):
    """A file that cannot be read as Python source; the message is meant for its author.

    Attributes:
        line: where Python stumbles, if that is known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def read_source(path: Path) -> str:
    """Reads a Python file as `decode_source` does; its text is known to parse.

    Raises:
        SourceProblem: When there is no such file, or it is not Python source of bearable size.
    """
    text = decode_source(path)
    parse_source(text, _printable(path.name))
    return text


def decode_source(path: Path) -> str:
    """Reads a Python file, honouring its byte order mark and its PEP 263 coding line.

    Args:
        path: The file.

    Returns:
        Its text with `\\n` line ends.

    Raises:
        SourceProblem: When there is no such file, or it is no text of bearable size.
    """
    name = _printable(path.name)
    data = _read_bytes(path, name)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SourceProblem(
            say("{file} is saved as UTF-16; save the file again as UTF-8 text", file=name)
        )
    if b"\0" in data:
        line = _line_of(data, data.index(b"\0"))
        raise SourceProblem(
            say(
                "{file}, line {line}: a NUL byte, so this is no text; save the file again as UTF-8 "
                "text",
                file=name,
                line=line,
            )
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = _decode(data, name)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_source(text: str, filename: str) -> ast.Module:
    """Parses source text, turning every way in which that can fail into one error.

    Args:
        text: The source text.
        filename: How messages call it.

    Raises:
        SourceProblem: When Python cannot parse it.
    """
    if len(text) > MAX_BYTES:
        raise SourceProblem(_too_large(filename))
    if endless := _ENDLESS_NAME.search(text):
        line = text.count("\n", 0, endless.start()) + 1
        raise SourceProblem(
            say(
                "{file}, line {line}: a name with 200 dots or more; shorten it",
                file=filename,
                line=line,
            )
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, filename)
    except SyntaxError as error:
        raise SourceProblem(_describe(error, text, filename), error.lineno) from None
    except (RecursionError, MemoryError):
        raise SourceProblem(
            say(
                "{file}: an expression or block is nested too deeply for Python; split it up",
                file=filename,
            )
        ) from None
    except (ValueError, OverflowError, SystemError) as error:
        raise SourceProblem(
            say(
                "{file}: Python cannot read it: {error}",
                file=filename,
                error=_printable(str(error)),
            )
        ) from None


def unattempted(
    source: str, exercise_names: Collection[str], filename: str = "the module"
) -> set[str]:
    """Which exercises are still stubs.

    A stub is a top-level function whose body holds nothing but a docstring, `pass`, `...` and
    `raise NotImplementedError`. A function that is missing is not a stub.

    Args:
        source: A student's source text.
        exercise_names: The functions asked for.
        filename: How messages call the source.

    Raises:
        SourceProblem: When the text does not parse.
    """
    bindings = _bindings(parse_source(source, filename))
    return {name for name in exercise_names if name in bindings and _is_stub(bindings[name])}


def attempted(
    source: str, exercise_names: Collection[str], filename: str = "the module"
) -> set[str]:
    """Which exercises are bound at the top level to something else than a stub.

    Arguments and errors are those of `unattempted`; a missing function is in neither set.
    """
    bindings = _bindings(parse_source(source, filename))
    return {name for name in exercise_names if name in bindings and not _is_stub(bindings[name])}


def defined_names(source: str) -> set[str]:
    """The names that a module's top level binds.

    Raises:
        SourceProblem: When the text does not parse.
    """
    return set(_bindings(parse_source(source, say("the module"))))


def _bindings(tree: ast.Module) -> dict[str, ast.stmt]:
    """What each top-level name is bound to in the end."""
    return {name: statement for statement in tree.body for name in bound_names(statement)}


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """The names that a definition, plain assignment or import binds."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Assign():
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)


def _is_stub(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and all(
        map(_is_placeholder, statement.body)
    )


def _is_placeholder(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.Expr(value=ast.Constant(value=value)):
            return value is ...
        case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))):
            return name == "NotImplementedError"
    return False


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise SourceProblem(say("{file} is a directory; expected a Python file", file=name))
        if path.exists() and not path.is_file():  # opening a pipe would wait for ever
            raise SourceProblem(
                say("{file} is not a regular file; expected a Python file", file=name)
            )
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        where = _printable(path.parent.name)
        raise SourceProblem(
            say("{file} is missing; expected it in {folder}/", file=name, folder=where)
        ) from None
    except OSError as error:
        raise SourceProblem(
            say("{file} cannot be read: {why}", file=name, why=error.strerror)
        ) from None
    if len(data) > MAX_BYTES:
        raise SourceProblem(_too_large(name))
    return data


def _too_large(filename: str) -> str:
    return say(
        "{file} is larger than {n} kB; "
        "a module holds code only, so move data into files of its own",
        file=filename,
        n=MAX_BYTES // 1024,
    )


def _decode(data: bytes, filename: str) -> str:
    encoding, declaration_error = "utf-8", None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        declaration_error = error.msg
    if codecs.lookup(encoding).name in _REFUSED_ENCODINGS:
        declaration_error = say("unusable encoding: {encoding}", encoding=encoding)
        encoding = "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceProblem(
            say(
                "{file}, line {line}: byte {byte} is not {encoding}; save the file again as UTF-8 "
                "text",
                file=filename,
                line=_line_of(data, error.start),
                byte=f"0x{data[error.start]:02x}",
                encoding=_printable(encoding),
            )
        ) from None
    except (UnicodeError, LookupError) as error:
        declaration_error = str(error)
    if declaration_error is not None:
        raise SourceProblem(
            say(
                "{file}: its coding line does not fit ({why}); remove that line and save the file "
                "again as UTF-8 text",
                file=filename,
                why=_printable(declaration_error),
            )
        )
    return text


def _line_of(data: bytes, index: int) -> int:
    return len(data[: index + 1].splitlines())


def _describe(error: SyntaxError, text: str, filename: str) -> str:
    """Where the error is, what Python said, and the line with a caret below."""
    said = _printable(error.msg)
    lines = re.split(r"\r\n|\r|\n", text)
    if not error.lineno or error.lineno > len(lines):
        return f"{filename}: {said}"
    line, column = lines[error.lineno - 1].replace("\t", " "), max(error.offset or 1, 1)
    indent = len(line) - len(line.lstrip())
    start = indent if column - indent < _SHOWN_WIDTH else column - _SHOWN_WIDTH // 2
    shown = _printable(line[start : start + _SHOWN_WIDTH].rstrip())
    message = say("{file}, line {line}: {said}", file=filename, line=error.lineno, said=said)
    if not shown:
        return message
    return f"{message}\n    {shown}\n    {' ' * max(column - 1 - start, 0)}^"


def _printable(text: str) -> str:
    """Bounded, and without what could steer the terminal that shows it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:200])
