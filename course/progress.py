"""What the last check of each exercise said, kept in `.course/results/`.

A file for each exercise, replaced in one step: commands at the same time cannot lose each other's
results, and one that is killed while it writes leaves the result before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from course.catalogue import Exercise
from course.errors import CourseError
from course.fingerprint import Fingerprint, fingerprints
from course.language import say
from course.project import Project, write_text

TYPE_CHECKING = False  # as in course.exercise: `course list` must not import the grading
if TYPE_CHECKING:
    from course.grading.report import CheckResult

CLOCK_SECONDS = 2  # by which file systems' clocks may differ from ours


@dataclass(frozen=True)
class Result:
    """How an exercise stood when it was last checked.

    Attributes:
        status: as in a report.
        score, max_score: points.
        at: when, in seconds since 1970.
        code, line: what was checked, see `Fingerprint`.
    """

    status: str
    score: float
    max_score: float
    at: float
    code: str
    line: int

    @property
    def fingerprint(self) -> Fingerprint:
        return Fingerprint(self.code, self.line)


def result_of(checks: Iterable[CheckResult], fingerprint: Fingerprint) -> Result:
    """What to keep of an exercise's checks."""
    from course.grading.report import exercise_status

    checks = list(checks)
    return Result(
        status=exercise_status(checks),
        score=round(sum(check.score for check in checks), 4),
        max_score=round(sum(check.max_score for check in checks), 4),
        at=time.time(),
        **asdict(fingerprint),
    )


def read_results(project: Project, exercises: Iterable[Exercise]) -> dict[str, Result]:
    """The last results by exercise id; none for a file that is missing or damaged."""
    found = {}
    for exercise in exercises:
        try:
            content = json.loads(_path(project, exercise.id).read_text(encoding="utf-8"))
            found[exercise.id] = _checked(Result(**content))
        except (OSError, ValueError, TypeError, RecursionError):
            continue
    return found


def keep_results(project: Project, results: Mapping[str, Result]) -> None:
    """Keeps the results of exercises, each in the place of the one before.

    Raises:
        CourseError: they cannot be written.
    """
    try:
        for name, result in results.items():
            write_text(_path(project, name), json.dumps(asdict(result), indent=1) + "\n")
    except OSError as error:
        raise CourseError(
            say(
                "cannot keep results in {path}: {why}; make it writable",
                path=project.state,
                why=error.strerror,
            )
        ) from None


def forget_result(project: Project, exercise: Exercise) -> None:
    _path(project, exercise.id).unlink(missing_ok=True)


def fingerprints_of(project: Project, exercises: Iterable[Exercise]) -> dict[str, Fingerprint]:
    """What the student's copy of each exercise is like now, by id."""
    return {
        f"{week}.{name}": fingerprint
        for week, names in _by_week(exercises).items()
        for name, fingerprint in fingerprints(project.exercises, week, names).items()
    }


def changed_since(
    project: Project, exercises: Iterable[Exercise], results: Mapping[str, Result]
) -> set[str]:
    """The exercises whose code is no longer what their last result is about."""
    known = [exercise for exercise in exercises if exercise.id in results]
    oldest = min((results[exercise.id].at for exercise in known), default=0.0)
    if not known or _last_change(project.exercises) < oldest - CLOCK_SECONDS:
        return set()
    now = fingerprints_of(project, known)
    return {
        exercise.id
        for exercise in known
        if now[exercise.id].may_change(results[exercise.id].fingerprint, passed=True)
    }


def _by_week(exercises: Iterable[Exercise]) -> dict[str, list[str]]:
    weeks: dict[str, list[str]] = {}
    for exercise in exercises:
        weeks.setdefault(exercise.week, []).append(exercise.name)
    return weeks


def _last_change(folder: Path) -> float:
    """When a file was last written, made or removed; only then is it worth reading them."""
    return max(path.stat().st_mtime for path in (folder, *folder.glob("*.py")))


def _path(project: Project, exercise_id: str) -> Path:
    return project.state / "results" / f"{exercise_id}.json"


def _checked(result: Result) -> Result:
    numbers = (result.score, result.max_score, result.at)
    if not isinstance(result.status, str) or not all(isinstance(n, int | float) for n in numbers):
        raise TypeError
    return result
