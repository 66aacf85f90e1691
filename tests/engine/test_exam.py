"""An exam as a student meets it, from start to report, with all that can happen on the way."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
from toy import GRADER, WEEK, write_toy

from course import cli
from course.catalogue import read_catalogue
from course.exam import clock, sitting
from course.exam.drawing import Exam
from course.exam.marking import mark_exam
from course.exam.sitting import closed_exams, open_sitting
from course.exam.tasks import Pool, find_topics
from course.exam.workspace import module_path
from course.project import Project
from course.sandbox.launcher import Sandbox

CHECKOUT = Project.find().root
# Drawn from it: questions, the mistake `squared` in `double`, and the exercise `successor`.
START = ("exam", "start", "--topics", WEEK, "windows", "--minutes", "12", "--seed", "3")
SQUARE, DOUBLE = "return values * values", "return [2 * value for value in values]"
STUB = 'raise NotImplementedError("successor is still to be written")'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The toy course, which is also the working directory."""
    project = write_toy(tmp_path / "checkout")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    return project


@pytest.fixture
def course(project, capfd):
    """Runs the command in this process; gives exit code, standard output and standard error."""

    def run(*arguments):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as leaving:  # from argparse
            code = leaving.code
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return run


@pytest.fixture
def set_clock(monkeypatch):
    """Puts the exam's clock to some seconds from now, by the wall and by the machine's ticks."""

    def put(wall=0.0, ticks=0.0, boot=None):
        moment = clock.now()
        moved = clock.Moment(
            moment.wall + wall, moment.boot if boot is None else boot, moment.ticks + ticks
        )
        monkeypatch.setattr(sitting, "now", lambda: moved)

    return put


class Desk:
    """The workspace of the open exam, and what would be right in it."""

    def __init__(self, project):
        self.folder = project.root / "exam-3"
        self.exam = open_sitting(project).read_exam()
        self.answers = self.folder / "answers.txt"

    def number(self, kind):
        return next(n for n, task in enumerate(self.exam.tasks, 1) if task.kind == kind)

    def module(self, kind):
        number = self.number(kind)
        return self.folder / module_path(number, self.exam.tasks[number - 1])

    def replace(self, kind, old, new):
        text = self.module(kind).read_text()
        assert old in text
        self.module(kind).write_text(text.replace(old, new))

    def answer(self, values=None):
        """Writes the right answers, or others by number."""
        right = {
            number: task.question.answer.show(task.question.answer.values)
            for number, task in enumerate(self.exam.tasks, 1)
            if task.question
        }
        lines = [f"{number}: {text}" for number, text in (right | (values or {})).items()]
        self.answers.write_text("\n".join(lines))

    def do_everything(self):
        self.answer()
        self.replace("mistake", SQUARE, DOUBLE)
        self.replace("exercise", STUB, "return number + 1")


@pytest.fixture
def desk(course, project):
    assert course(*START)[0] == 0
    return Desk(project)


def assert_user_error(outcome, *words):
    code, _, err = outcome
    assert code == 2
    assert err.startswith("course: ") and err.endswith("\n")
    for word in words:
        assert word in err


# -- from start to end -----------------------------------------------------------------------------


def test_start_writes_what_is_needed(course, project, desk):
    assert {task.kind for task in desk.exam.tasks} == {"question", "mistake", "exercise"}
    readme = (desk.folder / "README.md").read_text(encoding="utf-8")
    for number, task in enumerate(desk.exam.tasks, 1):
        assert f"## {number}. " in readme
        if task.question:
            assert f"{number}: \n" in desk.answers.read_text()
        else:
            assert module_path(number, task) in readme
    assert SQUARE in desk.module("mistake").read_text()
    assert STUB in desk.module("exercise").read_text()
    assert "return number + 1" not in desk.module("exercise").read_text()
    assert sorted(path.name for path in project.state.glob("exams/*")) == ["open"]


