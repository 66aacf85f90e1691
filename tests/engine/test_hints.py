"""Hints come one at a time; the solution comes after an attempt."""

import pytest

from course.catalogue import read_catalogue, select
from course.errors import CourseError
from course.hints import is_attempted, next_hint, solution_text
from course.project import Project
from course.source import SourceProblem
from course.stubs import write_stubs

WEEK = '''"""Week 1: sums."""

from course import exercise

_OFFSET = 1


def _half(x):
    return x / 2


@exercise(points=1, difficulty=1, minutes=5, hints=("first", "second"))
def middle(a, b):
    """The middle."""
    # halves first
    return _half(a) + _half(b)


@exercise(points=1, difficulty=1, minutes=5, hints=("only",))
def successor(a):
    """One more."""
    return a + _OFFSET
'''


@pytest.fixture
def project(tmp_path):
    for part in ("solutions", "exercises", "course"):
        (tmp_path / part).mkdir()
    (tmp_path / "solutions" / "week01_sums.py").write_text(WEEK)
    project = Project(tmp_path)
    write_stubs(project, ["week01_sums"])
    return project


@pytest.fixture
def middle(project):
    return select(read_catalogue(project), ["week01_sums.middle"])[0]


def test_one_more_hint_each_time_then_the_last_again(project, middle):
    (other,) = select(read_catalogue(project), ["week01_sums.successor"])
    assert next_hint(project, middle) == "hint 1 of 2: first"
    assert next_hint(project, other) == "hint 1 of 1: only"
    assert next_hint(project, middle) == "hint 2 of 2: second"
    for _ in range(2):
        again = next_hint(project, middle)
        assert again.startswith("hint 2 of 2: second\n")
        assert "course solution week01_sums.middle" in again


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"\xff", b"[" * 100_000, b"null"]
    + [b'{"week01_sums.middle": %s}' % v for v in (b"-1", b"true", b'"2"', b"1.5", b"null")],
)
def test_a_spoilt_count_starts_again(project, middle, content):
    project.state.mkdir()
    (project.state / "hints.json").write_bytes(content)
    assert next_hint(project, middle) == "hint 1 of 2: first"
    assert next_hint(project, middle) == "hint 2 of 2: second"


def test_a_count_beyond_the_hints_gives_the_last(project, middle):
    project.state.mkdir()
    (project.state / "hints.json").write_text('{"week01_sums.middle": 99}')
    assert next_hint(project, middle).startswith("hint 2 of 2: second\n")


def test_a_count_that_cannot_be_kept_is_said(project, middle):
    project.state.write_text("a file where the directory should be")
    with pytest.raises(CourseError, match="cannot keep count of the hints"):
        next_hint(project, middle)


def test_no_solution_before_an_attempt(project, middle):
    assert not is_attempted(project, middle)
    with pytest.raises(CourseError, match=r"write a first try in exercises/week01_sums\.py"):
        solution_text(project, middle, attempted=False)


def test_the_solution_after_an_attempt_runs_by_itself(project, middle):
    assert solution_text(project, middle, attempted=True) == (
        "def _half(x):\n    return x / 2\n\n\n"
        'def middle(a, b):\n    """The middle."""\n'
        "    # halves first\n    return _half(a) + _half(b)\n"
    )


def test_an_attempt_is_seen_in_the_students_copy(project, middle):
    path = project.exercises / "week01_sums.py"
    path.write_text("def middle(a, b):\n    return a\n")
    assert is_attempted(project, middle)
    path.write_text("def other():\n    return 1\n")
    assert not is_attempted(project, middle)
    path.write_text("def middle(a, b)\n")
    with pytest.raises(SourceProblem, match=r"week01_sums\.py, line 1: expected ':'"):
        is_attempted(project, middle)
