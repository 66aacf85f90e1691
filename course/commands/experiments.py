"""`course run` and `course verify`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course.catalogue import find_week, read_catalogue, select
from course.commands.check import exit_code
from course.errors import CourseError
from course.grading.console import Console
from course.grading.grade import grade
from course.grading.report import Report
from course.language import say
from course.lazy import QUIET
from course.pages.verify import verify_page
from course.project import Project, write_text
from course.sandbox.launcher import Sandbox
from course.words import points_of, source_words

AT_ONCE = 2  # quick runs: much of what they do, importing above all, uses one core


def run(arguments: argparse.Namespace) -> int:
    """Runs a week's `main()` in a process of its own, with the terminal."""
    project = Project.find()
    week = find_week(read_catalogue(project), arguments.week).name
    folder = (arguments.target or project.exercises).resolve()
    out = (arguments.out or project.runs / week).resolve()
    return _train(project, folder, week, out, arguments.quick).returncode


def verify(arguments: argparse.Namespace) -> int:
    """The solutions through every grader and every run; writes `runs/report.html`."""
    project = Project.find()
    started = time.perf_counter()
    catalogue = read_catalogue(project)
    if arguments.quick:
        report, weeks = _verify_quickly(project, list(catalogue), quiet=arguments.json)
    else:
        report = _grade_solutions(project, quiet=arguments.json)
        output = sys.stderr if arguments.json else None
        weeks = [_train_solution(project, week, False, stdout=output)[0] for week in catalogue]
    good = all(week["ok"] for week in weeks)
    page = project.runs / "report.html"
    write_text(page, verify_page(report, weeks, catalogue, project.runs, datetime.now()))
    outcome = {"ok": good and report.passed, "grading": report.to_json(), "weeks": weeks}
    if arguments.json:
        print(json.dumps(outcome, indent=1, ensure_ascii=False))
    else:
        _summarise(report, weeks, page, time.perf_counter() - started)
    return exit_code(report) or (0 if good else 1)


def _verify_quickly(
    project: Project, weeks: Sequence[str], quiet: bool
) -> tuple[Report, list[dict[str, Any]]]:
    """Grades and trains at the same time: the seconds of a quick run are no figure to report."""
    pool = ThreadPoolExecutor(AT_ONCE)
    trainings = [
        pool.submit(
            _train_solution, project, week, True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for week in weeks
    ]
    outcomes = []
    try:
        report = _grade_solutions(project, quiet)
        for training in tqdm(
            trainings, desc=say("weeks"), leave=False, disable=not sys.stderr.isatty()
        ):
            outcome, printed = training.result()
            outcomes.append(outcome)
            print(printed, file=sys.stderr if quiet else sys.stdout)
    finally:
        pool.shutdown(cancel_futures=True)
    return report, outcomes


def _train_solution(
    project: Project, week: str, quick: bool, **streams: Any
) -> tuple[dict[str, Any], str]:
    """What a week's run has measured, and what it printed where that is caught."""
    out = project.runs / week
    (out / "metrics.json").unlink(missing_ok=True)
    done = _train(project, project.solutions, week, out, quick, **streams)
    return _outcome(week, out, done.returncode), done.stdout or ""


def _grade_solutions(project: Project, quiet: bool) -> Report:
    exercises = select(read_catalogue(project), [])
    console = Console(sys.stdout, quiet=quiet)
    with Sandbox() as sandbox:
        report = grade(project, exercises, project.solutions, sandbox, on_result=console.show)
    console.finish(report)
    return report


def _train(
    project: Project, folder: Path, week: str, out: Path, quick: bool, **streams: Any
) -> subprocess.CompletedProcess[str]:
    script = folder / f"{week}.py"
    if not script.is_file():
        raise CourseError(
            say("expected the week's module at {path}, found no such file", path=script)
        )
    # As a module of its package where it has one, so that the package can set the process up.
    by_name = ["-m", f"{folder.name}.{week}"]
    command = by_name if folder.parent == project.root else [str(script)]
    options = ["--out", str(out), *(["--quick"] if quick else [])]
    path = os.pathsep.join(filter(None, [str(project.root), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, *command, *options],
        cwd=project.root,
        env=os.environ
        | QUIET
        # What is caught is read as UTF-8, whatever the system writes into pipes.
        | {"PYTHONPATH": path, "MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"},
        text=True,
        encoding="utf-8",
        check=False,
        **streams,
    )


def _outcome(week: str, out: Path, code: int) -> dict[str, Any]:
    try:
        result = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        result = {"week": week, "bars": {}}
    met = all(bar["met"] for bar in result["bars"].values())
    return {**result, "ok": code == 0 and "metrics" in result and met}


def _summarise(report: Report, weeks: list[dict[str, Any]], page: Path, seconds: float) -> None:
    print()
    points = points_of(f"{report.score:g}", f"{report.max_score:g}")
    print(say("graders: {points}", points=points))
    for week in weeks:
        bars = list(week["bars"].values())
        words = say(
            "{met} of {n} bars met on {data}, {seconds} s",
            met=sum(bar["met"] for bar in bars),
            n=len(bars),
            data=source_words(week.get("data", {}).get("source")),
            seconds=f"{week.get('seconds', 0):.0f}",
        )
        print(f"{'✓' if week['ok'] else '✗'} {week['week']}: {words}")
    print(
        say(
            "{seconds} s in all; the page with plots and figures: {page}",
            seconds=f"{seconds:.0f}",
            page=page,
        )
    )
