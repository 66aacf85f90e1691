"""How fast a class is graded, against what anybody would do without `course`.

    python benchmarks/grading_throughput.py [--submissions 20] [--numpy-only]

The same submissions, each with sliding windows, a model on a frozen base and a small Conv1D
autoencoder trained for two epochs, half of them wrong, go through the same checks in three ways:

(a) the checks alone, as plain functions in one process that is warm already: the lower bound;
(b) one fresh pytest process for each submission;
(c) `course grade`, fully isolated, with one job and with two.

Then `course grade` with the exercise that needs NumPy only. "steady" is the time from the first
recorded grade to the last, divided by the number of grades between: what a large class costs,
without the seconds in which each job loads TensorFlow. "memory" is the most that a worker did not
share with its template.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil

from course import lazy
from course.project import Project
from course.table import format_table

WEEK = "week01_benchmark"
RIGHT = '''"""Week 1: what the benchmark grades."""

import keras
import numpy as np

from course import exercise


@exercise(points=1, difficulty=1, minutes=1, hints=("Slide.",))
def split_sequence(sequence, n_steps):
    """Windows of n_steps values, and the value after each."""
    starts = range(len(sequence) - n_steps)
    X = np.array([sequence[i : i + n_steps] for i in starts])
    return X, np.array([sequence[i + n_steps] for i in starts])


@exercise(points=1, difficulty=1, minutes=1, hints=("Freeze.",), uses=("keras",))
def build_transfer_model(base, n_classes):
    """A compiled classifier on a frozen base."""
    base.trainable = False
    images = keras.Input(base.input_shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(base(images, training=False))
    model = keras.Model(images, keras.layers.Dense(n_classes, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


@exercise(points=1, difficulty=1, minutes=1, hints=("Fit.",), uses=("keras",))
def train_autoencoder(X):
    """A Conv1D autoencoder, trained for two epochs on windows (n, steps, channels)."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(X.shape[1:]),
            layers.Conv1D(8, 3, padding="same", activation="relu"),
            layers.Conv1D(4, 3, padding="same", activation="relu"),
            layers.Conv1D(X.shape[2], 3, padding="same"),
        ]
    )
    model.compile("adam", "mse")
    model.fit(X, X, epochs=2, batch_size=32, verbose=0)
    return model
'''
WRONG = (
    RIGHT.replace("sequence[i + n_steps] for", "sequence[i + n_steps - 1] for")
    .replace("base.trainable = False", "base.trainable = True")
    .replace("layers.Conv1D(X.shape[2], 3", "layers.Conv1D(1, 3")
)
CHECKS = '''"""Checks of the benchmark; `submission` is a grader's, or a plain module."""

import numpy as np
import pytest


@pytest.mark.exercise("split_sequence")
def test_windows(submission):
    """The target is the value after the window."""
    X, y = submission.split_sequence(np.arange(30.0), 4)
    assert np.allclose(X[:, 0], np.arange(26)) and np.allclose(y, np.arange(4, 30))


@pytest.mark.exercise("build_transfer_model", seconds=60)
def test_base_does_not_move(submission):
    """Training moves the head, and not the base."""
    keras = submission.module("keras")
    layers = [keras.Input((16, 16, 3)), keras.layers.Conv2D(8, 3), keras.layers.Conv2D(8, 3)]
    base = keras.Sequential(layers)
    before = base.get_weights()
    model = submission.build_transfer_model(base, 3)
    images = np.random.default_rng(0).normal(size=(32, 16, 16, 3)).astype("float32")
    head = model.get_weights()[-1]
    model.fit(images, np.arange(32) % 3, epochs=1, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, base.get_weights()))
    assert not np.array_equal(head, model.get_weights()[-1])


@pytest.mark.exercise("train_autoencoder", seconds=60)
def test_reproduces(submission):
    """What comes out has the shape of what goes in."""
    X = np.random.default_rng(0).normal(size=(256, 16, 3)).astype("float32")
    model = submission.train_autoencoder(X)
    assert np.asarray(model.predict(X, verbose=0)).shape == X.shape
