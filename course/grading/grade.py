"""Grades one submission: from a folder of files to a report."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from course.catalogue import Exercise
from course.errors import CourseError
from course.grading.diagnosis import load_misconceptions
from course.grading.libraries import libraries_used
from course.grading.plugin import GraderPlugin, Turn
from course.grading.report import CheckResult, Report
from course.grading.verdicts import VerdictError
from course.grading.workplace import Starter, Workplace
from course.language import say
from course.project import Project
from course.source import SourceProblem, read_source, unattempted

MAX_FILES = 100
MAX_FILE_BYTES = 2**20

PYTEST_OPTIONS = (
    *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:capture", "-p", "no:logging"),
    *("-p", "no:doctest", "-p", "no:junitxml", "-p", "no:unraisableexception"),
    *("-p", "no:warnings", "-p", "no:faulthandler", "-p", "no:threadexception"),
    *("--assert=plain", "--import-mode=importlib", "--noconftest", "-c", os.devnull),
)


def grade(
    project: Project,
    exercises: Sequence[Exercise],
    folder: Path,
    starter: Starter,
    *,
    seed: int = 0,
    name: str | None = None,
    on_result: Callable[[CheckResult], None] = lambda result: None,
) -> Report:
    """Runs the graders of `exercises` on the submission in `folder`.

    Args:
        project: where the graders lie.
        exercises: what to check.
        folder: holds the submission's week modules.
        starter: starts the processes in which the submission runs.
        seed: where the graders' random inputs begin.
        name: what to call the submission in the report (default: the folder's name).
        on_result: called with each check's result as it comes.

    Raises:
        CourseError: the folder or the graders are not there.
    """
    reports = []
    read_files(folder)  # a missing folder is known before pytest is started

    def judge_one(graders: Graders) -> None:
        reports.append(graders.judge(folder, starter, name=name, on_result=on_result))

    with_graders(project, exercises, seed, judge_one)
    return reports[0]


def with_graders(
    project: Project, exercises: Sequence[Exercise], seed: int, body: Callable[[Graders], None]
) -> None:
    """Loads the graders of some exercises once, and calls `body` to judge many submissions.

    Raises:
        CourseError: the graders are not there.
        Exception: whatever `body` raises.
    """
    weeks = sorted({exercise.week for exercise in exercises})
    paths = [project.graders / f"{week}.py" for week in weeks]
    for path in paths:
        if not path.is_file():
            raise CourseError(
                say(
                    "expected the graders of {week} in {path}, found no such file",
                    week=path.stem,
                    path=path,
                )
            )
    plugin = GraderPlugin(
        exercises,
        lambda week: load_misconceptions(project.misconceptions / f"{week}.py"),
        seed,
        lambda plugin: body(Graders(plugin, exercises, seed)),
    )
    _run_pytest(paths, plugin, project.root)
    if plugin.raised is not None:
        raise plugin.raised


class Graders:
    """The graders of some exercises, loaded and ready; made by `with_graders`."""

    def __init__(self, plugin: GraderPlugin, exercises: Sequence[Exercise], seed: int) -> None:
        self._plugin = plugin
        self._exercises = exercises
        self._seed = seed

    def judge(
        self,
        folder: Path,
        starter: Starter,
        *,
        name: str | None = None,
        seconds: float = math.inf,
        refused: str = "",
        only: str | None = None,
        tries: int = 2,
        on_result: Callable[[CheckResult], None] = lambda result: None,
    ) -> Report:
        """Puts the submission in `folder` through all checks; see `grade`.

        Args:
            folder, starter, name, on_result: as for `grade`.
            seconds: how long all checks together may take.
            refused: why every check fails without looking at the folder; empty to look.
            only: the name of the one check to run of each exercise (default: all of them).
            tries: how often a check that trains is run, before it fails the submission.
        """
        files = read_files(folder)
        texts: dict[str, str] = {}  # of the week modules that can be read
        verdicts = _verdicts_from_source(self._exercises, folder, texts)
        if refused:
            verdicts = {each.id: VerdictError("failed", refused) for each in self._exercises}
        turn = Turn(
            verdicts,
            Workplace(starter, files),
            lambda exercise: _libraries(exercise, texts[exercise.week]),
            on_result,
            time.monotonic() + seconds,
            only,
            tries,
        )
        self._plugin.run(turn)
        if turn.unreported is not None:
            raise turn.unreported
        results = [*turn.results.values(), *self._unchecked(turn)]
        return Report(name or folder.name, self._seed, tuple(results))

    def _unchecked(self, turn: Turn) -> list[CheckResult]:
        """Exercises that no check reported on: the grader's fault."""
        checked = {result.exercise for result in turn.results.values()}
        why = "\n".join(self._plugin.broken) or say("there is no check for this exercise")
        return [
            CheckResult(exercise.id, "graders", "", "grader_error", 0.0, message=why)
            for exercise in self._exercises
            if exercise.id not in checked
        ]


def read_files(folder: Path) -> dict[str, bytes]:
    """The Python files of a submission by name; those too large are left to `read_source`.

    Raises:
        CourseError: the folder is not there.
    """
    if not folder.is_dir():
        raise CourseError(
            say("expected a folder with week modules, found none at {folder}", folder=folder)
        )
    modules = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    return {
        path.name: path.read_bytes()
        for path in modules[:MAX_FILES]
        if path.is_file() and path.stat().st_size <= MAX_FILE_BYTES
    }


def _verdicts_from_source(
    exercises: Sequence[Exercise], folder: Path, texts: dict[str, str]
) -> dict[str, VerdictError]:
    """Verdicts that the text alone gives: it cannot be read, or is still the stub.

    Args:
        exercises, folder: as for `grade`.
        texts: gets the text of each week module that can be read.
    """
    verdicts: dict[str, VerdictError] = {}
    for week in {exercise.week for exercise in exercises}:
        names = [exercise.name for exercise in exercises if exercise.week == week]
        try:
            texts[week] = read_source(folder / f"{week}.py")
            untouched = unattempted(texts[week], names)
        except SourceProblem as problem:
            verdicts |= {f"{week}.{name}": VerdictError("failed", str(problem)) for name in names}
        else:
            verdicts |= {
                f"{week}.{name}": VerdictError("unattempted", say("not written yet"))
                for name in untouched
            }
    return verdicts


def _libraries(exercise: Exercise, text: str) -> tuple[str, ...]:
    """The libraries that checking an exercise needs, and those that this answer uses."""
    return tuple(sorted(libraries_used(text, exercise.name).union(exercise.uses)))


def _run_pytest(graders: Sequence[Path], plugin: GraderPlugin, root: Path) -> None:
    # Other people's pytest plugins and settings have no place in a grade, and take time to load.
    settings = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    for path in graders:  # pytest would take yesterday's text, or another course's, for today's
        sys.modules.pop(f"tests.graders.{path.stem}", None)
    # Graders and misconceptions may use `datasets` and `solutions`, which are not installed.
    sys.path.insert(0, str(root))
    try:
        pytest.main([*PYTEST_OPTIONS, f"--rootdir={root}", *map(str, graders)], [plugin])
    finally:
        sys.path.remove(str(root))
        _restore(before)


def _restore(environment: Mapping[str, Any]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
