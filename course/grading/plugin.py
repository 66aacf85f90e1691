"""The pytest plugin that gives graders their `submission` and turns outcomes into results."""

from __future__ import annotations

import math
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from course.catalogue import Exercise
from course.grading.diagnosis import diagnose
from course.grading.expect import CheckFailedError
from course.grading.report import CheckResult, Status, second_result, with_cause
from course.grading.submission import Submission, SubmissionRaisedError
from course.grading.verdicts import VerdictError, call_failed, loading_failed
from course.grading.wording import check_title
from course.grading.workplace import Workplace
from course.language import say
from course.misconception import Misconception
from course.sandbox.supervisor import WorkerEndedError

EXERCISE_MARKER = (
    "exercise(name, seconds, weight, training): which exercise a check belongs to, how long it may "
    "take, its share of the points against others, whether chance has a part in its verdict"
)
DEFAULT_SECONDS = 5.0  # for a check that trains nothing
TIMEOUTS_UNTIL_GIVING_UP = 2  # for one exercise


@dataclass
class Turn:
    """One submission's way through the checks.

    Attributes:
        verdicts: exercises that need no running, with the reason to raise for each of their checks.
        workplace: where its exercises run.
        libraries: those that an exercise needs.
        on_result: called with each result as it comes.
        deadline: when its time is up, by `time.monotonic`.
        only: the name of the one check to run of each exercise; None runs all of them.
        tries: how often a check that trains is run, before it fails the submission.
        results: what came, by the check's node id.
        unreported: what `on_result` raised, if it did.
    """

    verdicts: dict[str, VerdictError]
    workplace: Workplace
    libraries: Callable[[Exercise], tuple[str, ...]]
    on_result: Callable[[CheckResult], None]
    deadline: float = math.inf
    only: str | None = None
    tries: int = 2
    results: dict[str, CheckResult] = field(default_factory=dict)
    unreported: OSError | None = None
    timeouts: Counter[str] = field(default_factory=Counter)


