"""`course grade` and `course export`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from course.catalogue import Exercise, Week, read_catalogue, select
from course.classroom import batch
from course.classroom.exports import ALWAYS, FORMATS
from course.classroom.fingerprint import Fingerprints
from course.classroom.gradebook import NAME, Gradebook
from course.classroom.intake import Intake, Submission, collect
from course.classroom.policy import parse_due, read_policy
from course.classroom.summary import Summary
from course.classroom.unit import Settings
from course.errors import CourseError
from course.grading.report import Report
from course.language import say
from course.project import Project
from course.sandbox import confinement

ALL_GRADED, GRADER_ERRORS, INTERRUPTED = 0, 3, 130


def grade(arguments: argparse.Namespace) -> int:
    """Grades a class and leaves gradebook, reports and pages in a folder."""
    grade_all = _grade_on_cluster(arguments) if arguments.cluster else _grade_here(arguments)
    project = Project.find()
    catalogue = read_catalogue(project)
    out = arguments.out.resolve()
    intake = collect(arguments.submissions, catalogue, leave_out=out)
    if not intake.entries:
        raise CourseError(
            say("expected an entry for each student in {path}", path=arguments.submissions)
        )
    with Gradebook(out, writing=True) as gradebook:
        exercises = _what_to_grade(arguments, catalogue, gradebook, intake)
        settings = Settings(
            project.root,
            tuple(exercise.id for exercise in exercises),
            arguments.seed,
            arguments.memory,
            arguments.timeout,
        )
        gradebook.set_exercises([(exercise.id, exercise.points) for exercise in exercises])
        if arguments.due is not None or arguments.policy is not None:
            due = parse_due(arguments.due) if arguments.due is not None else None
            gradebook.set_policy(read_policy(arguments.policy, due))
        run = _Run(gradebook, intake, catalogue, settings, arguments.regrade)
        interrupted = run.grade(grade_all)
        _export(gradebook, out, ALWAYS)
        run.tell(out)
        if interrupted:
            return INTERRUPTED
        return GRADER_ERRORS if Summary(gradebook.grades()).grader_errors else ALL_GRADED


def export(arguments: argparse.Namespace) -> int:
    """Makes files from a gradebook."""
    with Gradebook(arguments.folder) as gradebook:
        for path in _export(gradebook, arguments.out or arguments.folder, [arguments.format]):
            print(path)
    return 0


class _Run:
    """One run of `course grade` over a class."""

    def __init__(
        self,
        gradebook: Gradebook,
        intake: Intake,
        weeks: dict[str, Week],
        settings: Settings,
        regrade: bool,
    ) -> None:
        self._gradebook = gradebook
        self._intake = intake
        self._weeks = weeks
        self._settings = settings
        self._fingerprints = Fingerprints(settings)
        self._recorded = {} if regrade else gradebook.fingerprints()
        self._unchanged: list[Submission] = []
        self._failures = 0
        self.graded = 0
        self._started = time.perf_counter()

    def grade(self, grade_all: Callable[..., None]) -> bool:
        """Has `grade_all` grade what is not graded yet. Returns whether it was interrupted."""
        self._bar = tqdm(
            total=len(self._intake.entries),
            unit=f" {say('submissions')}",
            desc=say("grading"),
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
        )
        with self._bar:
            try:
                grade_all(
                    self._settings,
                    self._changed(),
                    on_report=self._keep,
                    on_tick=self._bar.refresh,
                )
            except KeyboardInterrupt:
                return True
            finally:
                self._gradebook.touch(self._unchanged)
        self._gradebook.apply_policy()
        return False

    def tell(self, out: Path) -> None:
        """Prints what happened and what there is to see."""
        seconds = time.perf_counter() - self._started
        known = set(self._gradebook.fingerprints())
        missing = [e.student.id for e in self._intake.entries if e.student.id not in known]
        for line in Summary(self._gradebook.grades()).lines():
            print(line)
        print()
        if self._intake.ignored:
            print(say("no submissions: {names}", names=_some(self._intake.ignored)))
        strangers = known - {entry.student.id for entry in self._intake.entries}
        if strangers:
            names = _some(sorted(strangers))
            print(say("graded earlier, not handed in this time: {names}", names=names))
        print(
            say(
                "graded {n} submissions in {seconds} s, {unchanged} unchanged; {page}",
                n=self.graded,
                seconds=f"{seconds:.0f}",
                unchanged=len(self._unchanged),
                page=out / "report.html",
            )
        )
        if missing:
            print(
                say(
                    "stopped: {n} submissions are still to be graded; "
                    "the same command goes on where this one was stopped",
                    n=len(missing),
                )
            )

    def _changed(self) -> Iterator[Submission]:
        for entry in self._intake.entries:
            submission = entry.read(self._weeks)
            if self._recorded.get(submission.student.id) == self._fingerprints.of(submission):
                self._unchanged.append(submission)
                self._bar.update()
            else:
                yield submission

    def _keep(self, submission: Submission, report: Report, seconds: float) -> None:
        self._gradebook.record(submission, self._fingerprints.of(submission), report, seconds)
        self.graded += 1
        self._failures += not report.passed
        self._bar.set_postfix({say("not all passed"): self._failures}, refresh=False)
        self._bar.update()


def _grade_here(arguments: argparse.Namespace) -> Callable[..., None]:
    if not confinement.available():
        if arguments.require_sandbox:
            raise CourseError(say("refused: {why}", why=confinement.unconfined()))
        _warn(confinement.unconfined())
    return partial(batch.grade_all, n_jobs=arguments.jobs)


def _grade_on_cluster(arguments: argparse.Namespace) -> Callable[..., None]:
    try:
        from course.classroom import cluster
    except ModuleNotFoundError as error:
        raise CourseError(
            say(
                "--cluster needs Dask ({error}): python -m pip install -e '.[cluster]'", error=error
            )
        ) from None
    return partial(
        cluster.grade_all,
        address=arguments.cluster,
        require_sandbox=arguments.require_sandbox,
        on_warning=_warn,
    )


def _warn(text: str) -> None:
    print(f"course: {text}", file=sys.stderr)


def _what_to_grade(
    arguments: argparse.Namespace,
    catalogue: dict[str, Week],
    gradebook: Gradebook,
    intake: Intake,
) -> list[Exercise]:
    """The exercises asked for; without any, those of the weeks that anybody has handed in."""
    before = list(gradebook.exercises())
    asked = list(arguments.weeks)
    if not asked:
        handed_in = {week for entry in intake.entries for week in entry.read(catalogue).weeks}
        asked = [*before, *sorted(handed_in)]
        if not asked:
            raise CourseError(
                say("found no week module in any submission; name the weeks with --weeks")
            )
    exercises = select(catalogue, asked)
    left_out = set(before) - {exercise.id for exercise in exercises}
    if left_out and not arguments.regrade:
        raise CourseError(
            say(
                "{path} holds grades for {names}, which this would remove; "
                "use another --out folder, or --regrade",
                path=arguments.out / NAME,
                names=_some(sorted(left_out)),
            )
        )
    return exercises


def _export(gradebook: Gradebook, folder: Path, formats: Sequence[str]) -> list[Path]:
    try:
        return [FORMATS[name](gradebook, folder) for name in formats]
    except OSError as error:
        raise CourseError(
            say(
                "cannot write to {folder}: {why}; the grades are in {gradebook}, "
                "and {command} writes them anew",
                folder=folder,
                why=error.strerror,
                gradebook=gradebook.path,
                command=f"course export {gradebook.path.parent} --format {formats[0]}",
            )
        ) from None


def _some(names: Sequence[str]) -> str:
    first = ", ".join(names[:5])
    if len(names) <= 5:
        return first
    return say("{names} and {n} more", names=first, n=len(names) - 5)