def test_status_shows_the_time_and_what_is_done(course, desk, set_clock):
    set_clock(wall=125, ticks=125)
    code, out, err = course("exam", "status")
    assert (code, err) == (0, "")
    assert "exam 3: 9 min 5" in out and out.count("to do") == len(desk.exam.tasks)
    desk.answer({desk.number("question"): ""})
    desk.replace("exercise", STUB, "return number + ")
    desk.replace("mistake", SQUARE, DOUBLE)
    out = course("exam", "status")[1]
    assert out.count("answered") == sum(task.kind == "question" for task in desk.exam.tasks) - 1
    assert "edited" in out and f"{WEEK}.py, line " in out and out.count("to do") == 1


def test_everything_right(course, project, desk):
    desk.do_everything()
    code, out, err = course("exam", "submit")
    assert (code, err) == (0, "")
    points = f"{desk.exam.points:g} of {desk.exam.points:g} points (100%)"
    assert points in out and "LATE" not in out and "✗" not in out and "solution" not in out
    assert points in (desk.folder / "report.md").read_text(encoding="utf-8")
    assert open_sitting(project) is None
    assert course("exam", "status")[1].startswith("no exam is open")
    assert_user_error(course("exam", "submit"), "no exam is open")


def test_nothing_done(course, desk):
    code, out, _ = course("exam", "submit")
    assert code == 0 and "exam 3: 0 of" in out
    assert out.count("left as it was") == 2 and out.count("worked out: ") == out.count(
        "the answer is"
    )
    assert "the mistake: That is the square." in out
    assert "+    return number + 1" in out and f"-    {STUB}" in out
    assert f"-    {SQUARE}" in out and "+    return 2 * np.asarray(values)" in out


def test_what_was_missed(course, desk):
    number = desk.number("question")
    trap = desk.exam.tasks[number - 1].question.traps[0]
    answer = desk.exam.tasks[number - 1].question.answer
    desk.answer({number: answer.show(trap.values)})
    desk.replace("exercise", STUB, "return number - 1")
    desk.replace("mistake", SQUARE, "return 3 * values")
    out = " ".join(course("exam", "submit")[1].split())
    assert f"got {answer.show(trap.values)} likely cause: {' '.join(trap.says.split())}" in out
    assert "✗ It is one more. expected the result = 5, got 3" in out
    assert "That is the one before." in out and "✗ Any values are doubled. expected" in out
    assert "- return number - 1 + return number + 1" in out


def test_no_help_while_it_is_open(course, project, desk, set_clock):
    (project.exercises / f"{WEEK}.py").write_text("def successor(number):\n    return number\n")
    for command in ("hint", "solution"):
        assert_user_error(course(command, f"{WEEK}.successor"), f"no {command}s during an exam")
    folder = desk.module("exercise").parent
    assert_user_error(course("check", "--target", folder), "no checks during an exam")
    assert course("check", f"{WEEK}.successor")[0] == 1  # of one's own copy: why not
    assert not (project.state / "hints.json").exists()
    set_clock(wall=721, ticks=721)
    assert course("hint", f"{WEEK}.successor")[0] == 0  # the time is up
    set_clock()
    course("exam", "submit")
    assert course("solution", f"{WEEK}.successor")[0] == 0


def test_late_is_marked_late_and_counted(course, project, desk, set_clock):
    desk.do_everything()
    set_clock(wall=1000, ticks=1000)
    code, out, _ = course("exam", "status")
    assert code == 0 and "the time has been up for 4 min" in out
    assert_user_error(course("exam", "start"), "one exam at a time", "exam submit")
    code, out, _ = course("exam", "submit")
    assert code == 0 and "(100%)" in out and "4 min 40 s LATE" in out
    (result,) = closed_exams(project)
    assert result["late"] and result["score"] == result["max_score"] == desk.exam.points
    assert course("exam", "status")[1].rstrip().endswith(", late")


def test_the_same_seed_again(course, project, desk):
    course("exam", "submit")
    assert course(*START)[0] == 0
    again = project.root / "exam-3-2"
    assert (again / "answers.txt").read_bytes() == desk.answers.read_bytes()
    assert open_sitting(project).read_exam() == desk.exam


