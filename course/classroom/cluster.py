"""Has a Dask cluster grade submissions; each grade arrives once, whatever happens to its workers.

Dask hands a submission whose worker is gone to another one. A report counts when it is here, and
then nobody waits for that submission any more, however often it was graded.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

import dask
from distributed import CancelledError, Client, Future, KilledWorker, Security
from distributed.comm import connect

from course.classroom import cluster_worker
from course.classroom.batch import FAILURES_UNTIL_GIVING_UP, TICK_SECONDS, OnReport
from course.classroom.cluster_worker import Grading, WorkerTroubleError
from course.classroom.fingerprint import Fingerprints
from course.classroom.intake import Submission
from course.classroom.unit import Settings, ungraded
from course.errors import CourseError
from course.grading.report import Report
from course.language import language, say
from course.sandbox import confinement

CONNECT_SECONDS = 10.0
LOOK_SECONDS = 2.0  # between two looks at which workers there are
LONELY_SECONDS = 60.0  # without any worker, until giving up
AHEAD = 2  # submissions that are at the workers, for each of their threads


def grade_all(
    settings: Settings,
    submissions: Iterable[Submission],
    address: str,
    on_report: OnReport,
    on_tick: Callable[[], None] = lambda: None,
    *,
    require_sandbox: bool = False,
    on_warning: Callable[[str], None] = lambda text: None,
) -> None:
    """Grades submissions, as many at a time as the workers have threads.

    Args:
        settings, on_report, on_tick: as for `batch.grade_all`.
        submissions: taken one by one, as workers become free.
        address: the scheduler's.
        require_sandbox: whether to refuse workers that cannot confine submissions.
        on_warning: called with what is worth knowing about the workers.

    Raises:
        CourseError: the scheduler does not answer, or nothing can be graded at its workers.
    """
    with _connected(address) as client, _prepared(client, settings, require_sandbox) as name:
        _check_workers(client, name, on_warning)
        run = Run(client, name, settings)
        try:
            for submission, report, seconds in run.reports(iter(submissions), on_tick):
                on_report(submission, report, seconds)
        finally:
            run.cancel()


class Run:
    """Submissions on their way to workers and back.

    Args:
        client: connected to the scheduler.
        name: of the plugin that grades.
        settings: for all submissions.
    """

    def __init__(self, client: Client, name: str, settings: Settings) -> None:
        self._client = client
        self._name = name
        self._settings = settings
        self._under_way: dict[str, tuple[Submission, Future]] = {}
        self._done: SimpleQueue[str] = SimpleQueue()
        self._n_sent = 0
        self._n_threads = 0
        self._looked = self._seen = time.monotonic()
        self._in_a_row = 0

    def reports(
        self, submissions: Iterator[Submission], on_tick: Callable[[], None]
    ) -> Iterator[tuple[Submission, Report, float]]:
        """Submissions with their reports and the seconds they took, in the order they arrive."""
        self._look()
        while True:
            self._send(submissions)
            if not self._under_way:
                return
            with contextlib.suppress(Empty):
                yield self._finished(self._done.get(timeout=TICK_SECONDS))
            if time.monotonic() - self._looked > LOOK_SECONDS:
                self._look()
            on_tick()

    def cancel(self) -> None:
        """Has nobody work for this run any more."""
        futures = [future for _, future in self._under_way.values()]
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._client.cancel(futures)

    def _send(self, submissions: Iterator[Submission]) -> None:
        while len(self._under_way) < AHEAD * max(self._n_threads, 1):
            submission = next(submissions, None)
            if submission is None:
                return
            self._n_sent += 1
            key = f"{self._name}-{self._n_sent}"
            future = self._client.submit(cluster_worker.grade, self._name, submission, key=key)
            self._under_way[key] = submission, future
            future.add_done_callback(lambda future: self._done.put(future.key))

    def _finished(self, key: str) -> tuple[Submission, Report, float]:
        submission, future = self._under_way.pop(key)
        try:
            report, seconds = cluster_worker.read_answer(future.result())
        except KilledWorker as error:
            return submission, self._lost(submission, error), 0.0
        except WorkerTroubleError as error:
            raise CourseError(say("a worker: {why}", why=error)) from None
        except (CancelledError, OSError) as error:
            raise _lost_scheduler() from error
        self._in_a_row = 0
        return submission, report, seconds

    def _lost(self, submission: Submission, error: KilledWorker) -> Report:
        """The verdict where all workers that took a submission have ended."""
        why = say("{n} workers ended that had it", n=error.allowed_failures + 1)
        self._in_a_row += 1
        if self._in_a_row >= FAILURES_UNTIL_GIVING_UP:
            raise CourseError(
                say(
                    "{n} submissions in a row could not be graded: {why}; look into the workers' "
                    "logs; the same command goes on where this one was stopped",
                    n=FAILURES_UNTIL_GIVING_UP,
                    why=why,
                )
            )
        # What a submission does hits its job. When workers end, their machines are at fault.
        return ungraded(self._settings, submission, "grader_error", why)

    def _look(self) -> None:
        """Sees how many threads there are to keep busy."""
        try:
            self._n_threads = sum(self._client.nthreads().values())
        except (CancelledError, OSError) as error:
            raise _lost_scheduler() from error
        self._looked = time.monotonic()
        if self._n_threads:
            self._seen = self._looked
        elif self._looked - self._seen > LONELY_SECONDS:
            raise CourseError(
                say(
                    "all workers are gone for {seconds} seconds; start some: "
                    "the same command goes on where this one was stopped",
                    seconds=f"{LONELY_SECONDS:.0f}",
                )
            )


def _lost_scheduler() -> CourseError:
    return CourseError(
        say("lost the scheduler; the same command goes on where this one was stopped")
    )


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Client]:
    quiet: dict[str, Any] = {
        "distributed.admin.large-graph-warning-threshold": "1 GiB",  # for 10 MB there is a warning
        "distributed.comm.timeouts.connect": CONNECT_SECONDS,
    }
    with dask.config.set(quiet):
        try:
            asyncio.run(_greet(address))
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CourseError(
                say(
                    "no Dask scheduler answers at {address} ({error}); expected an address like "
                    "tcp://scheduler:8786, where `dask scheduler` runs",
                    address=address,
                    error=error,
                )
            ) from None
        with client:
            yield client


async def _greet(address: str) -> None:
    """Fails fast, where a Client that cannot connect complains for long."""
    encryption = Security().get_connection_args("client")
    comm = await connect(address, timeout=CONNECT_SECONDS, **encryption)
    await comm.close()


@contextlib.contextmanager
def _prepared(client: Client, settings: Settings, require_sandbox: bool) -> Iterator[str]:
    """Prepares all workers, also those to come. Gives the name of the plugin that grades there."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise CourseError(
            say(
                "the scheduler has no workers; start some in a checkout of the course: {command}",
                command=f"dask worker {client.scheduler.address} --no-nanny",
            )
        ) from None
    name = f"course-grade-{uuid.uuid4().hex[:12]}"
    try:
        client.register_plugin(
            Grading(settings, Fingerprints(settings).graders, require_sandbox, language()),
            name=name,
        )
    except Exception as error:  # whatever happened there is raised here
        raise CourseError(
            say(
                "the workers cannot load this version of the course ({error!r}); start them in a "
                "checkout of the same version, in an environment where it is installed",
                error=error,
            )
        ) from None
    try:
        yield name
    finally:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            client.unregister_worker_plugin(name)


def _check_workers(client: Client, name: str, on_warning: Callable[[str], None]) -> None:
    conditions = client.run(cluster_worker.condition, name)
    for worker, (trouble, _) in conditions.items():
        if trouble:
            raise CourseError(say("the worker {address}: {why}", address=worker, why=trouble))
    open_ones = [worker for worker, (_, confined) in conditions.items() if not confined]
    if open_ones:
        on_warning(
            say(
                "at {n} of {total} workers, {what}",
                n=len(open_ones),
                total=len(conditions),
                what=confinement.unconfined(),
            )
        )
