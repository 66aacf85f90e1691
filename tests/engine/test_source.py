"""Reading hostile source text ends in the text or in a message, never in anything else."""

import os
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.source import (
    MAX_BYTES,
    SourceProblem,
    attempted,
    parse_source,
    read_source,
    unattempted,
)

WORDS = ["def", "class", "import", "pass", "return", "...", "raise", "NotImplementedError", "f"]
SIGNS = ["\n", " ", "    ", "(", ")", "=", ":", "'", '"""', "\\", "#", "f'{", "}", "\0", "é", "\f"]
SOME_PYTHON = st.lists(st.sampled_from(WORDS + SIGNS)).map("".join)


@pytest.fixture
def write(tmp_path):
    """Writes bytes or text to `week.py` and returns its path."""

    def write(content):
        path = tmp_path / "week.py"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def problem(path):
    with pytest.raises(SourceProblem) as caught:
        read_source(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"x = 1\r\ny = 2\r", "x = 1\ny = 2\n"),
        (b"\xef\xbb\xbfx = 'caf\xc3\xa9'\n", "x = 'café'\n"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        (
            b"#!x\n# vim: set fileencoding=cp1252 :\n'\x80'\n",
            "#!x\n# vim: set fileencoding=cp1252 :\n'€'\n",
        ),
        (rb"x = '\d'" + b"\n", "x = '\\d'\n"),  # an invalid escape warns; here nobody hears it
    ],
)
def test_source_is_decoded_as_python_does(write, data, text):
    assert read_source(write(data)) == text


def test_a_syntax_error_shows_file_line_text_and_place(write):
    assert problem(write("import os\n\ndef f(:\n    pass\n")).splitlines() == [
        "week.py, line 3: invalid syntax",
        "    def f(:",
        "          ^",
    ]


def test_the_caret_fits_a_line_indented_with_tabs(write):
    _, shown, caret = problem(write("def f():\n\tx = 1 +* 2\n")).splitlines()
    assert shown[caret.index("^")] == "*"


def test_a_long_line_is_shown_around_the_error(write):
    message = problem(write("x = [" + "1, " * 5000 + "$, " + "1, " * 5000 + "]\n"))
    _, shown, caret = message.splitlines()
    assert len(message) < 400
    assert shown[caret.index("^")] == "$"


def test_a_message_cannot_steer_the_terminal(write):
    assert "\x1b" not in problem(write("x = \x1b[2J 1\n"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x = 1\ny = '\xe9'\n", "week.py, line 2: byte 0xe9 is not utf-8; save"),
        (b"a\nb\nc\n'\xff'\n", "week.py, line 4: byte 0xff is not utf-8; save"),
        (b"# coding: ascii\n'\xe9'\n", "line 2: byte 0xe9 is not ascii"),
        (b"x = 1\n\0\n", "week.py, line 2: a NUL byte"),
        ("x = 1\n".encode("utf-16"), "is saved as UTF-16; save"),
        (b"# coding: klingon\n", "does not fit (unknown encoding"),
        (b"# coding: hex\n", "does not fit ('hex' is not a text encoding"),
        (b"# coding: undefined\nx = 1\n", "undefined encoding"),
        (b"# coding: punycode\n", "does not fit (unusable encoding: punycode"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "does not fit (encoding problem"),
        (b"def f():\n", "week.py, line 1: expected an indented block"),
        (b"if x:\n\ty\n        z\n", "week.py, line 3: inconsistent use of tabs"),
        (b"x" * (MAX_BYTES + 1), f"larger than {MAX_BYTES // 1024} kB"),
    ],
)
def test_what_is_no_source_is_named(write, data, expected):
    assert expected in problem(write(data))


def test_what_is_no_file_is_named(tmp_path):
    assert "week.py is missing; expected it in" in problem(tmp_path / "week.py")
    assert "is a directory" in problem(tmp_path)
    assert "cannot be read" in problem(tmp_path / ("x" * 5000))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in the file system")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "week.py")
    assert "not a regular file" in problem(tmp_path / "week.py")


@pytest.mark.parametrize(
    "text",
    [
        "-" * 100_000 + "1",
        "(" * 100_000,
        "x" + ".x" * 50_000,
        "1" + "+1" * 50_000,
        "x" + "()" * 50_000,
        "".join(" " * i + "if x:\n" for i in range(200)),
        "if x:\n pass\n" + "elif x:\n pass\n" * 10_000,
        "9" * 10_000,
        "import x" + ".x" * 100_000,
        "import x" + "\\\n.é̂" * 20_000,
        "'\ud800'",
        "x\0",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_what_overwhelms_the_parser_is_a_problem_of_the_source(text):
    with pytest.raises(SourceProblem):
        parse_source(text, "week.py")


def test_decimal_fractions_are_not_taken_for_an_endless_name():
    parse_source(f"x = [{'0.5,1.5,' * 5000}]", "week.py")


@given(st.text() | SOME_PYTHON)
def test_any_text_has_an_answer_or_a_problem(text):
    try:
        stubs, written = unattempted(text, ["f"]), attempted(text, ["f"])
    except SourceProblem as found:
        assert str(found).startswith("the module")
    else:
        assert len(stubs) + len(written) <= 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | SOME_PYTHON.map(str.encode) | st.binary().map(b"# coding: cp1252\n".__add__))
def test_any_bytes_are_source_or_a_problem(tmp_path, data):
    path = tmp_path / "week.py"
    path.write_bytes(data)
    try:
        text = read_source(path)
    except CourseError as found:
        assert isinstance(found, SourceProblem)
    else:
        parse_source(text, "week.py")


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "...",
        '"""Doc."""',
        "raise NotImplementedError",
        '"""Doc."""\n    raise NotImplementedError("x")',
    ],
)
def test_a_body_without_work_is_a_stub(body):
    source = f"def f(x):\n    {body}\n"
    assert unattempted(source, ["f", "g"]) == {"f"}
    assert attempted(source, ["f", "g"]) == set()


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return x\n",
        "def f(x):\n    x = 1\n    raise NotImplementedError\n",
        "def f(x):\n    raise ValueError\n",
        "def f(x):\n    raise\n",
        "def f(x):\n    0\n",
        "f = lambda x: x\n",
        "f: object = len\n",
        "import numpy as f\n",
        "class f:\n    pass\n",
        "def f(x):\n    pass\ndef f(x):\n    return x\n",
        "def f(x):\n    pass\nf = len\n",
    ],
)
def test_anything_else_is_an_attempt(source):
    assert unattempted(source, ["f", "g"]) == set()
    assert attempted(source, ["f", "g"]) == {"f"}


def test_a_stub_elsewhere_does_not_count():
    source = (
        "class A:\n    def f(self):\n        pass\n"
        "def g():\n    def f():\n        pass\n    return f\n"
    )
    assert unattempted(source, ["f", "g"]) == set()
    assert attempted(source, ["f", "g"]) == {"g"}
