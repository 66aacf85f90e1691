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
        share = f" ({self.score / self.max_score:.0%})" if self.max_score else ""
        taken = minutes_and_seconds(self.seconds)
        late = f", {minutes_and_seconds(self.seconds_late)} LATE" if self.seconds_late else ""
        return (
            f"{self.score:.3g} of {self.max_score:g} points{share}, handed in after {taken} of "
            f"{self.exam.minutes} min{late}"
        )

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
        parts = [f"# Exam {self.exam.seed}", self.summary()]
        for mark in self.marks:
            parts.append(f"## {headline(mark)}")
            if mark.missed:
                parts.append(_fenced(mark.missed, "text"))
            if mark.diff:
                parts.append("From what you handed in to the solution:")
                parts.append(_fenced(mark.diff, "diff"))
        return "\n\n".join(parts) + "\n"


def headline(mark: Mark) -> str:
    sign = MARKS.get(mark.status, "✗")
    return f"{sign} {mark.number}. {mark.title}  {mark.score:.3g} of {mark.max_score:g}"


def details(mark: Mark) -> str:
    """What was missed, indented for the terminal and as wide as it is."""
    width = max(shutil.get_terminal_size().columns, 60)
    lines = []
    for line in mark.missed.splitlines():
        margin = " " * (4 + len(line) - len(line.lstrip()))
        lines.append(
            textwrap.fill(line.strip(), width, initial_indent=margin, subsequent_indent=margin)
        )
    if mark.diff:
        lines += ["    to the solution:", textwrap.indent(mark.diff, " " * 6)]
    return "\n".join(lines)


def _fenced(text: str, language: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
