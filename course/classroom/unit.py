"""The unit of work: one submission in, one report out, wherever it runs.

What grading needs, pytest, NumPy and the sandbox, is imported only where it happens: the program
that hands out the work is ready at once.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course.catalogue import Exercise, read_catalogue, select
from course.classroom.intake import Submission
from course.grading.report import CheckResult, Report, Status
from course.language import say
from course.project import Project

if TYPE_CHECKING:
    from course.grading.grade import Graders
    from course.sandbox.launcher import Sandbox
    from course.sandbox.supervisor import Worker


@dataclass(frozen=True)
class Settings:
    """All that a process needs to know to grade submissions of a class.

    Attributes:
        root: the checkout.
        exercises: ids of what is graded.
        seed: where the graders' random inputs begin.
        memory_mb: what a worker may allocate.
        seconds: how long a submission may take in all.
    """

    root: Path
    exercises: tuple[str, ...]
    seed: int = 0
    memory_mb: int = 4_096
    seconds: float = 1_800.0

    def read_exercises(self) -> list[Exercise]:
        return select(read_catalogue(Project(self.root)), list(self.exercises))


Grade = Callable[[Submission], Report]


def with_unit(settings: Settings, body: Callable[[Grade], None]) -> None:
    """Makes ready to grade and calls `body` with the function that does.

    Nothing but the report stays of a submission: its files and processes are gone.
    """
    from course.grading.grade import with_graders
    from course.sandbox.launcher import Sandbox
    from course.sandbox.supervisor import Limits

    limits = Limits(memory_mb=settings.memory_mb)
    with (
        Sandbox(limits) as light,
        Sandbox(limits) as heavy,
        tempfile.TemporaryDirectory(prefix="course-") as folder,
    ):
        starter = _TwoTemplates(light, heavy)

        def with_loaded(graders: Graders) -> None:
            body(lambda submission: _grade(graders, starter, submission, Path(folder), settings))

        light.warm_up()
        with_graders(Project(settings.root), settings.read_exercises(), settings.seed, with_loaded)


def ungraded(settings: Settings, submission: Submission, status: Status, why: str) -> Report:
    """The report where no grader could do its work."""
    checks = [
        CheckResult(
            exercise=exercise.id,
            check="graders",
            title=say("The checks of this exercise."),
            status=status,
            max_score=0.0 if status == "grader_error" else exercise.points,
            message=why,
        )
        for exercise in settings.read_exercises()
    ]
    return Report(submission.student.id, settings.seed, tuple(checks))


def _grade(
    graders: Graders,
    starter: _TwoTemplates,
    submission: Submission,
    folder: Path,
    settings: Settings,
) -> Report:
    own = folder / "submission"
    own.mkdir()
    try:
        for name, content in submission.files.items():
            (own / name).write_bytes(content)
        return graders.judge(
            own,
            starter,
            name=submission.student.id,
            seconds=settings.seconds,
            refused=submission.refused and say("not graded: {why}", why=submission.refused),
        )
    finally:
        shutil.rmtree(own)


class _TwoTemplates:
    """Forks from a template without heavy libraries what needs none: in a fraction of the time."""

    def __init__(self, light: Sandbox, heavy: Sandbox) -> None:
        self._light = light
        self._heavy = heavy

    def start(self, files: Mapping[str, bytes], modules: Iterable[str]) -> Worker:
        libraries = tuple(modules)
        return (self._heavy if libraries else self._light).start(files, libraries)
