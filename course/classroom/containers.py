"""The files inside what a student handed in: a folder, a file, or a zip archive.

Nothing is unpacked to disk. What is not an honest submission is refused in words that name it.
"""

from __future__ import annotations

import io
import os
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from course.language import say

MAX_FILES = 1_000
MAX_DEPTH = 12
MAX_ARCHIVE_BYTES = 32 * 2**20
MAX_BYTES = 64 * 2**20  # of all that is read of one submission, unpacked
CHUNK = 2**16
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack without a bound
UTF8_NAME = 0x800
_HERE = PurePosixPath()
# Left by tools, never written by students.
IGNORED = frozenset({"__MACOSX", "__pycache__", "node_modules", "site-packages", "venv", "env"})


class RefusedError(Exception):
    """What was handed in cannot be graded; the message names what is wrong with it."""


class Allowance:
    """What one submission may still use up of its limits."""

    def __init__(self) -> None:
        self._files = MAX_FILES
        self._bytes = MAX_BYTES

    def count_file(self) -> None:
        self._files -= 1
        if self._files < 0:
            raise RefusedError(
                say("more than {n} files; hand in the week modules only", n=f"{MAX_FILES:,}")
            )

    def spend(self, n_bytes: int, name: str) -> None:
        self._bytes -= n_bytes
        if self._bytes < 0:
            raise RefusedError(
                say("{file} unpacks to more than {n} MB", file=name, n=MAX_BYTES // 2**20)
            )


@dataclass(frozen=True)
class Item:
    """One file of a submission.

    Attributes:
        path: where it lies within the submission.
        modified: when it was written, in seconds since 1970.
        read: gives its first so many bytes.
    """

    path: PurePosixPath
    modified: float
    read: Callable[[int], bytes]

    @property
    def kind(self) -> str:
        return self.path.suffix.lower()


def items_of(path: Path, allowance: Allowance) -> Iterator[Item]:
    """The files of a folder, of an archive, or the file itself.

    Raises:
        RefusedError: there is something among them that no honest submission holds.
    """
    if path.is_symlink():
        raise RefusedError(_link(path.name))
    if path.is_dir():
        for item in walk(path, allowance):
            yield from unpacked(item, allowance)
        return
    item = _item_of_file(path, PurePosixPath(path.name), path.lstat(), allowance)
    yield from unpacked(item, allowance)


def walk(folder: Path, allowance: Allowance, inside: PurePosixPath = _HERE) -> Iterator[Item]:
    """The files of a folder, archives as they are."""
    if len(inside.parts) > MAX_DEPTH:
        raise RefusedError(say("folders more than {n} levels deep", n=MAX_DEPTH))
    with os.scandir(folder) as scan:
        for entry in scan:
            path = inside / entry.name
            if _is_ignored(path):
                continue
            if entry.is_symlink():
                raise RefusedError(_link(path))
            if entry.is_dir(follow_symlinks=False):
                yield from walk(Path(entry.path), allowance, path)
            else:
                status = entry.stat(follow_symlinks=False)
                yield _item_of_file(Path(entry.path), path, status, allowance)


def unpacked(item: Item, allowance: Allowance, depth: int = 0) -> Iterator[Item]:
    """The item itself or, of an archive, the files inside, archives in archives included."""
    if item.kind != ".zip":
        yield item
        return
    if depth > 2:
        raise RefusedError(say("{file} is an archive in an archive in an archive", file=item.path))
    data = item.read(MAX_ARCHIVE_BYTES + 1)
    if len(data) > MAX_ARCHIVE_BYTES:
        raise RefusedError(
            say(
                "{file} is larger than {n} MB",
                file=item.path.name,
                n=MAX_ARCHIVE_BYTES // 2**20,
            )
        )
    for member in archive_items(io.BytesIO(data), item.path.name, allowance):
        inside = Item(item.path.with_suffix("") / member.path, member.modified, member.read)
        yield from unpacked(inside, allowance, depth + 1)


def archive_items(
    file: io.BufferedIOBase | Path, name: str, allowance: Allowance
) -> Iterator[Item]:
    """The files in a zip archive.

    Args:
        file: the archive.
        name: how to call it.
        allowance: what of them may be read.
    """
    try:
        archive = zipfile.ZipFile(file)
        members = archive.infolist()
    except Exception as error:  # rubbish makes it raise all sorts of them
        raise RefusedError(_damaged(name, error)) from None
    for member in members:
        path = _safe_path(_true_name(member), name)
        if not path.parts or member.is_dir() or _is_ignored(path):
            continue
        allowance.count_file()
        if stat.S_ISLNK(member.external_attr >> 16):
            raise RefusedError(_link(f"{name}: {path}"))
        yield Item(path, _written(member), _reader(archive, member, path, allowance))


def _item_of_file(
    file: Path, path: PurePosixPath, status: os.stat_result, allowance: Allowance
) -> Item:
    allowance.count_file()
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise RefusedError(say("{file} is not a regular file", file=path))

    def read(n_bytes: int) -> bytes:
        try:
            with file.open("rb") as opened:
                data = opened.read(n_bytes)
        except OSError as error:
            raise RefusedError(
                say("{file} cannot be read: {why}", file=path, why=error.strerror)
            ) from None
        allowance.spend(len(data), path.name)
        return data

    return Item(path, status.st_mtime, read)


def _reader(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: PurePosixPath, allowance: Allowance
) -> Callable[[int], bytes]:
    def read(n_bytes: int) -> bytes:
        if member.flag_bits & 1:
            raise RefusedError(say("{file} is encrypted", file=path))
        if member.compress_type not in METHODS:
            raise RefusedError(
                say("{file} is packed in an unusual way; make an ordinary zip archive", file=path)
            )
        data = bytearray()
        try:
            with archive.open(member) as opened:
                # The sizes that an archive states may be lies, so what comes out is counted.
                while len(data) < n_bytes and (chunk := opened.read(CHUNK)):
                    allowance.spend(len(chunk), path.name)
                    data += chunk
        except RefusedError:
            raise
        except Exception as error:
            raise RefusedError(_damaged(path, error)) from None
        return bytes(data[:n_bytes])

    return read


def _link(path: object) -> str:
    return say("{file} is a link; hand in the file itself", file=path)


def _damaged(path: object, error: Exception) -> str:
    return say("{file} cannot be unpacked: {why}", file=path, why=error)


def _safe_path(name: str, archive: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    shown = printable(str(path))
    if path.is_absolute() or (path.parts[:1] and path.parts[0].endswith(":")):
        raise RefusedError(
            say("{archive} holds {path}, an absolute path", archive=archive, path=shown)
        )
    if ".." in path.parts:
        raise RefusedError(
            say("{archive} holds {path}, a path that leads out of it", archive=archive, path=shown)
        )
    return path


def _true_name(member: zipfile.ZipInfo) -> str:
    """The member's name; many programs write it in an encoding that they do not state."""
    if member.flag_bits & UTF8_NAME:
        return member.filename
    stored = member.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "cp949"):  # Unix, and Windows where Hangul is written
        try:
            return stored.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _written(member: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*member.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0


def _is_ignored(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part in IGNORED for part in path.parts)


def printable(text: str) -> str:
    """Bounded, and without what could steer the terminal that shows it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:200])
