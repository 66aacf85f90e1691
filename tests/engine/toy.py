"""A course of one small week, for tests that change or break it."""

from course.project import Project
from course.stubs import write_stubs

WEEK = "week01_toy"
RIGHT = (
    "def successor(number):\n    return number + 1\n\n\n"
    "def double(values):\n    return [2 * int(value) for value in values]\n"
)

SOLUTION = '''"""Week 1: a toy."""

import numpy as np

from course import exercise
from course.experiment import Experiment


@exercise(points=2, difficulty=1, minutes=1, hints=("Add.", "Add one."))
def successor(number):
    """The next number.

    Args:
        number: an int.
    """
    return number + 1


@exercise(points=1, difficulty=3, minutes=10, hints=("Twice.",))
def double(values):
    """Twice each value.

    Args:
        values: array of shape (n,).

    Returns:
        Array of shape (n,).
    """
    return 2 * np.asarray(values)


def main(arguments=None):
    """Adds and doubles."""
    with Experiment.from_arguments(__file__, arguments) as run:
        run.uses_data({"name": "numbers", "source": "embedded", "n": 3})
        total = float(double([successor(0), successor(1), successor(2)]).sum())
        run.row(model="sum", value=total)
        run.metric("sum", total, at_most=12.0)


if __name__ == "__main__":
    main()
'''

GRADER = '''"""Checks of the toy."""

import pytest

from course.grading import expect


@pytest.mark.exercise("successor")
def test_one_more(submission):
    """It is one more."""
    expect.number(submission.successor(4), 5)


@pytest.mark.exercise("successor")
def test_of_negative_numbers(submission):
    """Below zero as well."""
    expect.number(submission.successor(-7), -6)


@pytest.mark.exercise("double")
def test_any_values(submission, rng):
    """Any values are doubled."""
    values = rng.integers(1, 1_000_000, size=3)
    expect.equal(submission.double(values), 2 * values)
'''

MISCONCEPTIONS = '''"""Wrong answers to the toy."""

from course.misconception import misconception


@misconception(exercise="successor", rejected_by="one_more", says="That is the one before.")
def predecessor(number):
    return number - 1


@misconception(exercise="successor", rejected_by="of_negative_numbers", says="Mind the sign.")
def by_magnitude(number):
    return abs(number) + 1


@misconception(exercise="double", rejected_by="any_values", says="That is the square.")
def squared(values):
    return values * values
'''


def write_toy(root, solution=SOLUTION, grader=GRADER, misconceptions=MISCONCEPTIONS):
    """Writes a checkout without an engine; `exercises/` holds the untouched stub.

    Returns:
        The Project.
    """
    project = Project(root)
    (root / "course").mkdir(
        parents=True
    )  # by which a checkout is known; the engine is the installed one
    for folder, text in (
        (project.solutions, solution),
        (project.graders, grader),
        (project.misconceptions, misconceptions),
    ):
        folder.mkdir(parents=True)
        (folder / f"{WEEK}.py").write_text(text, encoding="utf-8")
    project.exercises.mkdir()
    for folder in (project.solutions, project.exercises):
        (folder / "__init__.py").write_text("from course import lazy\n\nlazy.install()\n")
    write_stubs(project, [WEEK])
    return project
