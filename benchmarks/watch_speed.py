"""How long after a save `course watch` shows the verdict.

    python benchmarks/watch_speed.py [--runs 3] [--saves 200] [WEEK[.EXERCISE] …]

A copy of the course is watched on a terminal of its own. For each exercise whose checks train
nothing, a wrong answer (its first misconception) and the right one are saved in turn. The clock
starts with the file's modification time, and stops when the terminal has received the frame with
the new verdict: of a wrong answer the first failed check, of a right one all of them. Exercises
that use TensorFlow are included, and reported by themselves as well. In between, `python -c pass`
is started, to tell how busy the machine was (0.02 s when idle).

Then one exercise is saved `--saves` times in a row, and the processes and memory of everything
that watching has started are compared before and after.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import inspect
import os
import pty
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from multiprocessing.connection import wait
from pathlib import Path

import psutil

from course import lazy
from course.catalogue import Exercise, read_catalogue, select
from course.grading.diagnosis import load_misconceptions
from course.project import Project
from course.source import bound_names
from course.table import format_table

PARTS = ("solutions", "exercises", "datasets", "tests")
TRAINING = re.compile(r"\.fit\(|\.train_on_batch\(|\.train_step\(|apply_gradients")
PATIENCE_SECONDS = 120.0


@dataclass
class Watched:
    """A `course watch` on a terminal, and the copy of the course that it watches."""

    project: Project
    process: subprocess.Popen[bytes]
    terminal: int

    def save(self, week: str, text: str) -> float:
        """Writes a week's file as many editors do; returns its modification time."""
        path = self.project.exercises / f"{week}.py"
        path.write_text(text, encoding="utf-8")
        return path.stat().st_mtime_ns / 1e9

    def wait_for(self, text: str) -> float:
        """The time at which the terminal had received a text."""
        received, deadline = b"", time.monotonic() + PATIENCE_SECONDS
        while text.encode() not in received:
            if time.monotonic() > deadline:
                raise RuntimeError(f"no {text!r} came; the last frames were\n{received.decode()}")
            received += self.read()
        return time.time()

    def read(self) -> bytes:
        return os.read(self.terminal, 65_536) if wait([self.terminal], 0.1) else b""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how soon a save is answered.")
    parser.add_argument("--runs", type=int, default=3, help="pairs of saves per exercise")
    parser.add_argument("--saves", type=int, default=200, help="of one exercise, in a row")
    parser.add_argument("exercises", nargs="*", metavar="WEEK[.EXERCISE]")
    options = parser.parse_args()
    lazy.install()
    project = Project.find()
    chosen = select(read_catalogue(project), options.exercises)
    chosen = [exercise for exercise in chosen if not trains(project, exercise)]
    with watched(project, chosen) as watch:
        bare: list[float] = []
        seconds = {}
        for exercise in chosen:
            seconds[exercise] = measure(watch, project, exercise, options.runs)
            bare.append(bare_python())
        report(seconds, bare)
        print()
        endure(watch, project, chosen[0], options.saves)


@contextlib.contextmanager
def watched(project: Project, exercises: Sequence[Exercise]) -> Iterator[Watched]:
    """Watches a copy of the course in which all answers are right, once all are judged."""
    with tempfile.TemporaryDirectory() as name:
        copy = Project(Path(name))
        for part in PARTS:
            shutil.copytree(project.root / part, copy.root / part)
        shutil.copytree(copy.solutions, copy.exercises, dirs_exist_ok=True)
        (copy.root / "course").mkdir()  # by which a checkout is known
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "course", "watch", *(e.id for e in exercises)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=copy.root,
            env=os.environ
            | {"PYTHONPATH": str(project.root), "NO_COLOR": "1", "LINES": "40", "COLUMNS": "100"},
            start_new_session=True,
        )
        os.close(theirs)
        watch = Watched(copy, process, ours)
        try:
            while len(list((copy.state / "results").glob("*.json"))) < len(exercises):
                watch.read()
            yield watch
        finally:
            process.terminate()
            os.close(ours)  # it may be waiting for somebody to read what it draws
            process.wait(30)


def measure(watch: Watched, project: Project, exercise: Exercise, n_runs: int) -> list[float]:
    """Seconds from save to verdict: wrong and right in turn, after one pair that is not counted."""
    right = solution_of(project, exercise)
    wrong = f"{right}\n\n{wrong_answer(project, exercise)}"
    seconds = []
    for _ in range(n_runs + 1):
        for text, mark in ((wrong, "✗"), (right, "✓")):
            saved = watch.save(exercise.week, text)
            seconds.append(watch.wait_for(f"{mark} {exercise.id}") - saved)
    return seconds[2:]


