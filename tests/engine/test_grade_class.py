"""`course grade` on a whole class: complete, resumable and repeatable, whatever happens to it."""

import contextlib
import csv
import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from classroom import CHECKOUT, HALF, RIGHT, WRONG, class_of, hand_in, start
from toy import GRADER, WEEK, write_toy

from course import cli
from course.authoring import with_misconception
from course.classroom import batch
from course.classroom.gradebook import Gradebook
from course.classroom.intake import Submission
from course.classroom.job import JobFailedError
from course.classroom.names import Student
from course.classroom.unit import Settings, with_unit
from course.errors import CourseError
from course.grading.diagnosis import load_misconceptions
from course.grading.report import Report
from course.project import Project
from course.sandbox import confinement

N_KILLS, N_AT_ONCE = 50, 2
SECONDS = 30.0
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The toy course, which is also the working directory, and a place for temporary files."""
    project = write_toy(tmp_path / "checkout")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return project


@pytest.fixture
def submissions(tmp_path):
    return tmp_path / "submissions"


@pytest.fixture
def course(project, capfd):
    """Runs the command in this process; gives exit code, standard output and standard error."""

    def run(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run


def grades(out):
    """All that a gradebook says but times: by student, final points and every check."""
    with Gradebook(out) as gradebook:
        return {
            grade.student.id: (
                grade.score,
                grade.max_score,
                without_times(grade.report),
            )
            for grade in gradebook.grades()
        }


def times(out):
    """When each student's submission was graded."""
    db = sqlite3.connect(f"{(out / 'gradebook.sqlite').as_uri()}?mode=rw", uri=True)
    with contextlib.closing(db):
        return dict(db.execute("SELECT student, graded_at FROM submissions"))


def nothing_left(folder):
    """Whether all processes and files of a run in this temporary folder go away.

    An empty folder may stay, of a program that was killed just after it had made it, and so may
    the file by which Python's tempfile tries whether it can write there.
    """
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if not alive_in(folder):
            left = [path for path in folder.rglob("*") if not path.is_dir()]
            if all(path.read_bytes() in (b"", b"blat") for path in left):
                return True
        time.sleep(0.01)
    return False


def alive_in(folder):
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            places = environment.get("TMPDIR", ""), environment.get("HOME", "")
            inside = any(place.startswith(str(folder)) for place in places)
            if inside and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


# -- a class from end to end -----------------------------------------------------------------------


def test_a_class(course, submissions, tmp_path):
    hand_in(submissions, {"s01": RIGHT, "김 민지": WRONG, "s03": HALF, "<b>s04": "def f(:\n"})
    (submissions / "s05").mkdir()
    (submissions / "s06.zip").write_text("no archive")
    out = tmp_path / "out"
    code, printed, _ = course("grade", submissions, "--out", out, "--seed", 3, "--jobs", 2)
    assert code == 0
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    scores = {student: (row["score"], row["max_score"]) for student, row in rows.items()}
    assert scores == {
        "s01": ("3", "3"),
        "김 민지": ("1", "3"),
        "s03": ("2", "3"),
        "<b>s04": ("0", "3"),
        "s05": ("0", "3"),
        "s06": ("0", "3"),
    }
    assert rows["s03"][f"{WEEK}.successor"] == "2" and rows["s03"][f"{WEEK}.double"] == "0"
    found = json.loads((out / "reports" / "김 민지.json").read_text(encoding="utf-8"))
    assert (found["submission"], found["seed"]) == ("김 민지", 3)
    assert found["checks"][0]["misconception"] == "predecessor"
    assert "That is the one before." in printed and "6 students" in printed
    assert "s06: refused: s06.zip cannot be unpacked" in printed
    assert "1 of 6: week01_toy.successor predecessor" in printed
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "김 민지" in page and "&lt;b&gt;s04" in page and "<b>s04" not in page


def test_only_what_changed_is_graded_again(course, project, submissions, tmp_path):
    hand_in(submissions, class_of(4))
    out = tmp_path / "out"
    asked = ("grade", submissions, "--out", out)
    assert "graded 4 submissions" in course(*asked)[1]
    first = times(out)
    assert "graded 0 submissions" in course(*asked)[1] and times(out) == first
    hand_in(submissions, {"s001": RIGHT, "s009": RIGHT})
    assert "graded 2 submissions" in course(*asked)[1]
    changed = {student for student, when in times(out).items() if first.get(student) != when}
    assert changed == {"s001", "s009"}
    assert "graded 5 submissions" in course(*asked, "--regrade")[1]
    assert "graded 5 submissions" in course(*asked, "--seed", 8)[1]
    assert "graded 0 submissions" in course(*asked, "--seed", 8)[1]
    grader = project.graders / f"{WEEK}.py"
    grader.write_text(grader.read_text() + "\n# changed\n")
    assert "graded 5 submissions" in course(*asked, "--seed", 8)[1]
    shutil.rmtree(submissions / "s000")
    code, printed, _ = course(*asked, "--seed", 8)
    assert code == 0 and "not handed in this time: s000" in printed and "s000" in times(out)


