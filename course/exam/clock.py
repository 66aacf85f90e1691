"""How long an exam has lasted, though somebody may set the clock meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from course.errors import CourseError
from course.language import say

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Moment:
    """A point in time.

    Attributes:
        wall: seconds since 1970, which somebody can set.
        boot: which start of the machine it belongs to; empty where the system does not tell.
        ticks: seconds since that start, sleep included, which nobody can set.
    """

    wall: float
    boot: str = ""
    ticks: float = 0.0


def now() -> Moment:
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
        return Moment(time.time(), boot, time.clock_gettime(time.CLOCK_BOOTTIME))
    except (OSError, ValueError, AttributeError):  # not Linux
        return Moment(time.time())


def seconds_between(start: Moment, end: Moment) -> float:
    """The time that has passed.

    Raises:
        CourseError: the machine was started anew, and its clock now stands before `start`.
    """
    if start.boot and start.boot == end.boot:
        return max(end.ticks - start.ticks, 0.0)
    if end.wall < start.wall:
        raise CourseError(
            say(
                "the clock says {now}, yet the exam began on {start}; "
                "set the clock right and try again, nothing is lost",
                now=_date(end.wall),
                start=_date(start.wall),
            )
        )
    return end.wall - start.wall


def time_of_day(wall: float) -> str:
    return time.strftime("%H:%M", time.localtime(wall))


def minutes_and_seconds(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return say("{minutes} min {seconds} s", minutes=minutes, seconds=f"{rest:02}")


def _date(wall: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(wall))