# -- what can go wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe1\x00", ["not UTF-8"]),
        (b"# hello\nabout 12\n", ["line 2", "a colon"]),
        (b"99: 3", ["line 1", "no short question 99"]),
        (b"1: 12\n1: 13", ["line 2", "has an answer in line 1"]),
        (b"1: about 12", ["line 1", "expected one", "got 'about 12'"]),
        (b"1: 1e999", ["line 1", "expected one"]),
        (b"1: 1/0", ["line 1", "expected one"]),
        (b"1: 1,024", ["line 1", "expected one"]),
        (b"1: \x1b[31m12", ["line 1", "expected one"]),
        (b"1: " + b"9" * 5000, ["line 1", "expected one"]),
        (b"1: 1\n" * 100_000, ["larger than"]),
        (None, ["answers.txt", "found no such file"]),
    ],
)
def test_mangled_answers(course, project, desk, content, words):
    if content is None:
        desk.answers.unlink()
    else:
        desk.answers.write_bytes(content)
    for command in ("status", "submit"):
        assert_user_error(course("exam", command), *words)
    assert not open_sitting(project).is_handed_in


def test_mangled_answers_can_be_mended(course, desk):
    desk.do_everything()
    text = desk.answers.read_text()
    desk.answers.write_text(f"{text}\nwell\n")
    assert_user_error(course("exam", "submit"), "answers.txt, line")
    desk.answers.write_bytes(f"\ufeff{text}\n".replace("\n", "\r\n").encode())
    assert "(100%)" in course("exam", "submit")[1]


def test_workspace_deleted(course, project, desk):
    original = {path: path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()}
    shutil.rmtree(desk.folder)
    for command in ("status", "submit"):
        assert_user_error(course("exam", command), "exam-3", "`course exam start`")
    assert_user_error(course("exam", "start", "--seed", 4), "one exam at a time")
    started = open_sitting(project).started
    code, out, _ = course("exam", "start")
    assert code == 0 and "written anew; the clock runs on" in out
    assert open_sitting(project).started == started
    assert {p: p.read_bytes() for p in desk.folder.rglob("*") if p.is_file()} == original
    shutil.rmtree(desk.folder)
    desk.folder.write_text("something else")
    assert_user_error(course("exam", "start"), "move that away")
    assert desk.folder.read_text() == "something else"


def test_modules_deleted_or_broken(course, desk):
    desk.answer()
    desk.module("exercise").unlink()
    desk.module("mistake").write_bytes(b"\xff\0")
    code, out, _ = course("exam", "submit")
    assert code == 0
    assert f"{WEEK}.py is missing" in out and "a NUL byte" in out
    assert out.count("to the solution:") == 2


def test_a_module_that_never_ends(course, desk, monkeypatch):
    desk.replace("exercise", STUB, "return number + 1\n\n\nimport sys\nsys.exit(0)")
    code, out, _ = course("exam", "submit")
    assert code == 0 and "your program left with sys.exit" in out


@pytest.mark.skipif(not clock.now().boot, reason="this system does not tell its starts apart")
@pytest.mark.parametrize("wall", [-86_400, 86_400])
def test_clock_set_meanwhile(course, desk, set_clock, wall):
    set_clock(wall=wall, ticks=60)
    assert "exam 3: 11 min 0" in course("exam", "status")[1].replace("10 min 59", "11 min 00")
    assert "LATE" not in course("exam", "submit")[1]


def test_clock_wrong_after_a_restart(course, project, desk, set_clock):
    desk.do_everything()
    set_clock(wall=-86_400, boot="another")
    for command in (("exam", "status"), ("exam", "submit"), ("hint", f"{WEEK}.double")):
        assert_user_error(course(*command), "set the clock right", "nothing is lost")
    set_clock(wall=300, boot="another")
    assert "(100%)" in course("exam", "submit")[1]


def damage(project, content):
    (project.state / "exams" / "open" / "exam.json").write_bytes(content)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"workspace": 3}', None]
)
def test_damaged_state(course, project, desk, content):
    path = project.state / "exams" / "open" / "exam.json"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    for command in ("start", "status", "submit"):
        assert_user_error(course("exam", command), "exam.json is damaged", "move")


