"""What grading found, as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from course.language import in_every_language, say

Status = Literal["passed", "failed", "unattempted", "timeout", "crashed", "grader_error"]


@dataclass(frozen=True)
class CheckResult:
    """One check of one exercise.

    Attributes:
        exercise: the exercise's id, "week04_sequences.split_sequence".
        check: the check's name.
        title: one sentence that says what the check is about.
        status: how it ended.
        max_score: the points it is worth.
        seconds: how long it took.
        message: what the student reads; empty when the check passed.
        misconception: name of the misconception that the result betrays.
        attempts: how many trainings, each with other random numbers, the verdict rests on.
        credit: the part of its points that a failed check earns all the same.
    """

    exercise: str
    check: str
    title: str
    status: Status
    max_score: float
    seconds: float = 0.0
    message: str = ""
    misconception: str | None = None
    attempts: int = 1
    credit: float = 0.0

    @property
    def score(self) -> float:
        if self.status == "failed":
            return self.max_score * self.credit
        return self.max_score if self.status == "passed" else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "exercise": self.exercise,
            "check": self.check,
            "title": self.title,
            "status": self.status,
            "score": round(self.score, 4),
            "max_score": round(self.max_score, 4),
            "seconds": round(self.seconds, 3),
            "message": self.message,
            "misconception": self.misconception,
            "attempts": self.attempts,
        }


@dataclass(frozen=True)
class Report:
    """All checks of one submission.

    A check that failed through a fault of the grader counts neither for nor against the student:
    its maximum is left out.
    """

    submission: str
    seed: int
    checks: tuple[CheckResult, ...]

    @property
    def score(self) -> float:
        return sum(check.score for check in self.checks)

    @property
    def max_score(self) -> float:
        return sum(check.max_score for check in self.checks)

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.status == "passed" for check in self.checks)

    @property
    def grader_errors(self) -> list[CheckResult]:
        return [check for check in self.checks if check.status == "grader_error"]

    def by_exercise(self) -> dict[str, list[CheckResult]]:
        grouped: dict[str, list[CheckResult]] = {}
        for check in self.checks:
            grouped.setdefault(check.exercise, []).append(check)
        return grouped

    def by_week(self) -> dict[str, Report]:
        grouped: dict[str, list[CheckResult]] = {}
        for check in self.checks:
            grouped.setdefault(check.exercise.partition(".")[0], []).append(check)
        return {week: replace(self, checks=tuple(checks)) for week, checks in grouped.items()}

    def to_json(self) -> dict[str, Any]:
        return {
            "submission": self.submission,
            "seed": self.seed,
            "score": round(self.score, 4),
            "max_score": round(self.max_score, 4),
            "checks": [check.to_json() for check in self.checks],
        }


def second_result(first: CheckResult, second: CheckResult) -> CheckResult:
    """The result of a check that failed, perhaps by chance, and was tried with another seed."""
    seconds = first.seconds + second.seconds
    if second.status == "passed":
        later = say("passed when trained once more, with other random numbers")
        message = f"{later}\n{say('the first time: {message}', message=first.message)}"
        return replace(second, seconds=seconds, message=message, attempts=2)
    again = say("it was trained once more, with other random numbers, and failed again")
    return replace(first, seconds=seconds, message=f"{first.message}\n{again}", attempts=2)


def exercise_status(checks: Iterable[CheckResult]) -> Status:
    """The one word for an exercise: passed when all its checks are, else its first trouble."""
    statuses = [check.status for check in checks]
    return next((status for status in statuses if status != "passed"), "passed")


def with_cause(message: str, cause: str) -> str:
    """A message, and below it what probably led to what it says."""
    return f"{message}\n{say('likely cause: ')}{cause}"


def split_message(message: str) -> tuple[str, str, str]:
    """A message's parts: what was found, the likely cause, and what stands after it.

    The message may have been kept from a time when another language was chosen.
    """
    for words in in_every_language("likely cause: "):
        found, there, cause = message.partition(f"\n{words}")
        if there:
            cause, _, rest = cause.partition("\n")
            return found, cause, rest
    return message, "", ""


def common_message(checks: Sequence[CheckResult]) -> str:
    """What all of several checks say, when they say the same; said once, it is enough."""
    messages = {check.message for check in checks}
    return checks[0].message if len(checks) > 1 and len(messages) == 1 else ""


def without_repeats(checks: Iterable[CheckResult]) -> list[str]:
    """The checks' messages; each likely cause stands in the first that names it."""
    explained: set[str] = set()
    messages = []
    for check in checks:
        repeated = check.misconception in explained
        messages.append(split_message(check.message)[0] if repeated else check.message)
        if check.misconception:
            explained.add(check.misconception)
    return messages
