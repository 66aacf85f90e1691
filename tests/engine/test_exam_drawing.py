"""Exams are fair, repeatable, and differ from each other; their modules are complete."""

import ast
import builtins
import itertools
import os
import statistics
import subprocess
import sys
from collections import Counter
from random import Random

import pytest

from course.catalogue import find_exercises, read_catalogue
from course.errors import CourseError
from course.exam.bank import read_bank
from course.exam.drawing import CANDIDATES, SEEDS, draw_exam, draw_new_exam
from course.exam.mistakes import read_mistakes
from course.exam.modules import TaskModule, free_names
from course.exam.question import Answer
from course.exam.tasks import Pool, Task, find_topics, task_modules
from course.exam.workspace import workspace_files
from course.project import Project

PROJECT = Project.find()
CATALOGUE = read_catalogue(PROJECT)
POOL = Pool(PROJECT, *find_topics(CATALOGUE, []))
EXAMS = [draw_exam(POOL, seed, 60) for seed in range(40)]


def names(exam):
    return {task.name for task in exam.tasks}


def fingerprints(exam):
    return {task.fingerprint for task in exam.tasks}


# -- drawing ---------------------------------------------------------------------------------------


IN_ANOTHER_PROCESS = """
import sys
from course.catalogue import read_catalogue
from course.exam.drawing import draw_exam
from course.exam.tasks import Pool, find_topics
from course.exam.workspace import workspace_files
from course.project import Project
project = Project.find()
pool = Pool(project, *find_topics(read_catalogue(project), []))
for text in workspace_files(draw_exam(pool, 5, 60), 0.0).values():
    sys.stdout.buffer.write(text)
"""


def test_the_same_seed_gives_the_same_exam_in_any_process():
    printed = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        cwd=PROJECT.root,
        env=os.environ | {"PYTHONPATH": str(PROJECT.root), "PYTHONHASHSEED": "7"},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    assert printed == b"".join(workspace_files(EXAMS[5], 0.0).values())


def test_different_seeds_do_not_repeat_each_other():
    shared = [
        len(fingerprints(one) & fingerprints(other)) / min(len(one.tasks), len(other.tasks))
        for one, other in itertools.combinations(EXAMS, 2)
    ]
    assert statistics.mean(shared) < 0.03
    assert max(shared) < 0.4
    assert statistics.mean(share == 0 for share in shared) > 0.8


def test_without_a_seed_what_was_asked_before_is_avoided():
    rng, sat, repeated = Random(0), set(), 0
    for _ in range(6):
        exam = draw_new_exam(POOL, sat, 60, (), rng)
        repeated += len(fingerprints(exam) & sat)
        sat |= fingerprints(exam)
    assert repeated == 0


def test_of_several_seeds_the_one_that_repeats_least():
    known = set().union(*map(fingerprints, EXAMS))
    seeds = Random(1).sample(SEEDS, CANDIDATES)
    least = min(len(fingerprints(draw_exam(POOL, seed, 60)) & known) for seed in seeds)
    chosen = draw_new_exam(POOL, known, 60, (), Random(1))
    assert len(fingerprints(chosen) & known) == least


@pytest.mark.parametrize("minutes", [5, 20, 60, 180])
def test_the_time_is_used_and_kept(minutes):
    for seed in range(10):
        exam = draw_exam(POOL, seed, minutes)
        assert 0.75 * minutes <= sum(task.minutes for task in exam.tasks) <= minutes


def test_every_hour_has_all_kinds_and_spreads_topics_and_difficulty():
    for exam in EXAMS:
        kinds = Counter(task.kind for task in exam.tasks)
        assert min(kinds.values()) >= 1 and len(kinds) == 3 and kinds["question"] >= 4
        for kind in kinds:
            topics = Counter(task.topic for task in exam.tasks if task.kind == kind)
            assert max(topics.values()) - min(topics.values()) <= 1
        questions = [task for task in exam.tasks if task.kind == "question"]
        assert {task.difficulty for task in questions} == {1, 2, 3}


