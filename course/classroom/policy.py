"""Late submissions and weights: from a policy file and a due date to final points.

penalty_per_day = 0.1     # of the points reached, for each day begun
cap = 0.5                 # at most this much is taken off
grace_minutes = 15

[weights]                 # of a week or of one exercise; others count once
week05_anomaly = 2

[extensions]              # another due date for some students
s017 = 2026-05-03T23:59

[submitted]               # where the times of the files are wrong
s018 = 2026-05-01T10:00
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.language import say

DAY = 24 * 3600.0


@dataclass(frozen=True)
class Policy:
    """How points become final.

    Attributes:
        due: when submissions are due, in seconds since 1970; None when they never are.
        penalty_per_day: the part of the points reached that each day begun costs.
        cap: the largest part that lateness costs.
        grace_minutes: how much later than `due` is not late.
        weights: by week or exercise, how many times its points count.
        extensions: by student, another time at which the submission is due.
        submitted: by student, when it was handed in, if its files do not tell.
    """

    due: float | None = None
    penalty_per_day: float = 0.0
    cap: float = 1.0
    grace_minutes: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    extensions: Mapping[str, float] = field(default_factory=dict)
    submitted: Mapping[str, float] = field(default_factory=dict)

    def weight(self, exercise: str) -> float:
        week = exercise.partition(".")[0]
        return self.weights.get(exercise, self.weights.get(week, 1.0))

    def days_late(self, student: str, submitted: float) -> int:
        """Days begun since the submission was due."""
        due = self.extensions.get(student, self.due)
        if due is None:
            return 0
        late = self.submitted.get(student, submitted) - due
        return 0 if late <= self.grace_minutes * 60 else math.ceil(late / DAY)

    def penalty(self, days_late: int) -> float:
        """The part of the points that so many days cost."""
        return min(days_late * self.penalty_per_day, self.cap)

    def to_text(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Policy:
        return cls(**json.loads(text))


def read_policy(path: Path | None, due: float | None) -> Policy:
    """Reads a policy file.

    Args:
        path: the file; None for a policy without penalties.
        due: when submissions are due.

    Raises:
        CourseError: it cannot be read, or holds something unknown.
    """
    if path is None:
        return Policy(due)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(
            say("cannot read the policy {path}: {why}", path=path, why=error.strerror)
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(say("{path} is no TOML file: {error}", path=path, error=error)) from None
    values: dict[str, Any] = {}
    for name, value in found.items():
        if name not in _READERS:
            raise CourseError(
                say(
                    "{path}: expected only {names}, got {name}",
                    path=path,
                    names=", ".join(_READERS),
                    name=name,
                )
            )
        try:
            values[name] = _READERS[name](value)
        except (TypeError, ValueError, AttributeError):
            raise CourseError(
                say(
                    "{path}: expected {name} to be {expected}, got {value!r}",
                    path=path,
                    name=name,
                    expected=_in_words(name),
                    value=value,
                )
            ) from None
    return Policy(due, **values)


def parse_due(text: str) -> float:
    """A due date as seconds since 1970: local time, unless it states its zone; the end of a day."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CourseError(
            say(
                "expected a date such as 2026-05-01 or 2026-05-01T18:00, got {given!r}",
                given=text,
            )
        ) from None
    return moment.timestamp() + (DAY if len(text) == len("2026-05-01") else 0.0)


def _part(value: Any) -> float:
    number = _amount(value)
    if number > 1:
        raise ValueError
    return number


def _amount(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError
    return float(value)


def _moment(value: Any) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day).timestamp() + DAY
    raise ValueError


def _each(read: Callable[[Any], float]) -> Callable[[Any], dict[str, float]]:
    return lambda table: {name: read(value) for name, value in table.items()}


_READERS: dict[str, Callable[[Any], Any]] = {
    "penalty_per_day": _part,
    "cap": _part,
    "grace_minutes": _amount,
    "weights": _each(_amount),
    "extensions": _each(_moment),
    "submitted": _each(_moment),
}


def _in_words(name: str) -> str:
    """What a value of the policy file must be."""
    words = {
        "penalty_per_day": say("a number from 0 to 1"),
        "cap": say("a number from 0 to 1"),
        "grace_minutes": say("a number from 0"),
        "weights": say("a table of numbers from 0"),
        "extensions": say("a table of dates"),
        "submitted": say("a table of dates"),
    }
    return words[name]
