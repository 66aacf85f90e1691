"""Every file that the data sets are read from, for `course data`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from datasets import (
    abalone,
    advertising,
    cats_vs_dogs,
    chicago_ridership,
    daily_sports,
    mnist,
)
from datasets.files import DataError, RemoteFile
from datasets.store import copies, fetch

DATA_SETS: tuple[RemoteFile, ...] = (
    abalone.FILE,
    advertising.FILE,
    cats_vs_dogs.FILE,
    chicago_ridership.FILE,
    daily_sports.FILE,
    mnist.FILE,
)


@dataclass(frozen=True)
class Row:
    """One line of `course data`.

    Attributes:
        name: File name.
        description: What it holds.
        found: Where it was found; "altered" for a copy that will not be used.
        path: The copy, None when it is not here.
        size: Bytes, of the copy or else to download.
    """

    name: str
    description: str
    found: Literal["COURSE_DATA", "cache", "not here", "altered"]
    path: Path | None
    size: int


def status(files: Sequence[RemoteFile] = DATA_SETS) -> list[Row]:
    """Which files are on this machine; asks no server."""
    return [_row(file) for file in files]


def download(names: Sequence[str] = (), files: Sequence[RemoteFile] = DATA_SETS) -> list[Row]:
    """Downloads the named files, or all, that are not on this machine.

    Args:
        names: File names, with or without ".tgz" and the like; none means all.
        files: What to choose from.

    Returns:
        One row for each of them.

    Raises:
        DataError: A name is unknown, or files could not be had. The others were downloaded.
    """
    chosen = [_file_called(name, files) for name in names] or list(files)
    problems = []
    for file in chosen:
        try:
            fetch(file)
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise DataError("\n".join(problems))
    return status(chosen)


def _row(file: RemoteFile) -> Row:
    """The copy that a loader would take or stumble over, else what is known of the file."""
    here = list(copies(file))
    if not here:
        return Row(file.name, file.description, "not here", None, file.size)
    copy = next((c for c in here if not c.problem or c.place == "COURSE_DATA"), here[0])
    found = "altered" if copy.problem else copy.place
    return Row(file.name, file.description, found, copy.path, copy.size)


def _file_called(name: str, files: Sequence[RemoteFile]) -> RemoteFile:
    """The file of this name."""
    for file in files:
        if name in (file.name, Path(file.name).stem):
            return file
    known = ", ".join(file.name for file in files)
    raise DataError(f"there is no data file {name!r}; there are: {known}.")
