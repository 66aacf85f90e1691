"""Submissions from strangers: each gets what it deserves, and nothing of it stays.

Those in `hostile/` say in their docstring how each check of `split_sequence` must end, and what the
message must contain. Those in `honest/` are right.
"""

import ast
import contextlib
import re
import sys
from pathlib import Path

import pytest

from course.grading import plugin, submission
from course.project import Project
from course.sandbox.supervisor import Limits

HERE = Path(__file__).parent
HONEST = sorted((HERE / "honest").glob("*.py"))
HOSTILE = sorted((HERE / "hostile").glob("*.py"))
RIGHT = HERE / "honest" / "array.py"
SHORT = 0.25  # seconds
LIMITS = Limits(memory_mb=200, processes=80, output_mb=150, disk_mb=32)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the hostile ones know only Linux")


def expectation(path, key):
    """What a hostile submission's docstring says under a key."""
    found = re.search(rf"^{key}: (.*)$", ast.get_docstring(ast.parse(path.read_text())), re.M)
    return found.group(1) if found else ""


def needs_walls(path):
    return "needs walls" in path.read_text()


@pytest.fixture
def hand_in(tmp_path):
    """Writes a submission and returns its folder."""

    def hand_in(content, **more):
        folder = tmp_path / "s001"
        folder.mkdir(exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        (folder / "week04_sequences.py").write_bytes(data)
        (folder / "right.py").write_text(RIGHT.read_text())
        for name, text in more.items():
            (folder / f"{name}.py").write_text(text)
        return folder

    return hand_in


@contextlib.contextmanager
def impatience():
    """Graders wait less than they do for students."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugin, "DEFAULT_SECONDS", SHORT)
        patch.setattr(submission, "LOAD_SECONDS", SHORT)
        yield


def statuses(report):
    return {check.status for check in report.checks}


def assert_full_marks(report):
    assert statuses(report) == {"passed"}, report.checks
    assert report.score == report.max_score == 3


@pytest.mark.parametrize("path", HONEST, ids=lambda path: path.stem)
def test_right_answers_pass_whatever_their_style(bench, hand_in, path):
    assert_full_marks(bench.grade(hand_in(path.read_text())))


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_hostile_submission(bench, hand_in, path):
    if needs_walls(path) and not bench.sandbox.confined:
        pytest.skip("only walls keep this one in")
    outcomes = expectation(path, "outcome").split(" or ")
    folder = hand_in(path.read_text())
    files = sorted(folder.iterdir())
    with impatience() if "timeout" in outcomes else contextlib.nullcontext():
        report = bench.grade(folder)
    assert statuses(report) <= set(outcomes), report.checks
    assert len(report.checks) == 4
    assert report.max_score == 3
    assert report.score == (3 if outcomes == ["passed"] else 0)
    for check in report.checks:
        assert len(check.message) < 3_000
    line = report.checks[0].message.partition("\n")[0]  # the one that an instructor reads
    assert expectation(path, "says") in line
    assert line.isprintable()
    assert bool(line) != (report.checks[0].status == "passed")
    assert not bench.left_behind()
    assert sorted(folder.iterdir()) == files
    assert_full_marks(bench.grade(hand_in(RIGHT.read_text())))


def test_stub_is_unattempted(bench, hand_in):
    stub = Project.find().exercises / "week04_sequences.py"
    report = bench.grade(hand_in(stub.read_text()))
    assert statuses(report) == {"unattempted"}
    assert report.score == 0


UNREADABLE = {
    "syntax error": (
        "def split_sequence(sequence, n_steps):\n    return sequence[\n",
        ["week04_sequences.py, line 2", "return sequence["],
    ),
    "not UTF-8": ("# 창문\nx = 1\n".encode("cp949"), ["line 1", "is not utf-8", "save the file"]),
    "binary": (b"\x7fELF\0\0", ["NUL byte"]),
    "empty": (b"", ["expected a function `split_sequence`"]),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_text_that_is_no_answer(bench, hand_in, name):
    content, words = UNREADABLE[name]
    report = bench.grade(hand_in(content))
    assert statuses(report) == {"failed"}
    assert report.score == 0
    for word in words:
        assert word in report.checks[0].message


def test_coding_line_is_honoured(bench, hand_in):
    text = "# coding: cp949\n# 창문\n" + RIGHT.read_text()
    assert_full_marks(bench.grade(hand_in(text.encode("cp949"))))


def test_modules_named_like_libraries_change_nothing(bench, hand_in):
    lies = "def __getattr__(name):\n    return lambda *args, **kwargs: True\n"
    names = ("numpy", "keras", "pytest", "conftest", "json", "sitecustomize", "course")
    assert_full_marks(bench.grade(hand_in(RIGHT.read_text(), **dict.fromkeys(names, lies))))
    wrong = "def split_sequence(sequence, n_steps):\n    return [], []\n"
    assert bench.grade(hand_in(wrong, **dict.fromkeys(names, lies))).score == 0


def test_answers_sent_ahead_earn_what_returning_them_would(bench, hand_in):
    known = "[[0, 1, 2], [1, 2, 3], [2, 3, 4]], [3, 4, 5]"
    returned = f"def split_sequence(sequence, n_steps):\n    return {known}\n"
    forged = (HERE / "hostile" / "forged_answers.py").read_text()
    sent = forged.replace('{"status": "passed"}', f"({known})")
    assert sent != forged
    scores = [bench.grade(hand_in(text)).score for text in (returned, sent)]
    assert scores == [0.75, 0.75]


def test_a_missing_file_fails(bench, hand_in):
    folder = hand_in("")
    (folder / "week04_sequences.py").unlink()
    report = bench.grade(folder)
    assert statuses(report) == {"failed"}
    assert "week04_sequences.py is missing" in report.checks[0].message
