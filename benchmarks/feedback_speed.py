"""How fast a student is answered, as ratios to a baseline measured in the same run.

    python benchmarks/feedback_speed.py [--runs 9]

(a) `course list` and `course hint` against `python -c pass`.
(b) A cold `course check week04_sequences.split_sequence` against a fresh pytest process that
    imports the same submission in the ordinary way, keras included, and asserts the same things.
(c) The same check when the template process is warm, as in a watch loop.

Every figure is the median of alternating runs, after one of each that is not counted, so that both
sides find their files in the system's cache. Both sides of (b) start a new interpreter each time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from course import lazy
from course.catalogue import read_catalogue, select
from course.grading.grade import grade
from course.project import Project
from course.sandbox.launcher import Sandbox
from course.table import format_table

EXERCISE = "week04_sequences.split_sequence"

# The same assertions as the grader's, in the way of most courses: import and assert.
PLAIN_TEST = """
import numpy as np
import pytest
from week04_sequences import split_sequence


def check(sequence, n_steps):
    X, y = split_sequence(sequence, n_steps)
    count = len(sequence) - n_steps
    np.testing.assert_allclose(X, [sequence[i : i + n_steps] for i in range(count)])
    np.testing.assert_allclose(y, sequence[n_steps:])


def test_short():
    check(np.arange(6.0), 3)


def test_hidden():
    for n, n_steps in ((12, 1), (9, 8), (30, 7)):
        check(np.random.default_rng(0).normal(size=n), n_steps)


def test_features():
    check(np.arange(12.0).reshape(6, 2), 4)


def test_errors():
    for n_steps in (0, 6):
        with pytest.raises(ValueError):
            split_sequence(np.arange(5.0), n_steps)
"""

# A student's file: the week's imports, one exercise done.
SUBMISSION = """
import keras
import numpy as np


def split_sequence(sequence, n_steps):
    sequence = np.asarray(sequence)
    n_windows = len(sequence) - n_steps
    if n_steps < 1 or n_windows < 1:
        raise ValueError(f"expected 1 <= n_steps < {len(sequence)}, got {n_steps}")
    X = np.stack([sequence[i : i + n_steps] for i in range(n_windows)])
    return X, sequence[n_steps:]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how fast a student is answered.")
    parser.add_argument("--runs", type=int, default=9, help="counted runs of each (default: 9)")
    n_runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "week04_sequences.py").write_text(SUBMISSION, encoding="utf-8")
        (folder / "test_plain.py").write_text(PLAIN_TEST, encoding="utf-8")
        print(format_table([*listing(n_runs), *cold(folder, n_runs), warm(folder, n_runs)]))


def listing(n_runs: int) -> list[dict[str, object]]:
    commands = {
        "python -c pass": python("-c", "pass"),
        "course list": python("-m", "course", "list"),
        "course hint": python("-m", "course", "hint", EXERCISE),
    }
    seconds = medians(commands, n_runs)
    bare = seconds["python -c pass"]
    return [
        row(f"(a) {name}", seconds[name], f"{seconds[name] / bare:.1f} times bare Python", aim)
        for name, aim in (
            ("python -c pass", ""),
            ("course list", "at most 10 times"),
            ("course hint", "at most 10 times"),
        )
    ]


def cold(folder: Path, n_runs: int) -> list[dict[str, object]]:
    commands = {
        "pytest": python(
            "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plain.py", cwd=folder
        ),
        "course": python("-m", "course", "check", EXERCISE, "--target", str(folder)),
    }
    seconds = medians(commands, n_runs)
    ratio = f"{seconds['pytest'] / seconds['course']:.1f} times faster"
    return [
        row("(b) pytest that imports keras, cold", seconds["pytest"], "", ""),
        row("(b) course check, cold", seconds["course"], ratio, "at least 3 times"),
    ]


def warm(folder: Path, n_runs: int) -> dict[str, object]:
    lazy.install()
    project = Project.find()
    exercises = select(read_catalogue(project), [EXERCISE])
    with Sandbox() as sandbox:
        sandbox.warm_up(["keras"])
        check = {"warm": lambda: passed(grade(project, exercises, folder, sandbox).passed)}
        seconds = medians(check, n_runs)["warm"]
    return row("(c) course check, template warm", seconds, "", "at most 0.3 s")


def python(*arguments: str, cwd: Path | None = None) -> Callable[[], None]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}

    def run() -> None:
        subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return run


def passed(outcome: bool) -> None:
    if not outcome:
        raise RuntimeError("the check that was to be timed did not pass")


def medians(commands: dict[str, Callable[[], None]], n_runs: int) -> dict[str, float]:
    """Median seconds of each, the commands taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(n_runs + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            command()
            if turn:  # the first of each fills the system's caches
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def row(what: str, seconds: float, ratio: str, aim: str) -> dict[str, object]:
    return {"what": what, "seconds": f"{seconds:.3f}", "ratio": ratio, "aim": aim}


if __name__ == "__main__":
    main()
