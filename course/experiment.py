"""The frame around a week's experiment: options, progress, results, metrics.json and figures."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from course.errors import CourseError
from course.figures import in_words, title_of
from course.language import say, speak
from course.project import Project, write_text
from course.table import format_table
from course.words import source_words, value_against_bar

if TYPE_CHECKING:
    from keras.callbacks import Callback
    from matplotlib.figure import Figure

T = TypeVar("T")
USER_ERROR, INTERRUPTED = 2, 130


class Experiment:
    """Collects what a run measures and saves it, when the run has come to its end.

    A context manager. On the way out it prints the table, writes `metrics.json` and forgets the
    steps that were kept for resuming; when interrupted it keeps them.

    Args:
        week: the module's name.
        out: where results go.
        quick: a small run, to see that everything works.
        seed: where randomness begins.
        version: whatever makes steps of an earlier, interrupted run unusable when it changes.
    """

    def __init__(self, week: str, out: Path, quick: bool, seed: int, version: str) -> None:
        self.week = week
        self.quick = quick
        self.seed = seed
        self._out = out
        self._version = version
        self._started = time.perf_counter()
        self._data: dict[str, Any] = {}
        self._metrics: dict[str, float] = {}
        self._bars: dict[str, dict[str, Any]] = {}
        self._rows: list[dict[str, Any]] = []

    @classmethod
    def from_arguments(cls, script: str, arguments: Sequence[str] | None = None) -> Experiment:
        """An experiment with the options of `python -m solutions.WEEK [--quick] [--out DIR]`.

        Args:
            script: the module's `__file__`.
            arguments: the options; None means the command line's.
        """
        path = Path(script)
        _speak()
        parser = argparse.ArgumentParser(
            prog=path.stem, description=say("Run the week's experiment.")
        )
        parser.add_argument("--quick", action="store_true", help=say("a smaller run, in seconds"))
        parser.add_argument(
            "--out", type=Path, metavar="DIR", help=say("default: {path}", path=f"runs/{path.stem}")
        )
        parser.add_argument("--seed", type=int, default=0, metavar="N")
        options = parser.parse_args(arguments)
        out = options.out or Project.find().runs / path.stem
        version = hashlib.sha256(path.read_bytes()).hexdigest()
        return cls(path.stem, out, options.quick, options.seed, version)

    def __enter__(self) -> Experiment:
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self._out).close()
        except OSError as error:
            message = say(
                "cannot write results to {path}: {why}", path=self._out, why=error.strerror
            )
            _explain(CourseError(message))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            _explain(error)
            return
        self._save_metrics()
        self._steps_path.unlink(missing_ok=True)
        name, source = self._data.get("name"), source_words(self._data.get("source"))
        print("\n" + say("{week} on {name} ({data})", week=self.week, name=name, data=source))
        print(format_table(self._rows))
        for name, bar in self._bars.items():
            words = value_against_bar(_shown(self._metrics[name]), bar, _shown)
            print(f"{'✓' if bar['met'] else '✗'} {name} {words}")
        print(say("results in {path}", path=self._out))

    def uses_data(self, provenance: dict[str, Any]) -> None:
        """Names the data that everything is measured on: name, source (real or embedded), n."""
        self._data = provenance

    def metric(
        self,
        name: str,
        value: float,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        """Records a figure and, where there is one, the bar that it is to meet."""
        self._metrics[name] = float(value)
        if at_most is not None:
            self._bars[name] = {"at_most": at_most, "met": bool(value <= at_most)}
        if at_least is not None:
            self._bars[name] = {"at_least": at_least, "met": bool(value >= at_least)}

    def row(self, **cells: object) -> None:
        """Adds a row to the printed table; columns appear in the order of their first mention."""
        self._rows.append(cells)

    def save_figure(self, figure: Figure, name: str) -> None:
        """Saves a figure as `NAME.png`, with words for those who cannot see it, and closes it."""
        import matplotlib.pyplot as plt

        figure.savefig(
            self._out / f"{name}.png",
            dpi=120,
            bbox_inches="tight",
            metadata={
                "Title": title_of(figure) or name.replace("_", " "),
                "Description": in_words(figure),
            },
        )
        plt.close(figure)

    def progress(self, items: Iterable[T], what: str) -> Iterable[T]:
        """The items, with a progress bar on a terminal."""
        from tqdm import tqdm

        return tqdm(items, desc=what, leave=False, disable=not sys.stderr.isatty())

    def epochs(self, n_epochs: int, what: str) -> Callback:
        """A callback for `model.fit(..., verbose=0)` that shows epochs as a progress bar."""
        import keras
        from tqdm import tqdm

        bar = tqdm(total=n_epochs, desc=what, leave=False, disable=not sys.stderr.isatty())

        def advance(epoch: int, logs: Mapping[str, float]) -> None:
            bar.set_postfix(loss=f"{logs['loss']:.4g}")
            bar.update()

        return keras.callbacks.LambdaCallback(
            on_epoch_end=advance, on_train_end=lambda logs: bar.close()
        )

    def step(self, name: str, compute: Callable[[], T]) -> T:
        """Computes something that takes long, or takes it from an interrupted run of the same code.

        Args:
            name: tells the steps of a run apart.
            compute: returns what JSON can hold.
        """
        done = self._finished_steps()
        key = f"{name}, quick={self.quick}, seed={self.seed}, {self._data}"
        if key not in done["steps"]:
            # Through JSON and back, so that a run that goes on gets what a fresh one gets.
            done["steps"][key] = json.loads(json.dumps(compute()))
            write_text(self._steps_path, json.dumps(done))
        return done["steps"][key]

    @property
    def _steps_path(self) -> Path:
        return self._out / "unfinished.json"

    def _finished_steps(self) -> dict[str, Any]:
        try:
            done = json.loads(self._steps_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            done = {}
        if not isinstance(done, dict) or done.get("version") != self._version:
            done = {"version": self._version, "steps": {}}
        return done

    def _save_metrics(self) -> None:
        result = {
            "week": self.week,
            "data": self._data,
            "seed": self.seed,
            "quick": self.quick,
            "seconds": round(time.perf_counter() - self._started, 1),
            "metrics": _finite(self._metrics),
            "bars": self._bars,
            "table": [_finite(row) for row in self._rows],
        }
        write_text(self._out / "metrics.json", json.dumps(result, indent=1) + "\n")


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, with None for NaN and infinities, which JSON does not know."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


def _explain(error: BaseException) -> None:
    """Leaves the program with a line instead of a traceback where that says all."""
    if isinstance(error, KeyboardInterrupt):
        words = say("interrupted; the same command goes on from here")
        print(f"course: {words}", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    # Only a run that reads data has met its errors, and has imported them.
    files = sys.modules.get("datasets.files")
    data_errors = (files.DataError,) if files else ()
    if isinstance(error, (CourseError, NotImplementedError, *data_errors)):
        print(f"course: {_message(error)}", file=sys.stderr)
        raise SystemExit(USER_ERROR) from None


def _message(error: BaseException) -> str:
    """What an error says; what a stub says, in the user's language."""
    name, is_stub, rest = str(error).partition(" is still to be written")
    if is_stub and not rest:
        return say("{name} is still to be written", name=name)
    return str(error)


def _shown(value: float) -> str:
    return f"{value:.6g}"


def _speak() -> None:
    try:
        speak(None)
    except CourseError as error:
        _explain(error)