def test_every_topic_has_its_turn():
    drawn = Counter(task.topic for exam in EXAMS for task in exam.tasks if task.kind == "question")
    subjects = {task.topic for task in POOL.tasks if task.kind == "question"}
    assert set(drawn) == subjects
    assert max(drawn.values()) < 3 * min(drawn.values())
    weeks = Counter(task.topic for exam in EXAMS for task in exam.tasks if task.kind != "question")
    assert set(weeks) == set(CATALOGUE)


def test_no_task_gives_another_one_away():
    answers = {}
    for week in CATALOGUE.values():
        text = week.path.read_text(encoding="utf-8")
        for function, _ in find_exercises(ast.parse(text), week.name):
            source = ast.get_source_segment(text, function)
            answers[f"{week.name}.{function.name}"] = source.split('"""')[-1]
    for exam in EXAMS:
        given = "".join(task.module for task in exam.tasks)
        for task in exam.tasks:
            answer = answers.get(task.exercise, "")
            assert answer.count("\n") < 4 or answer not in given  # a line or two prove nothing


def test_topics():
    week, subject = find_topics(CATALOGUE, ["week04_sequences"]), find_topics(CATALOGUE, ["trees"])
    assert [found.name for found in week[0]] == ["week04_sequences"]
    assert "windows" in [found.name for found in week[1]]
    assert (subject[0], [found.name for found in subject[1]]) == ([], ["trees"])
    both = find_topics(CATALOGUE, ["week04"])[0]
    assert {found.name for found in both} >= {"week04_sequences", "week04_transfer"}
    with pytest.raises(CourseError, match="did you mean 'metrics'"):
        find_topics(CATALOGUE, ["metric"])


def test_an_exam_of_one_subject_asks_nothing_else():
    pool = Pool(PROJECT, *find_topics(CATALOGUE, ["trees"]))
    exam = draw_exam(pool, 1, 30, ["trees"])
    assert len(exam.tasks) == len(names(exam)) > 4
    assert {task.topic for task in exam.tasks} == {"trees"}


@pytest.mark.parametrize("week", CATALOGUE)
def test_every_week_finds_its_questions(week):
    assert any(subject.is_treated_in(CATALOGUE[week]) for subject in read_bank())


def test_tasks_survive_json():
    for task in EXAMS[0].tasks:
        assert Task.from_json(task.to_json()) == task


# -- modules ---------------------------------------------------------------------------------------


def undefined(text):
    return free_names([ast.parse(text)]) - set(dir(builtins)) - {"__name__"}


@pytest.mark.parametrize("week", CATALOGUE)
def test_modules_are_complete(week):
    """Every name is there, in all versions of all modules of a week."""
    mistakes = read_mistakes(PROJECT.misconceptions / f"{week}.py")
    for exercise, module in task_modules(PROJECT, CATALOGUE[week]).items():
        assert not undefined(module.stub()) and not undefined(module.solved())
        for mistake in mistakes:
            if mistake.exercise == exercise and mistake.fits(module):
                text = module.with_body(mistake.body)
                assert not undefined(text), f"{mistake.name}: {undefined(text)}"
                assert "#" not in mistake.body and mistake.says not in text


@pytest.mark.parametrize("week", CATALOGUE)
def test_most_misconceptions_can_be_asked_for(week):
    modules = task_modules(PROJECT, CATALOGUE[week])
    mistakes = read_mistakes(PROJECT.misconceptions / f"{week}.py")
    assert mistakes and any(mistake.fits(modules[mistake.exercise]) for mistake in mistakes)


SOLUTION = '''"""Week 1: sums.

More about it.
"""

import math
import time

import numpy as np

from course import exercise

SCALE = 2  # of everything


def shared(x):
    """A public helper."""
    return _hidden(x) * SCALE


def _hidden(x):
    return math.floor(x)


@exercise(points=1, difficulty=1, minutes=5, hints=("first",))
def first(x):
    """The first."""
    # why
    return shared(x) + _own(x)


def _own(x):
    return np.sum(x) + time.time()


@exercise(points=1, difficulty=1, minutes=5, hints=("second",))
def second(x):
    """The second."""
    shared = 3
    return first(x) + shared


@exercise(points=1, difficulty=1, minutes=5, hints=("third",))
def third(x):
    """The third."""
    return x


def main():
    print(second(1))
'''
GRADERS = """import pytest


@pytest.mark.exercise("third")
def test_as_the_first(submission):
    assert submission.third(1) == submission.first(1)
"""


