"""Runs: what they save, what they say, and that an interrupted one goes on where it was."""

import json
import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from course.errors import CourseError
from course.experiment import Experiment
from course.project import Project
from course.table import format_table
from datasets.files import DataError

CHECKOUT = Project.find().root

SCRIPT = """
import signal

# As in a terminal, also where these tests run in the background of a shell.
signal.signal(signal.SIGINT, signal.default_int_handler)
import sys, time
from pathlib import Path
from course.experiment import Experiment

here = Path(__file__).parent

def compute(name):
    with (here / "log").open("a") as log:
        log.write(name + " ")
    while name == "second" and (here / "hang").exists():
        time.sleep(0.01)
    return {"name": name, "values": (1, float("nan"))}

with Experiment.from_arguments(__file__) as run:
    run.uses_data({"name": "nothing", "source": "embedded", "n": 0})
    for name in run.progress(["first", "second", "third"], "steps"):
        result = run.step(name, lambda: compute(name))
        assert result["values"][0] == 1 and type(result["values"]) is list
    run.metric("steps", 3)
"""


def experiment(out, version="1", quick=False, seed=0):
    return Experiment("week01_toy", out, quick, seed, version)


def saved(out):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    text = (out / "metrics.json").read_text(encoding="utf-8")
    return json.loads(text, parse_constant=refuse)


def test_metrics_json(tmp_path, capsys):
    out = tmp_path / "runs" / "week01_toy"
    with experiment(out, seed=3, quick=True) as run:
        run.uses_data({"name": "ridership", "source": "real", "n": 5})
        run.metric("mae", np.float32(2.5), at_most=3)
        run.metric("auc", 0.5, at_least=0.9)
        run.metric("exactly", 1, at_least=1)
        run.metric("plain", 7)
        run.row(model="GRU", value=2.5)
        assert not (out / "metrics.json").exists()
    result = saved(out)
    assert result.pop("seconds") >= 0
    assert result == {
        "week": "week01_toy",
        "data": {"name": "ridership", "source": "real", "n": 5},
        "seed": 3,
        "quick": True,
        "metrics": {"mae": 2.5, "auc": 0.5, "exactly": 1.0, "plain": 7.0},
        "bars": {
            "mae": {"at_most": 3, "met": True},
            "auc": {"at_least": 0.9, "met": False},
            "exactly": {"at_least": 1, "met": True},
        },
        "table": [{"model": "GRU", "value": 2.5}],
    }
    assert [path.name for path in out.iterdir()] == ["metrics.json"]
    printed = capsys.readouterr().out
    assert "week01_toy on ridership (real data)" in printed
    assert "✓ mae 2.5, at most 3\n" in printed and "✗ auc 0.5, at least 0.9\n" in printed
    assert f"results in {out}" in printed and "plain" not in printed


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers(tmp_path, value, capsys):
    with experiment(tmp_path) as run:
        run.metric("loss", value, at_most=1.0)
        run.metric("gain", -value, at_least=1.0)
        run.row(model="GRU", value=value, baseline=np.float64(value))
    result = saved(tmp_path)
    assert result["metrics"] == {"loss": None, "gain": None}
    assert result["bars"]["loss"]["met"] is (value == -math.inf)
    assert result["bars"]["gain"]["met"] is (value == -math.inf)
    assert result["table"] == [{"model": "GRU", "value": None, "baseline": None}]
    assert str(value) in capsys.readouterr().out


def test_failed_run_leaves_no_metrics(tmp_path, capsys):
    with pytest.raises(ZeroDivisionError), experiment(tmp_path) as run:
        run.step("first", lambda: 1)
        run.metric("loss", 1 / 0)
    assert not (tmp_path / "metrics.json").exists() and capsys.readouterr().out == ""
    with experiment(tmp_path) as run:
        assert run.step("first", lambda: 2) == 1  # it was done
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]
    with experiment(tmp_path) as run:
        assert run.step("first", lambda: 2) == 2  # the run had come to its end


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (CourseError("no week"), 2, "course: no week\n"),
        (DataError("altered"), 2, "course: altered\n"),
        (NotImplementedError("split_sequence is still to be written"), 2, "course: split_seq"),
        (KeyboardInterrupt(), 130, "course: interrupted"),
    ],
)
def test_what_needs_no_traceback(tmp_path, capsys, error, code, says):
    with pytest.raises(SystemExit) as leaving, experiment(tmp_path):
        raise error
    assert leaving.value.code == code
    assert capsys.readouterr().err.startswith(says)