'''
CONFTEST = """
import importlib
import pytest


class Plain:
    def __init__(self, module):
        self._module = module

    def module(self, name):
        return importlib.import_module(name)

    def __getattr__(self, name):
        return getattr(self._module, name)


@pytest.fixture
def submission():
    return Plain(importlib.import_module("week01_benchmark"))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how fast a class is graded.")
    parser.add_argument("--submissions", type=int, default=20, metavar="N")
    parser.add_argument("--numpy-only", action="store_true", help="only the last measurement")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write_course(root / "checkout")
        write_class(root / "class", options.submissions)
        rows = []
        for measured in measure(root, options.numpy_only):
            print(f"{measured['what']}: {measured['s per submission']} s", file=sys.stderr)
            rows.append(measured)
        print(format_table(rows))


def measure(root: Path, numpy_only: bool) -> Iterator[dict[str, object]]:
    if not numpy_only:
        bound = plain_checks(root / "class")
        yield row("(a) the checks alone, warm", bound)
        fresh = fresh_pytest(root / "class")
        yield row("(b) a fresh pytest process each", fresh, fresh / bound)
        for n_jobs in (1, 2):
            yield graded(root, n_jobs, [WEEK], f"(c) course grade --jobs {n_jobs}", bound)
    for n_jobs in (1, 2):
        what = f"    NumPy only, --jobs {n_jobs}"
        yield graded(root, n_jobs, [f"{WEEK}.split_sequence"], what, None)


def row(what: str, whole: float, ratio: float | None = None, **more: object) -> dict[str, object]:
    times = {"s per submission": f"{whole:.3f}", "times (a)": ratio and f"{ratio:.2f}"}
    return {"what": what, **times, **more}


def write_course(root: Path) -> None:
    for folder, text in (
        ("solutions", RIGHT),
        ("exercises", RIGHT),
        ("tests/graders", CHECKS),
    ):
        (root / folder).mkdir(parents=True)
        (root / folder / f"{WEEK}.py").write_text(text, encoding="utf-8")
    (root / "course").mkdir()


def write_class(folder: Path, n: int) -> None:
    for number in range(n):
        own = folder / f"s{number:03}"
        own.mkdir(parents=True)
        text = f"{(RIGHT, WRONG)[number % 2]}\n# student {number}\n"
        (own / f"{WEEK}.py").write_text(text, encoding="utf-8")
        (own / "test_plain.py").write_text(CHECKS, encoding="utf-8")
        (own / "conftest.py").write_text(CONFTEST, encoding="utf-8")


def plain_checks(folder: Path) -> float:
    """Seconds a submission takes when its checks are plain calls, after one that is not counted."""
    checks = load(next(folder.iterdir()) / "test_plain.py")
    plain: Any = load(next(folder.iterdir()) / "conftest.py")
    seconds: list[float] = []
    for own in sorted(folder.iterdir()):
        for _ in range(1 if seconds else 2):
            started = time.perf_counter()
            submission = plain.Plain(load(own / f"{WEEK}.py"))
            for name, check in vars(checks).items():
                if name.startswith("test_"):
                    with contextlib.suppress(AssertionError):
                        check(submission)
        seconds.append(time.perf_counter() - started)
    return sum(seconds) / len(seconds)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fresh_pytest(folder: Path) -> float:
    started = time.perf_counter()
    for own in sorted(folder.iterdir()):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plain.py"]
        run(command, own, expected=(0, 1))
    return (time.perf_counter() - started) / len(list(folder.iterdir()))


def graded(
    root: Path, n_jobs: int, what: list[str], label: str, bound: float | None
) -> dict[str, object]:
    out = root / f"out-{len(what[0])}-{n_jobs}"
    command = [sys.executable, "-m", "course", "grade", str(root / "class"), "--out", str(out)]
    started = time.perf_counter()
    with most_memory() as memory:
        run([*command, "--jobs", str(n_jobs), "--weeks", *what], root / "checkout", expected=(0,))
    seconds = time.perf_counter() - started
    with contextlib.closing(sqlite3.connect(out / "gradebook.sqlite")) as db:
        n, first, last, right = db.execute(
            "SELECT count(*), min(graded_at), max(graded_at), sum(score = max_score) "
            "FROM submissions"
        ).fetchone()
    if right != (n + 1) // 2:
        raise RuntimeError(f"expected half of {n} submissions to be right, got {right}")
    steady = (last - first) / (n - 1)
    return row(
        label,
        seconds / n,
        bound and seconds / n / bound,
        steady=f"{steady:.3f}",
        **{"steady times (a)": bound and f"{steady / bound:.2f}", "memory, MB": memory[0] >> 20},
    )


def run(command: list[str], folder: Path, expected: tuple[int, ...]) -> None:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment["PYTHONPATH"] = str(Project.find(Path(__file__).parent).root)
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in expected:
        raise RuntimeError(done.stdout + done.stderr)


@contextlib.contextmanager
def most_memory() -> Iterator[list[int]]:
    """The most bytes that a process forked from a template had to itself."""
    most = [0]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if _is_template(process.parent()):
                        most[0] = max(most[0], process.memory_full_info().uss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def _is_template(process: psutil.Process | None) -> bool:
    return (
        process is not None
        and process.name() != "bwrap"
        and "sandbox.template" in " ".join(process.cmdline())
    )


if __name__ == "__main__":
    lazy.install()
    main()