class GraderPlugin:
    """Runs the checks of some exercises, on one submission after the other.

    Args:
        exercises: those to check, in the order in which to check them.
        misconceptions: gives those of a week; asked only when a check has failed.
        seed: where graders' random inputs begin.
        body: called once the checks are collected; it calls `run` for each submission.
    """

    def __init__(
        self,
        exercises: Sequence[Exercise],
        misconceptions: Callable[[str], Sequence[Misconception]],
        seed: int,
        body: Callable[[GraderPlugin], None],
    ) -> None:
        self._order = {exercise.id: number for number, exercise in enumerate(exercises)}
        self._exercises = {exercise.id: exercise for exercise in exercises}
        self._misconceptions = misconceptions
        self._seed = seed
        self._body = body
        self._items: list[pytest.Item] = []
        self._points: dict[str, float] = {}  # per check
        self._turn: Turn
        self._current: tuple[str, Submission] | None = None
        self._attempt = 1
        self._again = False  # the check under way is to be run once more before it counts
        self._started = 0.0
        self.raised: BaseException | None = None  # by the body
        self.broken: list[str] = []  # grader modules that could not be collected

    def run(self, turn: Turn) -> None:
        """Puts one submission through all checks."""
        self._turn = turn
        items = [item for item in self._items if turn.only in (None, _check_name(item))]
        try:
            for item, following in zip(items, [*items[1:], None], strict=False):
                self._check(item, following, attempt=1)
                while self._deserves_another_try(item):
                    self.close()
                    self._check(item, following, attempt=self._attempt + 1)
        finally:
            self.close()
            for item in items:  # checks that did not report count as not passed
                if item.nodeid not in turn.results:
                    self._record(item, "crashed", say("the check did not come to an end"), None)

    def _check(self, item: pytest.Item, following: pytest.Item | None, attempt: int) -> None:
        self._attempt = attempt
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if self._again:  # once: a worker that was shared has ended, and the next one is new
            self._again = False
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    # -- what graders ask for ------------------------------------------------------------------

    @pytest.fixture
    def submission(self, request: pytest.FixtureRequest) -> Submission:
        """The code being graded."""
        exercise = self._exercises[_exercise_id(request.node)]
        verdicts = self._turn.verdicts
        if exercise.id in verdicts:
            raise verdicts[exercise.id]
        seconds = min(_seconds(request.node), self._turn.deadline - time.monotonic())
        if seconds <= 0:
            raise VerdictError("timeout", say("not run: the submission's time was up"))
        if self._current is None or self._current[0] != exercise.id:
            libraries = self._turn.libraries(exercise)
            workplace = self._turn.workplace
            self._current = (
                exercise.id,
                Submission(workplace, exercise.week, exercise.name, libraries),
            )
        submission = self._current[1]
        try:
            submission.load()
        except (SubmissionRaisedError, WorkerEndedError) as error:
            # What happened at import happens at every check: once is enough.
            verdict = loading_failed(error, exercise)
            verdicts[exercise.id] = verdict
            raise verdict from None
        submission.begin(seconds, self._seed_over_there(request.node))
        return submission

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Random inputs of this check, another draw for each seed and for another try."""
        return np.random.default_rng(self._seeds(request.node))

    def _seeds(self, item: Any) -> list[int]:
        of_check = [self._seed, zlib.crc32(item.name.encode())]
        return of_check if self._attempt == 1 else [*of_check, self._attempt]

    def _seed_over_there(self, item: Any) -> int:
        """Another number, from which those that a grader draws cannot be told."""
        (child,) = np.random.SeedSequence(self._seeds(item)).spawn(1)
        return int(child.generate_state(1)[0])

    # -- what pytest calls ---------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", EXERCISE_MARKER)
        # Nobody reads pytest's own rendering of a failure, and it takes longer than the check.
        config.option.tbstyle = "native"

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if _exercise_id(item) in self._order]
        items.sort(key=lambda item: self._order[_exercise_id(item)])
        self._items = items[:]
        for exercise_id, exercise in self._exercises.items():
            weights = {item: _weight(item) for item in items if _exercise_id(item) == exercise_id}
            for item, weight in weights.items():
                self._points[item.nodeid] = exercise.points * weight / sum(weights.values())

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr))

    def pytest_runtestloop(self) -> bool:
        try:
            self._body(self)
        except BaseException as error:  # pytest would make its own of it
            self.raised = error
        return True

    def pytest_runtest_logstart(self) -> None:
        self._started = time.perf_counter()

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
            error = call.excinfo.value if call.excinfo is not None else None
            if isinstance(error, WorkerEndedError) and self._current and self._current[1].shared:
                self._again = True  # it may have ended through what other exercises left there
                return
            credit = error.credit if isinstance(error, CheckFailedError) else 0.0
            self._record(item, *self._judge(item, error), credit)

    def close(self) -> None:
        self._current = None
        self._turn.workplace.close()

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
        message = self._with_call(str(error) or say("the check failed"))
        calls = self._current[1].calls if self._current else []
        exercise = self._exercises[_exercise_id(item)]
        of_week = self._misconceptions(exercise.week)
        known = [wrong for wrong in of_week if wrong.exercise == exercise.name]
        named = error.misconception if isinstance(error, CheckFailedError) else None
        wrong = next((wrong for wrong in known if wrong.name == named), None)
        wrong = wrong or diagnose(known, _check_name(item), calls)
        if wrong is None:
            return "failed", message, None
        return "failed", with_cause(message, say(wrong.says)), wrong.name

    def _with_call(self, message: str) -> str:
        """The message, with the call that it is about and what the submission printed."""
        submission = self._current[1] if self._current else None
        if submission is None:
            return message
        if submission.last_call is not None:
            message = f"{message}\n{say('for {call}', call=submission.last_call)}"
        printed = submission.printed()
        if printed:
            message = f"{message}\n{say('your code printed: {printed}', printed=printed)}"
        return message

    def _count_timeout(self, exercise_id: str) -> None:
        self._turn.timeouts[exercise_id] += 1
        if self._turn.timeouts[exercise_id] >= TIMEOUTS_UNTIL_GIVING_UP:
            self._turn.verdicts[exercise_id] = VerdictError(
                "timeout", say("not run: other checks of this exercise took too long already")
            )

    def _deserves_another_try(self, item: pytest.Item) -> bool:
        """Whether chance may have failed a check: one that trains, the first time."""
        result = self._turn.results.get(item.nodeid)
        if result is None or result.attempts >= self._turn.tries:
            return False
        return result.status == "failed" and _trains(item)

    def _record(
        self,
        item: pytest.Item,
        status: Status,
        message: str,
        wrong: str | None,
        credit: float = 0.0,
    ) -> None:
        result = CheckResult(
            exercise=_exercise_id(item),
            check=_check_name(item),
            title=say(check_title(item.function.__doc__)),  # type: ignore[attr-defined]
            status=status,
            max_score=0.0 if status == "grader_error" else self._points[item.nodeid],
            seconds=time.perf_counter() - self._started,
            message=message,
            misconception=wrong,
            credit=credit,
        )
        turn = self._turn
        if (first := turn.results.get(item.nodeid)) is not None:
            result = second_result(first, result)
        turn.results[item.nodeid] = result
        if self._deserves_another_try(item):
            return  # it is not yet known how this one ends
        try:
            turn.on_result(result)
        except OSError as error:  # the terminal is gone; pytest would take it for a test's error
            turn.unreported = error
            turn.on_result = lambda result: None


def _seconds(item: Any) -> float:
    return item.get_closest_marker("exercise").kwargs.get("seconds", DEFAULT_SECONDS)


def _weight(item: Any) -> float:
    return item.get_closest_marker("exercise").kwargs.get("weight", 1)


def _trains(item: Any) -> bool:
    return item.get_closest_marker("exercise").kwargs.get("training", False)


def _exercise_id(item: Any) -> str:
    """`WEEK.EXERCISE` of a check: its module's name and its marker's."""
    marker = item.get_closest_marker("exercise")
    return f"{item.path.stem}.{marker.args[0]}" if marker else ""


def _check_name(item: pytest.Item) -> str:
    return item.name.removeprefix("test_")