def test_steps_are_kept_apart(tmp_path):
    def stopped(**options):
        """What an interrupted run got for one step."""
        with pytest.raises(ZeroDivisionError), experiment(tmp_path, **options) as run:
            run.uses_data({"n": options.get("seed", 0)})
            results.append(run.step("fit", lambda: len(results)))
            raise ZeroDivisionError
        return results[-1]

    results = []
    assert stopped() == 0 and stopped() == 0
    assert stopped(quick=True) == 2
    assert stopped(seed=1) == 3
    assert stopped(quick=True) == 2 and stopped() == 0
    assert stopped(version="2") == 6  # the code is another
    assert stopped() == 7


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"version": "1"', "\udc80"])
def test_damaged_steps_are_computed_anew(tmp_path, content):
    (tmp_path / "unfinished.json").write_bytes(content.encode(errors="surrogateescape"))
    with experiment(tmp_path) as run:
        assert run.step("fit", lambda: [1.5]) == [1.5]


def test_out_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SystemExit) as leaving, experiment(out):
            raise AssertionError("it must stop before the work")
        assert leaving.value.code == 2
        assert capsys.readouterr().err.startswith(f"course: cannot write results to {out}: ")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no /proc")
def test_out_that_is_there_and_read_only(capsys):
    with pytest.raises(SystemExit), experiment(CHECKOUT.__class__("/proc/self")):
        raise AssertionError("it must stop before the work")
    assert "course: cannot write results to /proc/self" in capsys.readouterr().err


def test_figures_are_saved_and_closed(tmp_path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.image
    import matplotlib.pyplot as plt

    with experiment(tmp_path) as run:
        figure, axes = plt.subplots(figsize=(3, 2))
        axes.plot([0, 1], [1, 0], label="half")
        axes.set(title="Rays", xlabel="length in m", ylabel="light")
        axes.legend()
        run.save_figure(figure, "a_line")
        assert figure.number not in plt.get_fignums()
    pixels = matplotlib.image.imread(tmp_path / "a_line.png")
    assert pixels.std() > 0 and min(pixels.shape[:2]) > 100
    with Image.open(tmp_path / "a_line.png") as image:
        assert image.info["Title"] == "Rays"
        assert image.info["Description"] == "Rays; x: length in m; y: light; lines: half"


def test_arguments(tmp_path):
    script = tmp_path / "week07_vit.py"
    script.write_text("")
    run = Experiment.from_arguments(str(script), ["--quick", "--seed", "4"])
    assert (run.week, run.quick, run.seed) == ("week07_vit", True, 4)
    with Experiment.from_arguments(str(script), ["--out", str(tmp_path / "x")]) as run:
        assert (run.quick, run.seed) == (False, 0)
    assert saved(tmp_path / "x")["week"] == "week07_vit"
    with pytest.raises(SystemExit):
        Experiment.from_arguments(str(script), ["--sede", "4"])


def test_progress_is_silent_without_a_terminal(tmp_path, capfd):
    with experiment(tmp_path) as run:
        assert list(run.progress(range(3), "counting")) == [0, 1, 2]
    assert capfd.readouterr().err == ""


@pytest.fixture
def script(tmp_path):
    """Starts a run of three steps, of which the second waits for as long as `hang` is there."""
    path = tmp_path / "week01_steps.py"
    path.write_text(SCRIPT)

    def start():
        return subprocess.Popen(
            [sys.executable, "-W", "error", str(path), "--out", str(tmp_path / "out")],
            env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def started(tmp_path):
    log = tmp_path / "log"
    return log.read_text().split() if log.exists() else []


def stop_in_second_step(process, tmp_path, signal_number):
    while started(tmp_path)[-1:] != ["second"]:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal_number)
    return process.communicate(timeout=60)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_killed_run_goes_on(tmp_path, script, name):
    (tmp_path / "hang").touch()
    with script() as process:
        err = stop_in_second_step(process, tmp_path, getattr(signal, name))
    said = "course: interrupted; the same command goes on from here\n"
    assert err == (said if name == "SIGINT" else "")
    assert not (tmp_path / "out" / "metrics.json").exists()
    (tmp_path / "hang").unlink()
    with script() as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "") and "results in" in out
    assert started(tmp_path) == ["first", "second", "second", "third"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["metrics.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
def test_steps_of_other_code_are_not_used(tmp_path, script):
    (tmp_path / "hang").touch()
    with script() as process:
        stop_in_second_step(process, tmp_path, signal.SIGKILL)
    (tmp_path / "hang").unlink()
    (tmp_path / "week01_steps.py").write_text(SCRIPT + "# changed\n")
    with script() as process:
        process.communicate()
    assert started(tmp_path) == ["first", "second", "first", "second", "third"]


def test_table():
    rows = [
        {"model": "trees", "metric": "mae", "value": 27_216.4, "seconds": None},
        {"model": "GRU, seed 0", "value": 0.12345, "n": 5, "bar": math.nan, "good": True},
    ]
    assert format_table(rows).splitlines() == [
        "model        metric   value  seconds  n  bar  good",
        "trees        mae     27,216",
        "GRU, seed 0           0.123           5  nan  True",
    ]
    assert format_table([]) == ""
    assert format_table([{"n": 1_234_567}, {"n": -2}]).splitlines() == [
        "        n",
        "1,234,567",
        "       -2",
    ]