@pytest.mark.parametrize(
    "change",
    [
        {"tasks": [{}]},
        {"tasks": 3},
        {"workspace": "../elsewhere"},
        {"minutes": "12"},
        {"started": {"wall": 0, "shoe": 1}},
    ],
)
def test_state_of_another_shape(course, project, desk, change):
    path = project.state / "exams" / "open" / "exam.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert_user_error(course("exam", "submit"), "exam.json is damaged")


def test_damaged_results_are_left_out(course, project, desk):
    course("exam", "submit")
    (project.state / "exams" / "001-seed-3" / "result.json").write_text('{"seed": 3}')
    assert course("exam", "status")[1] == "no exam is open; course exam start begins one\n"
    assert course("exam", "start", "--topics", "windows", "--minutes", 10)[0] == 0


def test_state_that_cannot_be_written(course, project):
    project.state.write_text("a file where the directory should be")
    assert_user_error(course(*START), "cannot write")
    assert not (project.root / "exam-3").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--topics", "windos"], ["no topic 'windos'", "did you mean 'windows'?"]),
        (["--topics", "xyz"], ["no topic 'xyz'", WEEK]),
        (["--minutes", "4"], ["expected minutes from 5 to 600"]),
        (["--minutes", "1e3"], ["expected minutes"]),
        (["--seed", "-1"], ["expected a whole number"]),
    ],
)
def test_bad_arguments(course, project, arguments, words):
    code, out, err = course("exam", "start", *arguments)
    assert (code, out) == (2, "")
    assert all(word in err for word in words)
    assert not project.state.exists()


def test_nothing_fits(course, project):
    path = project.solutions / f"{WEEK}.py"
    path.write_text(path.read_text().replace("minutes=1", "minutes=200"))
    assert_user_error(course("exam", "start", "--topics", WEEK), "allow more")


# -- killed, and several at once -------------------------------------------------------------------

# Kills itself, as nothing can prevent, before or after the n-th call of a function.
KILLED = """
import os, pathlib, signal, sys
from course import cli
name, number, when = sys.argv[1], int(sys.argv[2]), sys.argv[3]
original, calls = getattr(pathlib.Path, name), []
def deadly(path, *args, **kwargs):
    calls.append(path)
    if len(calls) == number and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(path, *args, **kwargs)
    if len(calls) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(pathlib.Path, name, deadly)
sys.exit(cli.main(sys.argv[4:]))
"""
unix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def killed(function, number, when, *command):
    code = subprocess.run(
        [sys.executable, "-c", KILLED, function, str(number), when, *command],
        stdout=subprocess.DEVNULL,
        check=False,
    ).returncode
    assert code == -signal.SIGKILL


@unix_only
@pytest.mark.parametrize(
    ("function", "number", "when"),
    [
        ("write_bytes", 1, "after"),
        ("rename", 1, "before"),
        ("rename", 1, "after"),
        ("write_bytes", 9, "before"),
        ("rename", 2, "before"),
        ("rename", 2, "after"),
    ],
)
def test_start_killed(course, project, function, number, when):
    killed(function, number, when, *START)
    code, out, err = course("exam", "status")
    assert "no exam is open" in out or "exam 3: " in out
    assert (code, err) == (0, "") or "`course exam start` writes the tasks anew" in err
    if not (project.root / "exam-3").exists():
        assert course(*START)[0] == 0
    desk = Desk(project)
    desk.do_everything()
    assert "(100%)" in course("exam", "submit")[1]
    assert course("exam", "start", "--topics", "windows", "--minutes", 10)[0] == 0
    assert not list(project.state.glob("exams/*.tmp"))


@unix_only
@pytest.mark.parametrize(
    ("function", "number", "when"),
    [
        ("write_bytes", 1, "after"),
        ("rename", 1, "before"),
        ("rename", 1, "after"),
        ("replace", 1, "before"),
        ("replace", 2, "before"),
        ("rename", 2, "before"),
    ],
)
def test_submit_killed(course, project, desk, function, number, when):
    desk.do_everything()
    killed(function, number, when, "exam", "submit")
    code, out, err = course("exam", "status")
    assert (code, err) == (0, "")
    if "handed in" in out:  # what was handed in counts, not what is written now
        desk.answers.unlink()
        desk.module("exercise").unlink()
        assert_user_error(course("exam", "start"), "handed in")
    code, out, _ = course("exam", "submit")
    assert code == 0 and "(100%)" in out
    assert len(closed_exams(project)) == 1


