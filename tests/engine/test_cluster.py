"""`course grade --cluster`: a real scheduler and workers on this machine, one of them killed."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import psutil
import pytest
from classroom import CHECKOUT, class_of, hand_in, start
from toy import GRADER, write_toy

from course import cli
from course.classroom.gradebook import Gradebook
from course.grading.report import CheckResult, Report

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
from course.classroom.cluster_worker import answer, read_answer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills workers as POSIX does")

SECONDS = 60.0
HERE = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")
# Each grading leaves a mark with its job's process, and the first of each job waits for a file.
MARKING = (
    GRADER.replace(
        '"""Checks of the toy."""',
        '"""Checks of the toy."""\n\nimport os\nimport time\nfrom pathlib import Path',
    )
    .replace(
        '    """It is one more."""\n',
        '''    """It is one more."""
    marks = Path(os.environ["MARKS"])
    with (marks / f"job-{os.getpid()}").open("a") as file:
        file.write("x")
    while not (marks / "go").exists():
        time.sleep(0.02)
''',
    )
    .replace('exercise("successor")', 'exercise("successor", seconds=60)')
)


class Cluster:
    """A scheduler, and workers each in a checkout of its own.

    Args:
        folder: for all that they write.
    """

    def __init__(self, folder):
        self._folder = folder
        self._programs = []
        self.marks = folder / "marks"
        self.marks.mkdir()
        self.grader = self.checkout("here").graders / "week01_toy.py"
        file = folder / "scheduler.json"
        self._run("scheduler", *HERE, "--port", 0, "--scheduler-file", file, cwd=folder)
        self.address = wait_for(lambda: file.exists() and json.loads(file.read_text())["address"])

    def checkout(self, name):
        return write_toy(self._folder / name, grader=MARKING)

    def worker(self, name, *options):
        """Starts one; gives its process and its checkout."""
        project = self.checkout(name)
        options = ("--nthreads", 1, "--local-directory", self._folder / f"{name}.tmp", *options)
        return self._run("worker", self.address, *HERE, *options, cwd=project.root), project

    def _run(self, *command, cwd):
        command = [sys.executable, "-m", "dask", *map(str, command)]
        environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "MARKS": str(self.marks)}
        with (self._folder / "log").open("ab") as log:
            program = subprocess.Popen(command, cwd=cwd, env=environment, stdout=log, stderr=log)
        self._programs.append(program)
        return program

    def close(self):
        # Told to end together, Dask's scheduler and workers now and then wait for ever.
        for program in self._programs:
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in psutil.Process(program.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            program.kill()
            program.wait(SECONDS)


def wait_for(condition):
    """Gives the first value of `condition` that is true."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(ValueError):  # a file half written
            if value := condition():
                return value
        time.sleep(0.02)
    raise TimeoutError("what a test waits for did not happen")


@pytest.fixture
def cluster(tmp_path):
    with contextlib.closing(Cluster(tmp_path)) as cluster:
        yield cluster


@pytest.fixture
def grade(tmp_path, monkeypatch, capfd):
    """Grades three submissions in this process; gives exit code and standard error."""
    hand_in(tmp_path / "class", class_of(3))

    def run(*arguments):
        monkeypatch.chdir(tmp_path / "here")
        command = ["grade", tmp_path / "class", "--out", tmp_path / "out", *arguments]
        return cli.main([str(argument) for argument in command]), capfd.readouterr().err

    return run


def test_a_worker_is_killed_and_every_grade_arrives_once(cluster, tmp_path):
    n, marks = 9, cluster.marks
    hand_in(tmp_path / "class", class_of(n))
    workers = [cluster.worker(name, "--no-nanny")[0] for name in ("one", "two")]
    command = ("grade", tmp_path / "class", "--out")
    run = start(*command, tmp_path / "out", "--cluster", cluster.address, cwd=tmp_path / "here")
    jobs = wait_for(lambda: len(found := list(marks.glob("job-*"))) == 2 and found)
    jobs = {int(job.name.removeprefix("job-")): job for job in jobs}
    lost = next(pid for pid in jobs if psutil.Process(pid).ppid() == workers[0].pid)
    workers[0].kill()
    wait_for(lambda: not psutil.pid_exists(lost))
    (marks / "go").touch()
    printed, errors = run.communicate(timeout=SECONDS)
    assert (run.returncode, errors) == (0, "")
    assert f"graded {n} submissions" in printed
    assert sum(len(job.read_text()) for job in jobs.values()) == n + 1  # one was graded twice
    with Gradebook(tmp_path / "out") as gradebook:
        scores = {grade.student.id: grade.score for grade in gradebook.grades()}
    assert scores == {f"s{number:03}": (3, 2, 1)[number % 3] for number in range(n)}
    (other,) = jobs.keys() - {lost}
    wait_for(lambda: not psutil.pid_exists(other))  # after the run, workers give memory back


def test_workers_that_cannot_grade_are_named(cluster, grade, monkeypatch):
    monkeypatch.setattr("course.classroom.cluster.CONNECT_SECONDS", 1.0)
    code, error = grade("--cluster", cluster.address)
    assert code == 2 and "the scheduler has no workers; start some" in error
    monkeypatch.setattr("course.classroom.cluster.CONNECT_SECONDS", SECONDS)
    _, project = cluster.worker("one")
    code, error = grade("--cluster", cluster.address)
    assert code == 2 and "start it with --no-nanny" in error
    (project.graders / "week01_toy.py").write_text(MARKING.replace("5)", "6)"))
    code, error = grade("--cluster", cluster.address)
    assert code == 2 and "has another version of the course in" in error


def test_no_scheduler_answers(grade, tmp_path, monkeypatch):
    write_toy(tmp_path / "here")
    monkeypatch.setattr("course.classroom.cluster.CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for address in (f"tcp://127.0.0.1:{port}", "nonsense://127.0.0.1:1"):
        code, error = grade("--cluster", address)
        assert code == 2 and f"no Dask scheduler answers at {address}" in error


def test_dask_is_not_installed(grade, tmp_path, monkeypatch):
    write_toy(tmp_path / "here")
    for name in [name for name in sys.modules if name.startswith("course.classroom.cluster")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("course.classroom.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "dask", None)
    code, error = grade("--cluster", "tcp://127.0.0.1:8786")
    assert code == 2 and "python -m pip install -e '.[cluster]'" in error


def test_a_report_crosses_unchanged():
    message = "expected 1, got \ud800 민지\x00"
    checks = (
        CheckResult("w.f", "a", "A.", "failed", 1 / 3, 0.1, message, "doubles", 2, 0.5),
        CheckResult("w.g", "b", "B.", "passed", 2.0),
    )
    report = Report("김", 7, checks)
    assert read_answer(answer(report, 0.1 + 0.2)) == (report, 0.1 + 0.2)
