"""A process that grades one submission after the other for the program that started it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from course import lazy
from course.classroom.intake import Submission
from course.classroom.unit import Grade, Settings, with_unit
from course.errors import CourseError
from course.grading.report import Report, Status
from course.language import say

LEAVE_SECONDS = 10.0  # for ending workers and removing files
LATE_SECONDS = 60.0  # beyond its own limit, a job counts as stuck


class JobFailedError(Exception):
    """A job could not grade a submission; it has ended, or must be ended.

    Attributes:
        status: of the submission's checks, if this happens to it again.
    """

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


class Job:
    """The process, as seen by the program that starts it.

    Args:
        settings: for all its submissions.
    """

    def __init__(self, settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._seconds = settings.seconds + LATE_SECONDS
        self._process = context.Process(target=_main, args=(theirs, settings), daemon=True)
        with _deaf_to_interrupts():  # a Ctrl-C at the terminal is this program's to answer
            self._process.start()
        theirs.close()
        self._started = time.monotonic()
        self.submission: Submission | None = None  # under way

    @property
    def stuck(self) -> bool:
        return self.submission is not None and time.monotonic() - self._started > self._seconds

    def begin(self, submission: Submission) -> None:
        """Sends a submission; `connection` becomes readable when its report is there."""
        self.submission, self._started = submission, time.monotonic()
        with contextlib.suppress(OSError):  # `finish` will tell
            self.connection.send(submission)

    def finish(self) -> tuple[Report, float]:
        """The report of the submission under way, and how many seconds it took.

        Raises:
            JobFailedError: there is none, and will be none.
        """
        try:
            answer: Any = self.connection.recv()
        except (EOFError, OSError):
            self._process.join(1.0)
            raise JobFailedError(
                "crashed", say("the process that graded it ended") + self._how_it_ended()
            ) from None
        if isinstance(answer, str):
            raise JobFailedError("grader_error", answer)
        self.submission = None
        return answer, time.monotonic() - self._started

    def _how_it_ended(self) -> str:
        from course.sandbox.processes import how_it_ended

        code = self._process.exitcode
        return "" if code is None else how_it_ended(code)

    def close(self, seconds: float = LEAVE_SECONDS) -> None:
        """Ends the process and all that it has started."""
        self.connection.close()
        self._process.join(seconds)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()


def _main(connection: Connection, settings: Settings) -> None:
    """Runs in the process. It ends when the connection, or the program at its other end, does."""
    _leave_with_the_parent()
    lazy.install()
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        try:
            with_unit(settings, lambda grade: _serve(connection, grade))
        except (EOFError, BrokenPipeError, KeyboardInterrupt):
            raise
        except CourseError as error:
            connection.send(str(error))
        except Exception:
            connection.send(traceback.format_exc(limit=-3))


def _serve(connection: Connection, grade: Grade) -> None:
    while True:
        connection.send(grade(connection.recv()))


def _leave_with_the_parent() -> None:
    """Has this process clean up and end once its parent is gone, in whatever way."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    leaving = threading.Event()

    def interrupted(number: int, frame: object) -> None:
        if leaving.is_set():
            raise KeyboardInterrupt

    def watch() -> None:
        wait([parent.sentinel])
        leaving.set()
        signal.raise_signal(signal.SIGINT)
        time.sleep(LEAVE_SECONDS)
        os._exit(1)

    signal.signal(signal.SIGINT, interrupted)
    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # others get no signals
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
