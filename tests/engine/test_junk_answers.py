"""Whatever an exercise returns, its checks end in `failed`, never in an error of the grader."""

import pytest

from course.catalogue import read_catalogue
from course.project import Project

WEEK = "week04_sequences"
EXERCISES = [
    exercise
    for week in read_catalogue(Project.find()).values()
    for exercise in week.exercises
    if week.name == WEEK and not exercise.uses
]

JUNK = [
    "None",
    "...",
    "True",
    "-1",
    "0.0",
    "1e308",
    "float('nan')",
    "float('inf')",
    "3 + 4j",
    "10**6000",
    "2**63",
    "-(2**63)",
    "''",
    "'0'",
    "b'\\x00'",
    "[]",
    "()",
    "{}",
    "{'X': [0], 'y': [0]}",
    "{1, 2}",
    "object()",
    "int",
    "print",
    "np",
    "np.ma.masked",
    "range(3)",
    "iter([0.0])",
    "[None, None, None]",
    "[[0, 1, 2], [1, 2], [2]]",
    "[np.zeros(2), np.zeros((2, 2)), 'x']",
    "[object(), 1.0, 2.0]",
    "[10**400] * 3",
    "[[[[[[[[[[0.0]]]]]]]]]]",
    "['0', '1', '2']",
    "np.float64(3)",
    "np.array(3.0)",
    "np.array([], 'float32')",
    "np.zeros((0, 7, 0))",
    "np.zeros((3, 0))",
    "np.zeros((1,) * 20)",
    "np.ones((3, 3), bool)",
    "np.full((3, 3), -(2**63))",
    "np.full((3, 3), 2**64 - 1, 'uint64')",
    "np.full(3, np.inf, 'float16')",
    "np.full(3, np.longdouble('1e4000'))",
    "np.zeros((3, 3), complex)",
    "np.array(['0', '1'])",
    "np.array([None, [1]], object)",
    "np.array(['2020-01-01'], 'datetime64[D]')",
    "np.zeros(3, [('a', float)])",
    "np.ma.array([1.0, 2.0], mask=[True, False])",
    "np.matrix([[0.0]])",
]
DEPENDENT = ["args[0]", "args", "args[0], args[0]", "[args[0]] * 3", "kwargs"]
PARTS = {"split_by_time": 3, "naive_forecast": 1, "mean_absolute_scaled_error": 1}  # else 2

# It is the graders that are tried here, and they do not see the walls.
pytestmark = pytest.mark.parametrize("bench", ["unconfined"], indirect=True)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_fails(bench, tmp_path, junk):
    assert_all_fail(bench, tmp_path, {exercise.name: junk for exercise in EXERCISES})


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_the_right_places_fails(bench, tmp_path, junk):
    parts = {exercise.name: PARTS.get(exercise.name, 2) for exercise in EXERCISES}
    wrapped = {name: ", ".join([junk] * count) for name, count in parts.items()}
    assert_all_fail(bench, tmp_path, wrapped)


@pytest.mark.parametrize("expression", [*DEPENDENT, "[][0]", "int('an error for everything')"])
def test_one_answer_to_everything_fails(bench, tmp_path, expression):
    assert_all_fail(bench, tmp_path, {exercise.name: expression for exercise in EXERCISES})


def assert_all_fail(bench, folder, expressions):
    """No check passes, or breaks, when each exercise returns its expression."""
    functions = [
        f"def {name}(*args, **kwargs):\n    return {expression}\n"
        for name, expression in expressions.items()
    ]
    (folder / f"{WEEK}.py").write_text("\n\n".join(["import numpy as np\n", *functions]))
    report = bench.grade(folder, *(exercise.id for exercise in EXERCISES))
    problems = [check for check in report.checks if check.status != "failed"]
    assert not problems
    assert report.score == 0
    assert report.max_score == sum(exercise.points for exercise in EXERCISES)
    for check in report.checks:
        assert check.message.strip()
        assert len(check.message) < 3_000
