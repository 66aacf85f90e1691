"""The process in which the exercises of one submission run, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Starter(Protocol):
    """What starts workers: a sandbox, or its stand-in for debuggers."""

    def start(self, files: Mapping[str, bytes], modules: tuple[str, ...]) -> Any: ...


class Workplace:
    """Keeps a worker from one exercise to the next, for as long as it can serve.

    In a new process TensorFlow warms up anew, which takes longer than most checks. What an
    exercise breaks it breaks for the same submission alone, and `course.sandbox.fresh` mends what
    honest code may leave.

    Args:
        starter: starts workers.
        files: the submission's files, by name.
    """

    def __init__(self, starter: Starter, files: Mapping[str, bytes]) -> None:
        self._starter = starter
        self._files = files
        self._worker: Any = None
        self._week = ""
        self._libraries: frozenset[str] = frozenset()

    def worker(self, week: str, libraries: tuple[str, ...]) -> tuple[Any, bool]:
        """A worker for an exercise, and whether others have used it before.

        Args:
            week: of the exercise. Each week begins with a new worker.
            libraries: those that it should have loaded already.
        """
        used = (
            self._worker is not None
            and not self._worker.ended
            and self._week == week
            and self._libraries.issuperset(libraries)
        )
        if not used:
            self.close()
            self._worker = self._starter.start(self._files, libraries)
            self._week, self._libraries = week, frozenset(libraries)
        return self._worker, used

    def close(self) -> None:
        """Ends the worker, if there is one."""
        if self._worker is not None and not self._worker.ended:
            self._worker.end()
