"""Whose a file is, by its name.

Moodle   Kim Minji_1234_assignsubmission_file_/…   or   …_assignsubmission_file_week04.py
Canvas   kimminji_LATE_4711_98765_week04_sequences-1.py
plain    s017/  s017.py  s017.ipynb  s017.zip  s017_week04_sequences.py
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath

from course.classroom.containers import printable

SUFFIXES = (".py", ".ipynb", ".zip")
_MOODLE = re.compile(
    r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<rest>.*)"
)
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_\d+_(?P<rest>.+)")
_BROWSER_COPY = re.compile(r" \(\d+\)$")


@dataclass(frozen=True)
class Student:
    """Whose submission it is.

    Attributes:
        id: unique within the class; what everything is filed under.
        name: as the platform shows it; the id where there is no platform.
        platform: "moodle", "canvas" or "".
        number: the platform's number for this student, or "".
    """

    id: str
    name: str
    platform: str = ""
    number: str = ""


@dataclass(frozen=True)
class Owner:
    """What a name tells.

    Attributes:
        student: whose it is.
        rest: the name without the student's part.
        together: whether the student's files belong together; else each is another attempt.
        late: whether the platform says so.
    """

    student: Student
    rest: str
    together: bool
    late: bool = False


def whose(
    name: str, is_folder: bool, weeks: Collection[str], others: Collection[str]
) -> Owner | None:
    """Whose a file or folder is; None when it is nobody's submission.

    Args:
        name: its name.
        is_folder: whether it is one.
        weeks: names of week modules.
        others: the names beside it.
    """
    name = unicodedata.normalize("NFC", name)
    is_source = PurePath(name).suffix.lower() in SUFFIXES and not is_folder
    if found := _MOODLE.fullmatch(name):
        student = _on_platform(found, "moodle")
        return Owner(student, found["rest"] or name, True) if found["kind"] == "file" else None
    if is_source and (found := _CANVAS.fullmatch(name)):
        return Owner(_on_platform(found, "canvas"), found["rest"], True, found["late"] is not None)
    if name.startswith((".", "__")) or not (is_folder or is_source):
        return None
    return _plain(name, is_folder, weeks, others)


def _on_platform(found: re.Match[str], platform: str) -> Student:
    return Student(
        printable(f"{found['name']}_{found['number']}"),
        printable(found["name"]),
        platform,
        found["number"],
    )


def _plain(
    name: str, is_folder: bool, weeks: Collection[str], others: Collection[str]
) -> Owner | None:
    stem = name if is_folder else PurePath(name).stem
    rest = name
    week = next((week for week in weeks if not is_folder and stem.lower().endswith(week)), "")
    if week:
        rest = name[len(stem) - len(week) :]
        stem = stem[: -len(week)].rstrip(" _-.")
    first = _BROWSER_COPY.sub("", stem)
    if first in {PurePath(unicodedata.normalize("NFC", other)).stem for other in others}:
        stem = first
    student = printable(" ".join(stem.split()))
    return Owner(Student(student, student), rest, bool(week)) if student else None