@unix_only
def test_submit_killed_at_its_very_end(course, project, desk):
    desk.do_everything()
    killed("rename", 2, "after", "exam", "submit")
    assert_user_error(course("exam", "submit"), "no exam is open")
    assert closed_exams(project)[0]["score"] == desk.exam.points


def both(*commands):
    """Two commands at once; their exit codes and what they said."""
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "course", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    outcomes = [(*process.communicate(), process.returncode) for process in running]
    assert not any("Traceback" in err for _, err, _ in outcomes)
    return outcomes


def test_two_starts_at_once(project):
    other = (*START[:-1], "4")
    outcomes = both(START, other)
    assert sorted(code for *_, code in outcomes) == [0, 2]
    won = 3 if outcomes[0][2] == 0 else 4
    assert open_sitting(project).seed == won
    assert [path.name for path in project.root.glob("exam-*")] == [f"exam-{won}"]


def test_two_submits_at_once(project, desk):
    desk.do_everything()
    outcomes = both(("exam", "submit"), ("exam", "submit"))
    assert min(code for *_, code in outcomes) == 0
    assert {code for *_, code in outcomes} <= {0, 2}
    (result,) = closed_exams(project)
    assert result["score"] == desk.exam.points


def test_closed_by_another_command_while_marking(project, desk):
    mine = open_sitting(project)
    mine.hand_in({})
    os.rename(mine.folder, mine.folder.with_name("001-seed-3"))  # noqa: PTH104
    with pytest.raises(sitting.CourseError, match="another command has marked this exam"):
        mine.close({})
    assert open_sitting(project) is None


# -- marking ---------------------------------------------------------------------------------------


@pytest.fixture
def mark(project):
    """Marks one task of the toy course, with its answer exchanged."""
    pool = Pool(project, *find_topics(read_catalogue(project), [WEEK]))

    def run(name, old, new):
        (task,) = [task for task in pool.tasks if task.name == name]
        task = pool.complete(task, 0)
        assert old in task.module
        path = module_path(1, task)
        exam = Exam(0, 10, (), (dataclasses.replace(task, points=2.0),))
        files = {path: task.module.replace(old, new).encode()}
        with Sandbox() as sandbox:
            return mark_exam(project, exam, files, {path: task.module.encode()}, sandbox)[0]

    return run


@pytest.mark.parametrize(
    ("new", "score"),
    [
        ("return number + 1", 2.0),
        ("return abs(number) + 1", 1.0),  # found, but not the only check
        ("return -6", 0.0),
        ("return number - 1  # looked at", 0.0),
        ("raise ValueError('no')", 0.0),
    ],
)
def test_finding_the_mistake_is_half_of_it(mark, new, score):
    marked = mark(f"mistake {WEEK}.successor predecessor", "return number - 1", new)
    assert (marked.score, marked.max_score) == (score, 2.0)
    assert ("the mistake: That is the one before." in marked.missed) is (score == 0)


def test_an_exercise_earns_by_check(mark):
    marked = mark(f"exercise {WEEK}.successor", STUB, "return abs(number) + 1")
    assert (marked.score, marked.max_score) == (1.0, 2.0)


def test_a_grader_at_fault_costs_nothing(course, project, desk):
    desk.do_everything()
    (project.graders / f"{WEEK}.py").write_text(GRADER.replace("import pytest", "import pytset"))
    code, out, _ = course("exam", "submit")
    assert code == 3 and "(100%)" in out and out.count("not marked, and not counted") == 2


def test_an_exercise_that_has_left_the_course(course, project, desk):
    desk.do_everything()
    path = project.solutions / f"{WEEK}.py"
    path.write_text(path.read_text().replace("successor", "next_one"))
    code, out, _ = course("exam", "submit")
    assert code == 3 and "is no longer in the course" in out
