"""The stubs are those of today's solutions, and the graders judge as their authors claim."""

import pytest

from course.authoring import examine
from course.catalogue import read_catalogue, select
from course.grading.diagnosis import load_misconceptions
from course.project import Project
from course.sandbox.launcher import Sandbox
from course.source import attempted, read_source
from course.stubs import make_stub, stale_stubs

PROJECT = Project.find()
CATALOGUE = read_catalogue(PROJECT)

SOLUTION = '''"""Week 1: a toy."""

import numpy as np

from course import exercise


@exercise(points=2, difficulty=1, minutes=1, hints=("Add one.",))
def successor(number):
    """The next number.

    Args:
        number: an int.
    """
    return number + 1
'''

GRADER = '''
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
'''

BY_MAGNITUDE = """"of_negative_numbers", says="Mind the sign.")
def by_magnitude(number):
    return abs(number) + 1
"""

# As wrong as `predecessor`, so a student's answer would be taken for that.
TWIN = """"one_more", says="Mind the sign.")
def by_magnitude(number):
    return number - 1
"""

MISCONCEPTIONS = """
from course.misconception import misconception


@misconception(exercise="successor", rejected_by="one_more", says="That is the one before.")
def predecessor(number):
    return number - 1


@misconception(exercise="successor", rejected_by="of_negative_numbers", says="Mind the sign.")
def by_magnitude(number):
    return abs(number) + 1
"""


@pytest.mark.parametrize("week", CATALOGUE)
def test_stubs_are_up_to_date(week):
    names = [exercise.name for exercise in CATALOGUE[week].exercises]
    path = PROJECT.exercises / f"{week}.py"
    if path.exists() and attempted(read_source(path), names):
        pytest.skip(f"{path.name} is being worked on")
    assert week not in stale_stubs(PROJECT), "run course authoring stubs"


@pytest.mark.parametrize("exercise", select(CATALOGUE, []), ids=lambda exercise: exercise.id)
def test_graders_judge_rightly(exercise, sandbox):
    problems = [
        f"expected that {finding.claim}:\n{finding.problem}"
        for finding in examine(PROJECT, [exercise], sandbox)
        if finding.problem
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("week", CATALOGUE)
def test_every_exercise_has_misconceptions(week):
    wrong = load_misconceptions(PROJECT.misconceptions / f"{week}.py")
    names = {exercise.name for exercise in CATALOGUE[week].exercises}
    assert {one.exercise for one in wrong} == names


def test_a_good_grader_has_no_finding(tmp_path, sandbox):
    assert findings(tmp_path, sandbox) == []


@pytest.mark.parametrize(
    ("part", "old", "new", "claim"),
    [
        ("grader", "submission.successor(4), 5", "5, 5", "`return None` alone earns nothing"),
        ("grader", "submission.successor(4), 5", "submission.successor(4), 4", "solution passes"),
        ("misconceptions", "number - 1", "number + 1", "predecessor is rejected by one_more"),
        ("misconceptions", '"one_more"', '"nothing"', "predecessor is rejected by nothing"),
        ("misconceptions", BY_MAGNITUDE, TWIN, "by_magnitude is rejected by one_more"),
        ("misconceptions", 'exercise="successor"', 'exercise="sucessor"', "has an exercise"),
        ("solution", "return number + 1", "...", "the solution passes"),
    ],
)
def test_a_planted_fault_is_found(tmp_path, sandbox, part, old, new, claim):
    texts = {"solution": SOLUTION, "grader": GRADER, "misconceptions": MISCONCEPTIONS}
    assert old in texts[part]
    texts[part] = texts[part].replace(old, new, 1)
    assert any(claim in finding for finding in findings(tmp_path, sandbox, **texts))


def findings(root, sandbox, solution=SOLUTION, grader=GRADER, misconceptions=MISCONCEPTIONS):
    """What is wrong with a course of one exercise."""
    project = Project(root)
    for folder, text in (
        (project.solutions, solution),
        (project.exercises, make_stub(solution, "week01_toy")),
        (project.graders, grader),
        (project.misconceptions, misconceptions),
    ):
        folder.mkdir(parents=True)
        (folder / "week01_toy.py").write_text(text, encoding="utf-8")
    found = examine(project, select(read_catalogue(project), []), sandbox)
    return [finding.claim for finding in found if finding.problem]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox
