"""Where the parts of a checkout lie, and how files in it are written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import course
from course.errors import CourseError
from course.language import say

_PARTS = ("solutions", "exercises", "course")


@dataclass(frozen=True)
class Project:
    """The paths of one checkout of the course.

    Args:
        root: The directory that holds `solutions/`, `exercises/` and `course/`.
    """

    root: Path

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def exercises(self) -> Path:
        return self.root / "exercises"

    @property
    def graders(self) -> Path:
        return self.root / "tests" / "graders"

    @property
    def misconceptions(self) -> Path:
        return self.root / "tests" / "misconceptions"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def state(self) -> Path:
        return self.root / ".course"

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """Finds the checkout around a directory, else the one that this package lies in.

        Args:
            start: Where the search upward begins; the current directory when None.

        Raises:
            CourseError: When neither is a checkout.
        """
        start = (start or Path.cwd()).resolve()
        checkout = Path(course.__file__).resolve().parent.parent
        for directory in (start, *start.parents, checkout):
            if all((directory / part).is_dir() for part in _PARTS):
                return cls(directory)
        wanted = ", ".join(f"{part}/" for part in _PARTS)
        raise CourseError(
            say(
                "expected a checkout of the course (a directory with {parts}) at or above {start}, "
                "found none; change into your checkout with `cd` and try again",
                parts=wanted,
                start=start,
            )
        )


def write_text(path: Path, text: str) -> None:
    """Writes a file so that a reader, or a crash half-way, never sees half of it.

    Args:
        path: The file; missing directories above it are made.
        text: The content, written as UTF-8 with the same line ends on every system.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
