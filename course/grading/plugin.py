"""The pytest plugin that gives graders their `submission` and turns outcomes into results."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from course.catalogue import Exercise
from course.grading.diagnosis import diagnose
from course.grading.expect import CheckFailedError
from course.grading.report import CheckResult, Status
from course.grading.submission import Submission, SubmissionRaisedError
from course.grading.verdicts import LIKELY_CAUSE, VerdictError, call_failed, loading_failed
from course.misconception import Misconception
from course.sandbox.supervisor import WorkerEndedError

DEFAULT_SECONDS = 5.0  # for a check that trains nothing
TIMEOUTS_UNTIL_GIVING_UP = 2  # for one exercise


class GraderPlugin:
    """Runs the checks of some exercises on one submission.

    Args:
        exercises: those to check, in the order in which to check them.
        verdicts: exercises that need no running, with the reason to raise for each of their checks.
        open_submission: gives the submission as the graders of one exercise see it.
        misconceptions: gives those of a week; asked only when a check has failed.
        seed: where graders' random inputs begin.
        on_result: called with each result as it comes.
        only: the name of the one check to run of each exercise; None runs all of them.
    """

    def __init__(
        self,
        exercises: Sequence[Exercise],
        verdicts: Mapping[str, VerdictError],
        open_submission: Callable[[Exercise], Submission],
        misconceptions: Callable[[str], Sequence[Misconception]],
        seed: int,
        on_result: Callable[[CheckResult], None],
        only: str | None = None,
    ) -> None:
        self._order = {exercise.id: number for number, exercise in enumerate(exercises)}
        self._exercises = {exercise.id: exercise for exercise in exercises}
        self._verdicts = dict(verdicts)
        self._open = open_submission
        self._misconceptions = misconceptions
        self._seed = seed
        self._on_result = on_result
        self._only = only
        self._current: tuple[str, Submission] | None = None
        self._points: dict[str, float] = {}  # per check of an exercise
        self._timeouts: dict[str, int] = {}
        self._started = 0.0
        self.expected: dict[str, pytest.Item] = {}  # by node id, as collected
        self.results: dict[str, CheckResult] = {}
        self.unreported: OSError | None = None
        self.broken: list[str] = []  # grader modules that could not be collected

    # -- what graders ask for ------------------------------------------------------------------

    @pytest.fixture
    def submission(self, request: pytest.FixtureRequest) -> Submission:
        """The code being graded."""
        exercise = self._exercises[_exercise_id(request.node)]
        if exercise.id in self._verdicts:
            raise self._verdicts[exercise.id]
        if self._current is None or self._current[0] != exercise.id:
            self.close()
            self._current = (exercise.id, self._open(exercise))
        submission = self._current[1]
        marker = request.node.get_closest_marker("exercise")
        try:
            submission.begin(marker.kwargs.get("seconds", DEFAULT_SECONDS))
        except (SubmissionRaisedError, WorkerEndedError) as error:
            # What happened at import happens at every check: once is enough.
            verdict = loading_failed(error, exercise)
            self._verdicts[exercise.id] = verdict
            raise verdict from None
        return submission

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Random inputs of this check, another draw for each seed."""
        return np.random.default_rng([self._seed, zlib.crc32(request.node.name.encode())])

    # -- what pytest calls ---------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line(
            "markers", "exercise(name, seconds): which exercise a check belongs to"
        )
        # Nobody reads pytest's own rendering of a failure, and it takes longer than the check.
        config.option.tbstyle = "native"

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if _exercise_id(item) in self._order]
        items.sort(key=lambda item: self._order[_exercise_id(item)])
        for exercise_id, exercise in self._exercises.items():
            count = sum(_exercise_id(item) == exercise_id for item in items)
            self._points[exercise_id] = exercise.points / max(count, 1)
        items[:] = [item for item in items if self._only in (None, _check_name(item))]
        self.expected = {item.nodeid: item for item in items}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr))

    def pytest_runtest_logstart(self) -> None:
        self._started = time.perf_counter()

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
            error = call.excinfo.value if call.excinfo is not None else None
            self._record(item, *self._judge(item, error))

    def finish(self) -> None:
        """Ends the last worker; checks that did not report count as not passed."""
        self.close()
        for node_id, item in self.expected.items():
            if node_id not in self.results:
                self._record(item, "crashed", "the check did not come to an end", None)

    def close(self) -> None:
        if self._current is not None:
            self._current[1].end()
            self._current = None

    # -- verdicts ------------------------------------------------------------------------------

    def _judge(
        self, item: pytest.Item, error: BaseException | None
    ) -> tuple[Status, str, str | None]:
        """Status, message and misconception for what a check raised."""
        exercise_id = _exercise_id(item)
        if error is None:
            return "passed", "", None
        if isinstance(error, VerdictError):
            return error.status, str(error), None
        if isinstance(error, WorkerEndedError):
            if error.status == "timeout":
                self._count_timeout(exercise_id)
            return error.status, self._with_call(str(error)), None  # type: ignore[return-value]
        if isinstance(error, SubmissionRaisedError):
            message = call_failed(error, self._exercises[exercise_id])
            return "failed", self._with_call(message), None
        if isinstance(error, AssertionError):
            return self._failed(item, error)
        return "grader_error", f"{type(error).__name__}: {error}", None

    def _failed(self, item: pytest.Item, error: AssertionError) -> tuple[Status, str, str | None]:
        message = self._with_call(str(error) or "the check failed")
        calls = self._current[1].calls if self._current else []
        exercise = self._exercises[_exercise_id(item)]
        of_week = self._misconceptions(exercise.week)
        known = [wrong for wrong in of_week if wrong.exercise == exercise.name]
        named = error.misconception if isinstance(error, CheckFailedError) else None
        wrong = next((wrong for wrong in known if wrong.name == named), None)
        wrong = wrong or diagnose(known, _check_name(item), calls)
        if wrong is None:
            return "failed", message, None
        return "failed", f"{message}{LIKELY_CAUSE}{wrong.says}", wrong.name

    def _with_call(self, message: str) -> str:
        """The message, with the call that it is about and what the submission printed."""
        submission = self._current[1] if self._current else None
        if submission is None:
            return message
        if submission.last_call is not None:
            message = f"{message}\nfor {submission.last_call}"
        printed = submission.printed()
        return f"{message}\nyour code printed: {printed}" if printed else message

    def _count_timeout(self, exercise_id: str) -> None:
        self._timeouts[exercise_id] = self._timeouts.get(exercise_id, 0) + 1
        if self._timeouts[exercise_id] >= TIMEOUTS_UNTIL_GIVING_UP:
            self._verdicts[exercise_id] = VerdictError(
                "timeout", "not run: other checks of this exercise took too long already"
            )

    def _record(self, item: pytest.Item, status: Status, message: str, wrong: str | None) -> None:
        exercise_id = _exercise_id(item)
        result = CheckResult(
            exercise=exercise_id,
            check=_check_name(item),
            title=_title(item),
            status=status,
            max_score=0.0 if status == "grader_error" else self._points[exercise_id],
            seconds=time.perf_counter() - self._started,
            message=message,
            misconception=wrong,
        )
        self.results[item.nodeid] = result
        try:
            self._on_result(result)
        except OSError as error:  # the terminal is gone; pytest would take it for a test's error
            self.unreported = error
            self._on_result = lambda result: None


def _exercise_id(item: Any) -> str:
    """`WEEK.EXERCISE` of a check: its module's name and its marker's."""
    marker = item.get_closest_marker("exercise")
    return f"{item.path.stem}.{marker.args[0]}" if marker else ""


def _check_name(item: pytest.Item) -> str:
    return item.name.removeprefix("test_")


def _title(item: Any) -> str:
    return (item.function.__doc__ or "").strip().split("\n")[0]
