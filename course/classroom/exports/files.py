"""How exports name and write their files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from course.project import write_text

_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*\x7f]|^\.+|[. ]+$')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_MAX_STEM = 60  # characters; three bytes each are below the limit of every file system


def file_stems(ids: Iterable[str]) -> dict[str, str]:
    """A file name, without its suffix, for each student, safe and different on every system."""
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for student in ids:
        stem = _UNSAFE.sub("_", student)[:_MAX_STEM]
        if stem != student or stem.casefold() in taken or _RESERVED.fullmatch(stem):
            stem = f"{stem}-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:8]}"
        taken.add(stem.casefold())
        stems[student] = stem
    return stems


def write_if_changed(path: Path, text: str) -> None:
    """Writes a file, unless it holds just that already."""
    try:
        if path.read_bytes() == text.encode():
            return
    except OSError:
        pass
    write_text(path, text)
