"""Has jobs grade submissions, and survives whatever happens to a job."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import wait

from course.classroom.intake import Submission
from course.classroom.job import Job, JobFailedError
from course.classroom.unit import Settings, ungraded
from course.errors import CourseError
from course.grading.report import Report
from course.language import say

TICK_SECONDS = 0.25
FAILURES_UNTIL_GIVING_UP = 3  # submissions in a row that no job could grade

OnReport = Callable[[Submission, Report, float], None]


def grade_all(
    settings: Settings,
    submissions: Iterable[Submission],
    n_jobs: int,
    on_report: OnReport,
    on_tick: Callable[[], None] = lambda: None,
) -> None:
    """Grades submissions, several at a time.

    Args:
        settings: for all of them.
        submissions: taken one by one, as jobs become free.
        n_jobs: how many jobs work at a time.
        on_report: called with each submission, its report and the seconds it took.
        on_tick: called several times a second.

    Raises:
        CourseError: nothing can be graded here.
    """
    with contextlib.closing(Pool(settings, n_jobs)) as pool:
        for submission, report, seconds in pool.reports(iter(submissions), on_tick):
            on_report(submission, report, seconds)


class Pool:
    """Jobs that stay ready from one submission to the next.

    Args:
        settings: for all submissions.
        n_jobs: how many jobs work at a time.
    """

    def __init__(self, settings: Settings, n_jobs: int) -> None:
        self._settings = settings
        self._n_jobs = n_jobs
        self._jobs: list[Job] = []
        self._again: deque[Submission] = deque()  # whose job failed once
        self._failed: set[str] = set()
        self._in_a_row = 0

    def close(self) -> None:
        for job in self._jobs:
            job.connection.close()  # all at once, so that they leave at the same time
        for job in self._jobs:
            job.close()

    def reports(
        self, submissions: Iterator[Submission], on_tick: Callable[[], None]
    ) -> Iterator[tuple[Submission, Report, float]]:
        """Submissions with their reports and the seconds they took, in the order they are done."""
        while True:
            self._assign(submissions)
            busy = {job.connection: job for job in self._jobs if job.submission is not None}
            if not busy:
                return
            ready = wait(list(busy), TICK_SECONDS)
            for job in [busy[each] for each in ready]:  # type: ignore[index]
                yield from self._finished(job)
            for job in [job for job in busy.values() if job.stuck]:
                limit = f"{self._settings.seconds:.0f}"
                why = say("grading it did not end within {seconds} seconds", seconds=limit)
                yield from self._lost(job, JobFailedError("timeout", why))
            on_tick()

    def _assign(self, submissions: Iterator[Submission]) -> None:
        idle = [job for job in self._jobs if job.submission is None]
        while idle or len(self._jobs) < self._n_jobs:
            following = self._again.popleft() if self._again else next(submissions, None)
            if following is None:
                return
            if not idle:
                self._jobs.append(Job(self._settings))
                idle.append(self._jobs[-1])
            idle.pop().begin(following)

    def _finished(self, job: Job) -> Iterator[tuple[Submission, Report, float]]:
        submission = job.submission
        assert submission is not None
        try:
            report, seconds = job.finish()
        except JobFailedError as error:
            yield from self._lost(job, error)
        else:
            self._in_a_row = 0
            yield submission, report, seconds

    def _lost(self, job: Job, error: JobFailedError) -> Iterator[tuple[Submission, Report, float]]:
        """What becomes of a submission whose job is gone: another try, then a verdict."""
        submission = job.submission
        assert submission is not None
        self._jobs.remove(job)
        job.close(seconds=0 if job.stuck else 1)
        if submission.student.id not in self._failed:
            self._failed.add(submission.student.id)
            self._again.append(submission)
            return
        self._in_a_row += 1
        if self._in_a_row >= FAILURES_UNTIL_GIVING_UP:
            raise CourseError(
                say(
                    "{n} submissions in a row could not be graded: {why}",
                    n=FAILURES_UNTIL_GIVING_UP,
                    why=error,
                )
            )
        why = say("tried twice: {why}", why=error)
        yield submission, ungraded(self._settings, submission, error.status, why), 0.0
