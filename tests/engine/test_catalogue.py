"""Finding the checkout, reading its catalogue, and naming exercises of it."""

import subprocess
import sys
from pathlib import Path

import pytest

import course
from course import exercise
from course.catalogue import Exercise, find_week, read_catalogue, select
from course.errors import CourseError
from course.project import Project, write_text

DECORATOR = '@exercise(points=2, difficulty=1, minutes=5, hints=("look", "closer"))'
FUNCTION = '''def add(a, b: int = 2, *, c=None) -> int:
    """Adds.

    Args: a, b.
    """
    return a + b
'''
WEEK = f'"""Week 1: sums.\n\nMore.\n"""\n\nfrom course import exercise\n\n\n{DECORATOR}\n{FUNCTION}'


@pytest.fixture
def project(tmp_path):
    for part in ("solutions", "exercises", "course"):
        (tmp_path / part).mkdir()
    return Project(tmp_path)


@pytest.fixture
def catalogue(project):
    second = (
        WEEK.replace("add", "subtract") + f"\n\n{DECORATOR}\n{FUNCTION.replace('add', 'divide')}"
    )
    (project.solutions / "week02_rests.py").write_text(second)
    (project.solutions / "week01_sums.py").write_text(WEEK)
    (project.solutions / "__init__.py").write_text("1 +")
    return read_catalogue(project)


def ids(exercises):
    return [exercise.id for exercise in exercises]


def test_the_checkout_is_found_from_below(project, monkeypatch):
    below = project.solutions / "deep" / "er"
    below.mkdir(parents=True)
    assert Project.find(below).root == project.root.resolve()
    monkeypatch.chdir(below)
    assert Project.find().root == project.root.resolve()


def test_elsewhere_the_checkout_of_the_package_is_used(tmp_path):
    assert Project.find(tmp_path).root == Path(course.__file__).resolve().parent.parent


def test_without_a_checkout_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "__file__", str(tmp_path / "site-packages" / "course" / "x.py"))
    with pytest.raises(CourseError, match=r"expected .* solutions/, exercises/, course/.*`cd`"):
        Project.find(tmp_path)


def test_write_text_replaces_in_one_step_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "new" / "file.txt"
    write_text(path, "é\n")
    write_text(path, "second\n")
    assert path.read_bytes() == b"second\n"
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        write_text(tmp_path / "taken", "x")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file.txt", "new", "taken"]


def test_the_decorator_returns_the_function_itself():
    def function():
        pass

    assert exercise(points=1, difficulty=1, minutes=1, hints=("x",))(function) is function


def test_a_week_is_read_whole(catalogue):
    assert list(catalogue) == ["week01_sums", "week02_rests"]
    week = catalogue["week01_sums"]
    assert (week.title, week.path.name) == ("Week 1: sums.", "week01_sums.py")
    assert week.exercises == (
        Exercise(
            week="week01_sums",
            name="add",
            points=2,
            difficulty=1,
            minutes=5,
            hints=("look", "closer"),
            uses=(),
            signature="add(a, b: int=2, *, c=None) -> int",
            summary="Adds.",
            docstring="Adds.\n\nArgs: a, b.",
        ),
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([], ["week01_sums.add", "week02_rests.subtract", "week02_rests.divide"]),
        (["week02_rests"], ["week02_rests.subtract", "week02_rests.divide"]),
        (["week02_rests.divide", "week01_sums"], ["week01_sums.add", "week02_rests.divide"]),
        (["week01_sums.add", "week01_sums", "week01_sums.add"], ["week01_sums.add"]),
    ],
)
def test_select_keeps_the_order_of_the_catalogue(catalogue, asked, expected):
    assert ids(select(catalogue, asked)) == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            "week02_rests.divid",
            "no exercise 'week02_rests.divid'; did you mean 'week02_rests.divide'?",
        ),
        ("week1_sums", "no week 'week1_sums'; did you mean 'week01_sums'?"),
        ("divide", "no week 'divide'; did you mean 'week02_rests.divide'?"),
        ("zzz", "no week 'zzz'; `course list` shows them all"),
    ],
)
def test_an_unknown_name_is_answered_with_a_known_one(catalogue, asked, message):
    with pytest.raises(CourseError) as caught:
        select(catalogue, ["week01_sums", asked])
    assert str(caught.value) == message


def test_a_week_by_name(catalogue):
    assert find_week(catalogue, "week01_sums") is catalogue["week01_sums"]
    with pytest.raises(CourseError, match="did you mean 'week02_rests'"):
        find_week(catalogue, "week02_rest")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("points=2", "points=0", 9, "points must be a number above 0, literally; got 0"),
        ("points=2", "points=True", 9, "points must be a number above 0"),
        ("points=2", "points=1e999", 9, "points must be a number above 0"),
        ("points=2", "points=POINTS", 9, "points must be a number above 0, literally; got POINTS"),
        ("points=2", "points={[]: 1}", 9, "points must be a number above 0"),
        ("difficulty=1", "difficulty=6", 9, "difficulty must be a whole number from 1 to 5"),
        ("minutes=5", "minutes=0.5", 9, "minutes must be a whole number above 0"),
        ('("look", "closer")', "()", 9, "hints must be a tuple of one or more texts"),
        ('("look", "closer")', '("look")', 9, "hints must be a tuple of one or more texts"),
        ('("look", "closer")', '("look", " ")', 9, "hints must be a tuple of one or more texts"),
        ("minutes=5", 'minutes=5, uses="keras"', 9, "uses must be a tuple of library names"),
        ("minutes=5", "minutes=5, colour=3", 9, "expected only points, difficulty, minutes, hints"),
        ("minutes=5", "minutes=5, **more", 9, "expected only points, difficulty, minutes, hints"),
        ("minutes=5, ", "", 9, "@exercise(...) is incomplete; add minutes"),
        ("points=2", "2, points=2", 9, "@exercise(...) is incomplete; name every argument"),
        (DECORATOR, "@exercise", 9, "write `@exercise(points=…, …)`"),
        ("def add", "async def add", 10, "an exercise is a plain function"),
        ('"""Adds.\n\n    Args: a, b.\n    """', "a += 1", 10, "add has no docstring"),
        ('"""Week 1: sums.\n\nMore.\n"""', "", 1, "no module docstring"),
        ("    return a + b\n", "", 10, "add needs its body below the docstring"),
        ('"""\n    return', '"""; return', 10, "add needs its body below the docstring"),
        (FUNCTION, f"{FUNCTION}\n\n{DECORATOR}\n{FUNCTION}", 19, "a second exercise named 'add'"),
        ("return a + b", "return a +", 15, "invalid syntax"),
    ],
)  # fmt: skip
def test_a_malformed_solution_is_named_with_its_line(project, old, new, line, message):
    assert WEEK.count(old) == 1
    (project.solutions / "week01_sums.py").write_text(WEEK.replace(old, new))
    with pytest.raises(CourseError) as caught:
        read_catalogue(project)
    assert str(caught.value).startswith(f"solutions/week01_sums.py, line {line}: {message}")


def test_reading_the_catalogue_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from course.catalogue import read_catalogue\n"
        "from course.project import Project\n"
        "read_catalogue(Project.find()); print(*sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(answer.stdout.split())
    assert not loaded & {"numpy", "keras", "tensorflow", "pytest", "typing", "difflib", "solutions"}