def test_late_submissions(course, submissions, tmp_path):
    hand_in(submissions, {"s01": RIGHT}, age=0)
    hand_in(submissions, {"s02": RIGHT}, age=40 * 3600)
    policy = tmp_path / "policy.toml"
    policy.write_text("penalty_per_day = 0.25\n[weights]\n'week01_toy.double' = 3\n")
    due = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() - 30 * 3600))
    out = tmp_path / "out"
    course("grade", submissions, "--out", out, "--due", due, "--policy", policy)
    assert {s: g[:2] for s, g in grades(out).items()} == {"s01": (2.5, 5.0), "s02": (5.0, 5.0)}
    code, printed, _ = course("grade", submissions, "--out", out)  # the policy stays
    assert code == 0 and "s01: 2 day(s) late, 50 % taken off" in printed
    assert grades(out)["s01"][0] == 2.5


def test_export(course, submissions, tmp_path):
    hand_in(submissions, class_of(2))
    out = tmp_path / "out"
    course("grade", submissions, "--out", out)
    written = {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    shutil.rmtree(submissions)
    for name, path in {"csv": "grades.csv", "json": "reports", "html": "report.html"}.items():
        code, printed, _ = course("export", out, "--format", name, "--out", tmp_path / "other")
        assert (code, printed) == (0, f"{tmp_path / 'other' / path}\n")
    for path in (tmp_path / "other").rglob("*.*"):
        assert path.read_bytes() == written[path.relative_to(tmp_path / "other")]
    code, _, err = course("export", tmp_path, "--format", "csv")
    assert code == 2 and "expected a gradebook" in err


def test_mistakes_in_the_asking(course, submissions, tmp_path):
    out = tmp_path / "out"
    code, _, err = course("grade", submissions, "--out", out)
    assert code == 2 and "found none" in err
    submissions.mkdir()
    code, _, err = course("grade", submissions, "--out", out)
    assert code == 2 and "an entry for each student" in err
    (submissions / "s01").mkdir()
    code, _, err = course("grade", submissions, "--out", out)
    assert code == 2 and "--weeks" in err
    code, _, err = course("grade", submissions, "--out", out, "--weeks", "week01_tory")
    assert code == 2 and WEEK in err
    code, _, _ = course("grade", submissions, "--out", out, "--weeks", WEEK)
    assert code == 0
    code, _, err = course("grade", submissions, "--out", out, "--weeks", f"{WEEK}.double")
    assert code == 2 and "another --out" in err and len(grades(out)["s01"][2]) == 3


def test_without_a_sandbox_it_can_be_refused(course, submissions, tmp_path, monkeypatch):
    monkeypatch.setattr(confinement, "available", lambda: False)
    hand_in(submissions, {"s01": RIGHT})
    out = tmp_path / "out"
    code, _, err = course("grade", submissions, "--out", out, "--require-sandbox")
    assert code == 2 and "not in a sandbox" in err and not out.exists()


def test_grader_errors_are_loud(course, project, submissions, tmp_path):
    broken = GRADER.replace("submission.successor(4), 5", "submission.successor(4), five")
    (project.graders / f"{WEEK}.py").write_text(broken)
    hand_in(submissions, {"s01": RIGHT})
    code, printed, _ = course("grade", submissions, "--out", tmp_path / "out")
    assert code == 3 and "GRADER ERRORS" in printed and "NameError" in printed
    assert grades(tmp_path / "out")["s01"][:2] == (2.0, 2.0)


# -- repeatable ------------------------------------------------------------------------------------


def graded(settings, answers, order, n_jobs):
    """What each student's checks said, but for times. `answers` is `{student: {week: text}}`."""
    reports = {}
    batch.grade_all(
        settings,
        [submission_of(name, answers[name]) for name in order],
        n_jobs,
        lambda submission, report, seconds: reports.update({submission.student.id: report}),
    )
    return {name: without_times(report) for name, report in reports.items()}


def without_times(report):
    return [{**check.to_json(), "seconds": 0} for check in report.checks]


def submission_of(name, texts):
    files = {f"{week}.py": text.encode() for week, text in texts.items()}
    return Submission(Student(name, name), files, tuple(texts), 0.0)


def test_same_grades_in_any_order_with_any_number_of_jobs(project):
    answers = {name: {WEEK: text} for name, text in class_of(6).items()}
    settings = Settings(project.root, (f"{WEEK}.successor", f"{WEEK}.double"), seed=5)
    forwards = graded(settings, answers, sorted(answers), 1)
    assert forwards == graded(settings, answers, sorted(answers, reverse=True), 2)
    assert forwards.keys() == answers.keys()


CHANCE = '''"""Checks of the toy."""

import pytest

from course.grading import expect


@pytest.mark.exercise("successor", training=True, weight=3)
def test_by_chance(submission, rng):
    """It is one more."""
    drawn = int(rng.integers(1000))
    expect.number(submission.successor(drawn), drawn + 1)


@pytest.mark.exercise("successor")
def test_for_certain(submission, rng):
    """It is one more."""
    expect.number(submission.successor(4), 5)
    drawn = int(rng.integers(1000))
    expect.number(submission.successor(drawn), drawn + 1)


@pytest.mark.exercise("double")
def test_double(submission):
    """Twice."""
    got = submission.double([1])
    expect.that(got == [2], "expected [2]", credit=0.5 if got == [3] else 0.0)
'''


def test_a_training_that_failed_is_tried_with_another_seed(course, project, submissions, tmp_path):
    (project.graders / f"{WEEK}.py").write_text(CHANCE)
    hand_in(submissions, {"probe": RIGHT.replace("number + 1", "print(number) or None")})
    course("grade", submissions, "--out", tmp_path / "probe")
    checks = grades(tmp_path / "probe")["probe"][2]
    drawn = int(checks[0]["message"].partition("successor(")[2].partition(")")[0])
    assert checks[0]["attempts"] == 2 and checks[1]["attempts"] == 1
    assert "failed again" in checks[0]["message"]
    # Wrong for the number that the seed draws, right for another one.
    unlucky = RIGHT.replace("return number + 1", f"return number + (number != {drawn})")
    hand_in(submissions, {"unlucky": unlucky})
    _, printed, _ = course("grade", submissions, "--out", tmp_path / "out")
    _, _, checks = grades(tmp_path / "out")["unlucky"]
    assert [check["status"] for check in checks] == ["passed"] * 3
    assert checks[0]["attempts"] == 2 and "passed when trained once more" in checks[0]["message"]
    assert [check["max_score"] for check in checks] == [1.5, 0.5, 1.0]
    assert "unlucky: trained once more before a verdict: by_chance" in printed


def test_credit_for_a_part(course, project, submissions, tmp_path):
    (project.graders / f"{WEEK}.py").write_text(CHANCE)
    hand_in(submissions, {"s01": HALF, "s02": RIGHT.replace("2 * int", "4 * int")})
    course("grade", submissions, "--out", tmp_path / "out")
    found = grades(tmp_path / "out")
    assert {student: grade[:2] for student, grade in found.items()} == {
        "s01": (2.5, 3.0),
        "s02": (2.0, 3.0),
    }
    assert found["s01"][2][2]["status"] == "failed" and found["s01"][2][2]["score"] == 0.5


FLAGSHIPS = {  # exercises that take little time, and a wrong answer to the last of each week
    "week04_sequences": (("split_sequence", "build_forecaster"), "not_compiled"),
    "week04_transfer": (("preprocess",), "scales_to_zero_to_one"),
    "week05_anomaly": (("standardize", "add_noise"), "one_noise_for_all_windows"),
    "week06_transformer": (("add_positional_encoding",), "number_of_the_step"),
    "week09_vae": (("sample_latent", "kl_divergence"), "half_forgotten"),
}


def test_flagship_weeks_are_repeatable():
    project = Project.find()
    right, wrong = {}, {}
    for week, (_, mistake) in FLAGSHIPS.items():
        right[week] = (project.solutions / f"{week}.py").read_text(encoding="utf-8")
        known = load_misconceptions(project.misconceptions / f"{week}.py")
        (found,) = [each for each in known if each.name == mistake]
        wrong[week] = with_misconception(right[week], found)
    answers = {"right": right, "wrong": wrong}
    everything = [f"{week}.{name}" for week, (names, _) in FLAGSHIPS.items() for name in names]
    last = [f"{week}.{names[-1]}" for week, (names, _) in FLAGSHIPS.items()]
    first = graded(Settings(project.root, tuple(everything), seed=11), answers, list(answers), 1)
    assert {check["status"] for check in first["right"]} == {"passed"}
    assert {c["exercise"] for c in first["wrong"] if c["status"] == "failed"} == set(last)
    # Again, by two jobs, in another order, and without the exercises that ran before these.
    again = graded(Settings(project.root, tuple(last), seed=11), answers, ["wrong", "right"], 2)
    for name, checks in again.items():
        assert checks == [check for check in first[name] if check["exercise"] in last]


# -- nothing is lost -------------------------------------------------------------------------------


@posix
def test_killed_at_any_moment(project, submissions, tmp_path):
    hand_in(submissions, class_of(30))
    undisturbed = tmp_path / "undisturbed"
    begun = time.monotonic()
    run_to_the_end(submissions, undisturbed)
    seconds = time.monotonic() - begun
    expected = grades(undisturbed)

    def kill_often(number):
        kill(submissions, tmp_path / f"{number}", expected, random.Random(number), seconds)

    with ThreadPoolExecutor() as pool:  # most of the time, one program uses one core
        list(pool.map(kill_often, range(N_AT_ONCE)))
    assert nothing_left(tmp_path / "tmp")


def kill(submissions, folder, expected, chance, longest):
    """Grades a class into one gradebook after the other, and kills the program again and again."""
    n_kills = n_outs = 0
    out = folder / "out0"
    while n_kills < N_KILLS / N_AT_ONCE:
        before = recorded_by(out)
        begun = time.monotonic()
        with start("grade", submissions, "--out", out, stdout=subprocess.DEVNULL) as program:
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(chance.uniform(0, longest))
            killed = program.poll() is None
            program.kill()
        n_kills += killed
        after = recorded_by(out)
        # What was recorded is neither lost nor graded again.
        assert {student: after.get(student) for student in before} == before
        assert after.keys() <= expected.keys()
        if not killed:
            longest = time.monotonic() - begun
            assert grades(out) == expected
            n_outs += 1
            out = folder / f"out{n_outs}"
    run_to_the_end(submissions, out)
    assert grades(out) == expected


def run_to_the_end(submissions, out):
    with start("grade", submissions, "--out", out) as program:
        printed, err = program.communicate()
    assert program.returncode == 0, err
    assert "graded" in printed


@posix
def test_interrupted(project, submissions, tmp_path):
    slow = RIGHT.replace("return number + 1", "import time; time.sleep(0.2); return number + 1")
    hand_in(submissions, {f"s{number:02}": f"# {number}\n{slow}" for number in range(20)})
    out = tmp_path / "out"
    restored = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with start("grade", submissions, "--out", out, "--jobs", 2, **restored) as program:
        deadline = time.monotonic() + SECONDS
        while not ((out / "gradebook.sqlite").is_file() and recorded_by(out)):
            assert program.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        program.send_signal(signal.SIGINT)
        printed, err = program.communicate()
    assert program.returncode == cli.INTERRUPTED and "Traceback" not in err
    assert "are still to be graded; the same command goes on" in printed
    assert 0 < len(grades(out)) < 20
    assert (out / "report.html").is_file()
    assert nothing_left(tmp_path / "tmp")


def recorded_by(out):
    """The same, also of a gradebook that is not there yet, or has no tables yet."""
    try:
        return times(out)
    except sqlite3.OperationalError as error:
        assert "unable to open" in str(error) or "no such table" in str(error)
        return {}


@posix
def test_a_job_that_was_killed_is_replaced(project, submissions, tmp_path):
    slow = RIGHT.replace("return number + 1", "import time; time.sleep(0.3); return number + 1")
    hand_in(submissions, {f"s{number:02}": f"# {number}\n{slow}" for number in range(6)})
    out = tmp_path / "out"
    with start("grade", submissions, "--out", out) as program:
        own = psutil.Process(program.pid)
        deadline = time.monotonic() + SECONDS
        while not (jobs := [p for p in own.children() if "spawn_main" in " ".join(p.cmdline())]):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(1.0)
        jobs[0].kill()
        _, err = program.communicate()
    assert program.returncode == 0, err
    assert {grade[:2] for grade in grades(out).values()} == {(3.0, 3.0)}
    deadline = time.monotonic() + SECONDS
    while alive_in(tmp_path / "tmp"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


FULL = """
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), -1))
runpy.run_module("course", run_name="__main__")
"""


@posix
@pytest.mark.parametrize("room", [-20_000, 4_096])
def test_a_full_disk(project, submissions, tmp_path, room):
    hand_in(submissions, class_of(4))
    out = tmp_path / "out"
    run_to_the_end(submissions, out)
    before, first = grades(out), times(out)
    hand_in(submissions, {f"t{number:03}": WRONG for number in range(9)})
    limit = (out / "gradebook.sqlite").stat().st_size + room
    command = [sys.executable, "-c", FULL, limit, "grade", submissions, "--out", out]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 2, done
    assert "course: cannot" in done.stderr and "Traceback" not in done.stderr
    assert {student: times(out)[student] for student in first} == first
    assert {student: grades(out)[student] for student in before} == before
    assert len(grades(out)) < 13
    run_to_the_end(submissions, out)
    assert len(grades(out)) == 13


@pytest.mark.skipif(not confinement.available(), reason="bubblewrap makes the read-only view")
def test_read_only_output(project, submissions, tmp_path):
    hand_in(submissions, class_of(3))
    out = tmp_path / "out"
    run_to_the_end(submissions, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    hand_in(submissions, {"s001": HALF})
    prefix = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(out), str(out)]
    with start("grade", submissions, "--out", out, prefix=prefix) as program:
        _, err = program.communicate()
    assert program.returncode == 2
    assert f"course: cannot use {out / 'gradebook.sqlite'}" in err and "Traceback" not in err
    assert {path: path.read_bytes() for path in before} == before
    with start("grade", submissions, "--out", submissions / "s001" / f"{WEEK}.py") as program:
        _, err = program.communicate()
    assert program.returncode == 2 and "cannot make the folder" in err


# -- jobs that come to grief -----------------------------------------------------------------------


class FakeJob:
    """Stands in for a job. Some students' submissions are the end of it, always or at first."""

    stuck = False

    def __init__(self, settings):
        self.connection, self.theirs = multiprocessing.Pipe()
        self.submission = None

    def begin(self, submission):
        self.submission = submission
        self.theirs.send("a report")

    def finish(self):
        submission, self.submission = self.submission, None
        name = submission.student.id
        self.connection.recv()
        if name.startswith("deadly") or (name.startswith("once") and name not in self.met):
            self.met.add(name)
            self.submission = submission
            status = "grader_error" if "error" in name else "crashed"
            raise JobFailedError(status, "it ended")
        return Report(name, 0, ()), 1.0

    def close(self, seconds=0):
        self.connection.close()


def graded_by_fakes(project, monkeypatch, names):
    monkeypatch.setattr(batch, "Job", FakeJob)
    monkeypatch.setattr(FakeJob, "met", set(), raising=False)
    settings = Settings(project.root, (f"{WEEK}.successor",))
    reports = {}
    batch.grade_all(
        settings,
        [Submission(Student(name, name), {}, (), 0.0) for name in names],
        2,
        lambda submission, report, seconds: reports.update({submission.student.id: report}),
    )
    return reports


def test_submissions_that_end_their_job(project, monkeypatch):
    names = ["a", "deadly 1", "once", "b", "deadly error", "c"]
    reports = graded_by_fakes(project, monkeypatch, names)
    assert reports.keys() == set(names)
    (check,) = reports["deadly 1"].checks
    assert (check.status, check.score, check.max_score) == ("crashed", 0, 2.0)
    (check,) = reports["deadly error"].checks
    assert (check.status, check.score, check.max_score) == ("grader_error", 0, 0)
    assert all(not reports[name].checks for name in ("a", "b", "c", "once"))


def test_when_nothing_can_be_graded_it_stops(project, monkeypatch):
    with pytest.raises(CourseError, match="3 submissions in a row could not be graded: it ended"):
        graded_by_fakes(project, monkeypatch, [f"deadly {number}" for number in range(9)])


def test_what_a_unit_leaves_behind(project, tmp_path):
    settings = Settings(project.root, (f"{WEEK}.successor",))
    reports = []

    def body(grade):
        for name in ("a", "b"):
            text = f"{RIGHT}\nopen('left', 'w').write('x')\n".encode()
            reports.append(
                grade(Submission(Student(name, name), {f"{WEEK}.py": text}, (WEEK,), 0.0))
            )

    with_unit(settings, body)
    assert [report.score for report in reports] == [2.0, 2.0]
    assert nothing_left(Path(tempfile.gettempdir()))