def test_a_stub_keeps_what_may_be_used_and_hides_the_answer():
    assert TaskModule(SOLUTION, "week01_sums", "first").stub() == (
        '"""Week 1: sums."""\n\nimport math\nimport numpy as np\n\n\n'
        "SCALE = 2  # of everything\n\n\n"
        'def shared(x):\n    """A public helper."""\n    return _hidden(x) * SCALE\n\n\n'
        "def _hidden(x):\n    return math.floor(x)\n\n\n"
        'def first(x):\n    """The first."""\n'
        "    # TODO: your code here, in place of the next line.\n"
        '    raise NotImplementedError("first is still to be written")\n'
    )


def test_the_solved_module_has_the_answer_and_its_secrets():
    text = TaskModule(SOLUTION, "week01_sums", "first").solved()
    assert "    # why\n    return shared(x) + _own(x)\n" in text
    assert "def _own(x)" in text and "import time" in text and "@exercise" not in text


def test_other_exercises_that_are_built_upon_are_given():
    second = TaskModule(SOLUTION, "week01_sums", "second")
    assert second.given == {"first"}
    assert "return shared(x) + _own(x)" in second.stub() and "def main" not in second.stub()
    assert TaskModule(SOLUTION, "week01_sums", "third").given == set()
    assert TaskModule(SOLUTION, "week01_sums", "third", GRADERS).given == {"first"}


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ("return shared(x)", True),
        ("return [np.sum(i) for i in x] or (lambda y: y)(x)", True),
        ("return first(x) - 1", False),  # calls the answer
        ("return missing(x)", False),
    ],
)
def test_which_misconceptions_fit(tmp_path, body, fits):
    mark = '@misconception(exercise="first", rejected_by="c", says="No." " Never.")\n'
    path = tmp_path / "week01_sums.py"
    path.write_text(f"{mark}def wrong(x):\n    {body}\n")
    (mistake,) = read_mistakes(path)
    assert mistake.says == "No. Never."
    assert mistake.fits(TaskModule(SOLUTION, "week01_sums", "first")) is fits


@pytest.mark.parametrize("signature", ["x, right=shared", "y", "x=1", ""])
def test_a_misconception_with_another_signature_does_not_fit(tmp_path, signature):
    mark = '@misconception(exercise="first", rejected_by="c", says="No.")\n'
    (tmp_path / "week01_sums.py").write_text(f"{mark}def wrong({signature}):\n    return 1\n")
    (mistake,) = read_mistakes(tmp_path / "week01_sums.py")
    assert not mistake.fits(TaskModule(SOLUTION, "week01_sums", "first"))


# -- answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.25", 0.25), ("1/4", 0.25), ("25%", 0.25), ("2.5e-1", 0.25), ("+.25", 0.25), ("-3", -3.0)],
)
def test_numbers_that_are_understood(text, value):
    assert Answer((0.0,), decimals=2).parse(text) == (value,)


@pytest.mark.parametrize(
    "text", ["x", "", "1 2", "1,5", "nan", "inf", "1e999", "0x10", "1/0", "٣x"]
)
def test_numbers_that_are_not(text):
    with pytest.raises(CourseError, match="expected one number, rounded to 2 decimals"):
        Answer((0.0,), decimals=2).parse(text)


@pytest.mark.parametrize("text", ["(3, 4)", "3, 4", "3 4", "[3;4]", "3×4", "3,4"])
def test_several_numbers(text):
    assert Answer((3.0, 4.0)).parse(text) == (3.0, 4.0)


def test_choices():
    answer = Answer((1.0,), options=("yes", "no", "perhaps"))
    assert answer.parse(" B) ") == (1.0,) and answer.accepts((1.0,))
    for text in ("d", "no", "", "ab", "1"):
        with pytest.raises(CourseError, match="a letter from a to c"):
            answer.parse(text)


def test_tolerance_is_one_unit_of_the_last_decimal():
    answer = Answer((0.1234,), decimals=3)
    assert answer.accepts((0.123,)) and answer.accepts((0.124,))
    assert not answer.accepts((0.12,)) and not answer.accepts((0.126,))
    assert not Answer((12.0,)).accepts((12.4,))
