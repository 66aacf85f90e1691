"""Finding the files of the data sets, each checked before it is used.

A file is looked for in the folder that `COURSE_DATA` names, then in the user's cache
(`COURSE_CACHE` names another one), then downloaded from its own home into that cache.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from datasets.download import check_answers, download
from datasets.files import DataError, DownloadError, RemoteFile, say

Place = Literal["COURSE_DATA", "cache"]


@dataclass(frozen=True)
class LocalCopy:
    """A file found on this machine; `problem` is empty when it is the expected one."""

    path: Path
    place: Place
    size: int
    problem: str


def obtain(file: RemoteFile, instead: str) -> Path | None:
    """The file for a loader that has an embedded default.

    Args:
        file: What to look for.
        instead: The embedded default in a few words, for the line on the terminal.

    Returns:
        The path of the checked file, or None when the embedded default must be used; one line on
        standard error then says why and how to get the real file.

    Raises:
        DataError: The copy in `COURSE_DATA` is altered. Someone asked for that copy, so nothing
            else is used in its place.
    """
    try:
        return fetch(file)
    except DownloadError as error:
        say(
            f"{error} Using {instead}. For the real data run `course data download` where there "
            f"is a network, or put {file.name} in a folder and name that folder in COURSE_DATA."
        )
        return None


def fetch(file: RemoteFile) -> Path:
    """The path of the checked file, downloaded if it is not on this machine.

    Raises:
        DownloadError: It is not here and could not be downloaded.
        DataError: The copy in `COURSE_DATA` is altered.
    """
    path = find(file)
    if path is None:
        check_answers(file)
        path = download(file, _writable_folder(file))
    return path


def find(file: RemoteFile) -> Path | None:
    """The path of the checked file on this machine, None when it is not here.

    An altered copy in the cache is named on standard error and passed over.

    Raises:
        DataError: The copy in `COURSE_DATA` is altered.
    """
    for copy in copies(file):
        if not copy.problem:
            return copy.path
        if copy.place == "COURSE_DATA":
            raise DataError(
                f"{copy.path} {copy.problem}. Replace it with {file.url}, or remove it, "
                "or unset COURSE_DATA."
            )
        say(f"{copy.path} {copy.problem}. It is not used; looking for it elsewhere.")
    return None


def copies(file: RemoteFile) -> Iterator[LocalCopy]:
    """The copies of a file on this machine, good or not, in the order in which they are used."""
    for place, folder in _places():
        path = folder / file.name
        size, problem = 0, ""
        try:
            size = path.stat().st_size
            problem = file.problem(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        yield LocalCopy(path, place, size, problem)


def cache_dir() -> Path:
    """The folder that downloads are kept in: `COURSE_CACHE`, or the user's cache."""
    if chosen := os.environ.get("COURSE_CACHE"):
        return Path(chosen).expanduser()
    import pooch  # here, because it is slow to import and often not needed

    return Path(pooch.os_cache("course"))


def _places() -> Iterator[tuple[Place, Path]]:
    """Where files are looked for, first to last."""
    if chosen := os.environ.get("COURSE_DATA"):
        folder = Path(chosen).expanduser()
        if not folder.is_dir():
            raise DataError(
                f"COURSE_DATA names {folder}, which is not a folder as seen from {Path.cwd()}. "
                "Correct it or unset it."
            )
        yield "COURSE_DATA", folder
    yield "cache", cache_dir()
    if _process_dir.cache_info().currsize:
        yield "cache", _process_dir()


def _writable_folder(file: RemoteFile) -> Path:
    """The cache, or a folder of this process when the cache cannot be written."""
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        stand_in = _process_dir()
        say(
            f"the cache {folder} cannot be written ({error.strerror}); {file.name} goes to "
            f"{stand_in} until this run ends. Name another cache in COURSE_CACHE to keep it."
        )
        return stand_in
    return folder


@functools.cache
def _process_dir() -> Path:
    """A folder that stands in for a cache that cannot be written; it goes when the process ends."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="course-"))
    except OSError as error:
        raise DownloadError(f"there is nowhere to put a download: {error.strerror}.") from error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
