"""`course check`: grades a student's copy."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from course.catalogue import Exercise, read_catalogue, select
from course.errors import CourseError
from course.exam.sitting import refuse_in_workspace
from course.grading.console import Console
from course.grading.grade import grade
from course.grading.report import Report
from course.language import say
from course.pages.check import check_page
from course.progress import fingerprints_of, keep_results, result_of
from course.project import Project, write_text
from course.sandbox.confinement import unconfined
from course.sandbox.in_process import InProcess
from course.sandbox.launcher import Sandbox

PASSED, NOT_PASSED, GRADER_ERROR = 0, 1, 3


def check(arguments: argparse.Namespace) -> int:
    project = Project.find()
    catalogue = read_catalogue(project)
    exercises = select(catalogue, arguments.exercises)
    target = arguments.target or project.exercises
    refuse_in_workspace(project, target)
    console = Console(sys.stdout, quiet=arguments.json)
    checked = fingerprints_of(project, exercises)
    report = _grade(project, exercises, target, arguments, console)
    if target == project.exercises:
        results = {n: result_of(c, checked[n]) for n, c in report.by_exercise().items()}
        keep_results(project, results)
    if arguments.json:
        print(json.dumps(report.to_json(), indent=1, ensure_ascii=False))
    else:
        console.finish(report)
    if arguments.html:
        _write_page(project, report, exercises, arguments)
    return exit_code(report)


def exit_code(report: Report) -> int:
    if report.grader_errors:
        return GRADER_ERROR
    return PASSED if report.passed else NOT_PASSED


def _write_page(
    project: Project, report: Report, exercises: Sequence[Exercise], arguments: argparse.Namespace
) -> None:
    """Writes the page, and says where it is; standard output is the report's when that is JSON."""
    asked = arguments.html
    path = project.state / "check.html" if asked is True else asked.resolve()
    try:
        write_text(path, check_page(report, exercises, datetime.now()))
    except OSError as error:
        problem = say("cannot write the page to {path}: {why}", path=path, why=error.strerror)
        raise CourseError(problem) from None
    print(say("the page: {path}", path=path), file=sys.stderr if arguments.json else sys.stdout)


def _grade(
    project: Project,
    exercises: Sequence[Exercise],
    target: Path,
    arguments: argparse.Namespace,
    console: Console,
) -> Report:
    options = {"seed": arguments.seed, "on_result": console.show}
    if arguments.in_process:
        if arguments.require_sandbox:
            raise CourseError(say("expected --in-process or --require-sandbox, got both"))
        return grade(project, exercises, target, InProcess(target, project.root), **options)
    with Sandbox(require=arguments.require_sandbox) as sandbox:
        # The worker's process starts while this one is still importing pytest.
        if not sandbox.confined:
            print(f"course: {unconfined()}", file=sys.stderr)
        return grade(project, exercises, target, sandbox, **options)
