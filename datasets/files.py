"""What the parts of `datasets` share: a file and its home, the errors, what a run reports."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit


class DataError(Exception):
    """A data file is altered, unreadable or not what its loader expects."""


class DownloadError(DataError):
    """A file is not on this machine and could not be downloaded; the message says why."""


@dataclass(frozen=True)
class RemoteFile:
    """A file that a data set is read from.

    Attributes:
        name: File name, the same in `COURSE_DATA` and in the cache.
        description: What it holds, in one line.
        url: Its home.
        sha256: Checksum in hexadecimal; None where parts of the file are as good as all of it.
        size: Bytes.
        check: What is wrong with a copy that no checksum tells, in words that follow its path;
            empty when nothing is. It should be quick: a loader looks closer.
    """

    name: str
    description: str
    url: str
    sha256: str | None
    size: int
    check: Callable[[Path], str] | None = None

    def problem(self, path: Path) -> str:
        """What is wrong with a copy, in words that follow its path; empty when nothing is.

        Raises:
            OSError: It cannot be read.
        """
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest() if self.sha256 else None
        if sha256 != self.sha256:
            return (
                f"is truncated or altered: expected {self.size} bytes with sha256 "
                f"{self.sha256}, got {path.stat().st_size} bytes with sha256 {sha256}"
            )
        return self.check(path) if self.check else ""

    @property
    def host(self) -> str:
        """The server that the file comes from, for messages."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True)
class Provenance:
    """Which data a loader returned, for the report of a run.

    Attributes:
        name: Of the data set.
        source: "real", or "embedded" for the default that needs no file.
        n: Number of samples.
        path: The file that was read, None for the embedded default.
    """

    name: str
    source: Literal["real", "embedded"]
    n: int
    path: Path | None = None

    def as_dict(self) -> dict[str, str | int]:
        """The value of "data" in a run's metrics.json."""
        return {"name": self.name, "source": self.source, "n": self.n}


def say(message: str) -> None:
    """Prints one line on standard error."""
    print(f"course: {message}", file=sys.stderr)