def solution_of(project: Project, exercise: Exercise) -> str:
    return (project.solutions / f"{exercise.week}.py").read_text(encoding="utf-8")


def wrong_answer(project: Project, exercise: Exercise) -> str:
    """The exercise's first misconception, under the exercise's name."""
    known = load_misconceptions(project.misconceptions / f"{exercise.week}.py")
    wrong = next(wrong for wrong in known if wrong.exercise == exercise.name)
    source = textwrap.dedent(inspect.getsource(wrong.function))
    own = source[source.index(f"def {wrong.name}(") :]
    return own.replace(f"def {wrong.name}(", f"def {exercise.name}(", 1)


def trains(project: Project, exercise: Exercise) -> bool:
    """Whether the exercise, or what its checks use, trains a model."""
    solution = solution_of(project, exercise)
    grader = (project.graders / f"{exercise.week}.py").read_text(encoding="utf-8")
    definitions = {
        name: node
        for text in (solution, grader)
        for node in ast.parse(text).body
        for name in bound_names(node)
    }
    waiting = [
        name
        for name, node in definitions.items()
        if any(f"exercise('{exercise.name}'" in ast.unparse(d) for d in decorators(node))
    ]
    waiting.append(exercise.name)
    seen: set[str] = set()
    while waiting:
        node = definitions[waiting.pop()]
        if TRAINING.search(ast.unparse(node)):
            return True
        new = used_names(node) & definitions.keys() - seen
        seen |= new
        waiting += new
    return False


def used_names(node: ast.AST) -> set[str]:
    """Names, and what a grader calls as `submission.NAME`."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        n.attr
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "submission"
    }


def decorators(node: ast.stmt) -> Sequence[ast.expr]:
    return getattr(node, "decorator_list", ())


def bare_python() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - started


def report(seconds: dict[Exercise, list[float]], bare: list[float]) -> None:
    rows = [row(exercise.id, times) for exercise, times in seconds.items()]
    groups = {
        "all": seconds.values(),
        "NumPy alone": [times for e, times in seconds.items() if not e.uses],
        "with TensorFlow": [times for e, times in seconds.items() if e.uses],
    }
    for name, group in groups.items():
        if group:
            rows.append(row(f"{name}: {len(group)} exercises", list(chain(*group))))
    rows.append(row("(python -c pass)", bare))
    print(format_table(rows))


def row(what: str, times: Sequence[float]) -> dict[str, object]:
    ordered = sorted(times)
    return {
        "save to drawn verdict": what,
        "saves": len(times),
        "median s": round(statistics.median(times), 3),
        "90 % within s": round(ordered[int(0.9 * (len(ordered) - 1))], 3),
        "slowest s": round(ordered[-1], 3),
    }


def endure(watch: Watched, project: Project, exercise: Exercise, n_saves: int) -> None:
    """Saves many times in a row, some of them before the verdict on the one before is there."""
    rows = [usage("before", watch)]
    right = solution_of(project, exercise)
    for number in range(n_saves):
        answer = f"\n\ndef {exercise.name}(*arguments):\n    return {number}\n"
        watch.save(exercise.week, right + answer)
        if number % 4:
            watch.wait_for("checked")
        if number + 1 in (n_saves // 4, n_saves // 2):
            rows.append(usage(f"after {number + 1} saves", watch))
    saved = watch.save(exercise.week, right)
    seconds = watch.wait_for(f"✓ {exercise.id}") - saved
    rows.append(usage(f"after {n_saves} saves", watch))
    print(format_table(rows))
    print(f"the last save was answered after {seconds:.3f} s")


def usage(when: str, watch: Watched) -> dict[str, object]:
    """What watching occupies, once the last worker is gone."""
    time.sleep(1)
    own = psutil.Process(watch.process.pid)
    family = [own, *own.children(recursive=True)]
    megabytes = {process: process.memory_full_info().uss / 2**20 for process in family}
    return {
        "when": when,
        "processes": len(family),
        "threads": sum(process.num_threads() for process in family),
        "open files": sum(process.num_fds() for process in family),
        "own MB": round(megabytes[own]),
        "all MB": round(sum(megabytes.values())),
    }


if __name__ == "__main__":
    main()
