"""What an exam has brought, as text for the terminal and for `report.md`."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course.exam.clock import minutes_and_seconds
from course.exam.drawing import Exam
from course.exam.marking import Mark
from course.language import say
from course.words import points_of
from course.wrapping import wrap

MARKS = {"passed": "✓", "unattempted": "·", "grader_error": "!"}


@dataclass(frozen=True)
class Result:
    """A marked exam.

    Attributes:
        exam: what was asked.
        marks: what each task has brought.
        seconds: how long it took.
    """

    exam: Exam
    marks: Sequence[Mark]
    seconds: float

    @property
    def score(self) -> float:
        return sum(mark.score for mark in self.marks)

    @property
    def max_score(self) -> float:
        return sum(mark.max_score for mark in self.marks)

    @property
    def seconds_late(self) -> float:
        return max(self.seconds - 60 * self.exam.minutes, 0.0)

    def summary(self) -> str:
        """Points and time in a line."""
        reached = points_of(f"{self.score:.3g}", f"{self.max_score:g}")
        share = f" ({self.score / self.max_score:.0%})" if self.max_score else ""
        summary = say(
            "{points}, handed in after {taken} of {minutes} min",
            points=f"{reached}{share}",
            taken=minutes_and_seconds(self.seconds),
            minutes=self.exam.minutes,
        )
        if self.seconds_late:
            summary += ", " + say("{time} LATE", time=minutes_and_seconds(self.seconds_late))
        return summary

    def to_json(self) -> dict[str, Any]:
        return {
            "seed": self.exam.seed,
            "minutes": self.exam.minutes,
            "topics": list(self.exam.topics),
            "seconds": round(self.seconds, 1),
            "late": bool(self.seconds_late),
            "score": round(self.score, 4),
            "max_score": round(self.max_score, 4),
            "tasks": [mark.to_json() for mark in self.marks],
            "asked": [task.fingerprint for task in self.exam.tasks],
        }

    def to_markdown(self) -> str:
        parts = [say("# Exam {seed}", seed=self.exam.seed), self.summary()]
        for mark in self.marks:
            parts.append(f"## {headline(mark)}")
            if mark.missed:
                parts.append(_fenced(mark.missed, "text"))
            if mark.diff:
                parts.append(say("From what you handed in to the solution:"))
                parts.append(_fenced(mark.diff, "diff"))
        return "\n\n".join(parts) + "\n"


def headline(mark: Mark) -> str:
    sign = MARKS.get(mark.status, "✗")
    points = points_of(f"{mark.score:.3g}", f"{mark.max_score:g}")
    return f"{sign} {mark.number}. {mark.title}  {points}"


def details(mark: Mark) -> str:
    """What was missed, indented for the terminal and as wide as it is."""
    width = max(shutil.get_terminal_size().columns, 60)
    lines = []
    for line in mark.missed.splitlines():
        margin = " " * (4 + len(line) - len(line.lstrip()))
        lines += [f"{margin}{part}" for part in wrap(line.strip(), width - len(margin))] or [""]
    if mark.diff:
        lines += [f"    {say('to the solution:')}", textwrap.indent(mark.diff, " " * 6)]
    return "\n".join(lines)


def _fenced(text: str, language: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
