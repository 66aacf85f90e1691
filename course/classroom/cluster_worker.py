"""What a Dask worker does in a run of `course grade`: each of its threads has a job grade.

A worker gets settings and the bytes of a submission, and answers in JSON. Code of a submission runs
where it always does, confined and below a job; nothing that it made is ever unpickled here, in the
scheduler, or where the grades are collected.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from distributed import Reschedule, Worker, WorkerPlugin, get_worker

from course.classroom.batch import Pool
from course.classroom.fingerprint import Fingerprints
from course.classroom.intake import Submission
from course.classroom.unit import Settings
from course.errors import CourseError
from course.grading.report import CheckResult, Report
from course.language import say
from course.project import Project
from course.sandbox import confinement

IDLE_SECONDS = 300.0  # after which memory is given back, should whoever asked be gone for good


class WorkerTroubleError(Exception):
    """A worker cannot grade; the message says why."""


class Grading(WorkerPlugin):
    """Grades on one worker, for one run.

    Args:
        settings: of the run. The worker's own checkout stands in for their root.
        graders: the fingerprint that the worker's graders must have.
        require_sandbox: whether not to grade where submissions cannot be confined.
        language: in which to say what is wrong with submissions.

    Attributes:
        trouble: why nothing can be graded here; empty when all is well.
        confined: whether submissions are.
    """

    def __init__(
        self, settings: Settings, graders: str, require_sandbox: bool, language: str
    ) -> None:
        self._language = language
        self._settings = settings
        self._graders = graders
        self._require_sandbox = require_sandbox

    async def setup(self, worker: Worker) -> None:
        self._idle: list[tuple[float, Pool]] = []  # and since when
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.trouble = await asyncio.to_thread(self._prepare)
        self._tidying = threading.Thread(target=self._tidy, daemon=True)
        self._tidying.start()

    async def teardown(self, worker: Worker) -> None:
        self._over.set()
        await asyncio.to_thread(self._tidying.join)

    def grade(self, submission: Submission) -> bytes:
        """The answer about one submission, for `read_answer`."""
        try:
            if self.trouble:
                raise CourseError(self.trouble)
            with self._pool() as pool:
                ((_, report, seconds),) = pool.reports(iter([submission]), self._go_on)
            return answer(report, seconds)
        except CourseError as error:
            return json.dumps({"trouble": str(error)}).encode()
        except Reschedule:
            raise
        except Exception:  # as text: who asked unpickles no exceptions
            return json.dumps({"trouble": traceback.format_exc(limit=-3)}).encode()

    def _prepare(self) -> str:
        """Finds what to grade with. Returns the trouble with it."""
        os.environ["COURSE_LANG"] = self._language
        self.confined = confinement.available()
        try:
            self._settings = replace(self._settings, root=Project.find().root)
            theirs = Fingerprints(self._settings).graders
        except CourseError as error:
            return str(error)
        if theirs != self._graders:
            return say(
                "it has another version of the course in {path}: the graders, the exercises or the "
                "engine differ; check out the same there and start the worker anew",
                path=self._settings.root,
            )
        if multiprocessing.current_process().daemon:
            return say(
                "it was started by a nanny as a daemon, which may not start processes; start it "
                "with --no-nanny, or with DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment"
            )
        if self._require_sandbox and not self.confined:
            return confinement.unconfined()
        return ""

    def _go_on(self) -> None:
        if self._over.is_set():  # the worker is closing, or nobody wants the report any more
            raise Reschedule

    @contextlib.contextmanager
    def _pool(self) -> Iterator[Pool]:
        """A pool of one job for one thread; it stays ready for the next submission."""
        with self._lock:
            pool = self._idle.pop()[1] if self._idle else Pool(self._settings, 1)
        try:
            yield pool
        except BaseException:
            pool.close()
            raise
        with self._lock:
            if not self._over.is_set():
                self._idle.append((time.monotonic(), pool))
                return
        pool.close()

    def _tidy(self) -> None:
        over = False
        while not over:
            over = self._over.wait(IDLE_SECONDS / 10)
            before = time.monotonic() - (0 if over else IDLE_SECONDS)
            with self._lock:
                leaving = [pool for since, pool in self._idle if since <= before]
                self._idle = [(since, pool) for since, pool in self._idle if since > before]
            for pool in leaving:
                pool.close()


def grade(name: str, submission: Submission) -> bytes:
    """The task: grades where the plugin of that name is."""
    plugin: Any = get_worker().plugins[name]
    return plugin.grade(submission)


def condition(name: str, dask_worker: Worker) -> tuple[str, bool]:
    """Why a worker cannot grade, and whether submissions are confined there."""
    plugin: Any = dask_worker.plugins[name]
    return plugin.trouble, plugin.confined


def answer(report: Report, seconds: float) -> bytes:
    """A report as it goes from a worker to `read_answer`."""
    return json.dumps({"report": asdict(report), "seconds": seconds}).encode()


def read_answer(text: bytes) -> tuple[Report, float]:
    """A report, and the seconds that it took.

    Raises:
        WorkerTroubleError: the worker could not grade.
    """
    found = json.loads(text)
    if "trouble" in found:
        raise WorkerTroubleError(found["trouble"])
    report = found["report"]
    checks = tuple(CheckResult(**check) for check in report["checks"])
    return Report(report["submission"], report["seed"], checks), found["seconds"]
