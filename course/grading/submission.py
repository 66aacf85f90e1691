"""The grader's view of a submission: functions to call and handles on what stays over there."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from course.grading.wording import Call
from course.grading.workplace import Workplace
from course.language import say
from course.sandbox.supervisor import WorkerEndedError
from course.sandbox.wire import HandleRef, WireError

LOAD_SECONDS = 20.0  # for importing the submission; it may load TensorFlow
MAX_TEXT = 2_000  # characters of an error's message
SHOWN_OUTPUT = 300  # characters of what a submission printed
# Before the name of a file of its own. It tells a student nothing, and is another each time.
WORKERS_FOLDER = re.compile(r"[^\s'\"(]*[\\/]course-\w+[\\/](?:tmp\w+[\\/])?")


class SubmissionRaisedError(Exception):
    """The submission's code raised, while the grader was calling it.

    Attributes:
        type: the exception's class name; `bases` also names the classes it derives from.
        text: its message.
        line, source: where in the submission, if it was there.
        function: in which function.
        refused: True when the value itself could not cross the wire.
        called: the submission's function that was called; None when it was something that an
            earlier call had returned.
    """

    called: str | None = None

    def __init__(self, error: Mapping[str, Any]) -> None:
        # The submission may have written whatever it likes.
        bases, line = error.get("bases"), error.get("line")
        self.type = _text(error.get("type")) or say("an error")
        self.text = _text(error.get("message"))
        self.bases = tuple(map(_text, bases)) if type(bases) is list else ()
        self.line = line if type(line) is int else None
        self.source = _text(error.get("text")).strip()
        self.function = _text(error.get("function"))
        self.refused = error.get("refused") is True
        super().__init__(f"{self.type}: {self.text}" if self.text else self.type)

    def place(self) -> str:
        if not self.line:
            return ""
        return f"\n  {say('line {line}: {source}', line=self.line, source=self.source)}"


class NotPlainError(AssertionError):
    """A handle was used as if it were a number, a sequence or a truth value."""


class Submission:
    """One exercise of a submission, in a worker.

    `submission.split_sequence(...)` calls the function of that name over there.

    Args:
        workplace: gives the worker.
        module: the week's module, "week04_sequences".
        exercise: the function being judged, whose calls are recorded.
        uses: libraries that the worker should have loaded.

    Attributes:
        shared: whether the worker has served other exercises before this one.
        calls: those of the function being judged, in this check.
        last_call: the one that is under way, or was last.
    """

    def __init__(
        self,
        workplace: Workplace,
        module: str,
        exercise: str,
        uses: tuple[str, ...] = (),
    ) -> None:
        self._workplace = workplace
        self._module_name = module
        self._exercise = exercise
        self._uses = uses
        self._worker: Any = None
        self._loaded: Any = None
        self._deadline = 0.0
        self.shared = False
        self.calls: list[Call] = []
        self.last_call: Call | None = None

    def load(self) -> None:
        """Has the exercise's module loaded in a living worker, if it is not yet.

        Raises:
            SubmissionRaisedError, WorkerEndedError: it cannot be loaded, not even in a new worker.
        """
        while self._worker is None or self._worker.ended:
            self.shared = False
            try:
                self._worker, self.shared = self._workplace.worker(self._module_name, self._uses)
                self._deadline = time.monotonic() + LOAD_SECONDS
                self._loaded = self._request({"op": "load", "module": self._module_name})
            except (SubmissionRaisedError, WorkerEndedError):
                self._workplace.close()
                if not self.shared:
                    raise

    def begin(self, seconds: float, seed: int) -> None:
        """Starts a check, which has `seconds` from now.

        Args:
            seconds: how long it may take.
            seed: for the random numbers that are drawn over there.
        """
        self.calls, self.last_call = [], None
        self._worker.forget_output()
        self._deadline = time.monotonic() + seconds
        self._request({"op": "begin", "seed": seed})

    def printed(self) -> str:
        """What the submission printed during this check, shortened."""
        text = _text(self._worker.output()).strip()
        return text if len(text) <= SHOWN_OUTPUT else f"{text[:SHOWN_OUTPUT]}…"

    def module(self, name: str) -> Any:
        """A handle on a library module over there, `submission.module("keras")`."""
        return self._request({"op": "module", "name": name})

    def helper(self, source: str, name: str) -> Any:
        """A handle on a function or class that the grader defines over there.

        For arguments that are functions, which cannot cross. The helper lives among the
        submission's code: what it reports is the submission's word.

        Args:
            source: Python text, complete with its imports.
            name: which of its definitions to return.
        """
        return self._request({"op": "define", "source": source, "name": name})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Function(self, name)

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        judged = name == self._exercise
        if judged:
            self.last_call = Call(name, args, kwargs, None)
        try:
            function = self._request({"op": "get", "target": self._loaded, "name": name})
            message = {"op": "call", "target": function, "args": list(args), "kwargs": kwargs}
            result = self._request(message)
        except SubmissionRaisedError as error:
            error.called = name
            raise
        if judged:
            self.calls.append(Call(name, args, kwargs, result))
        return result

    def _request(self, message: dict[str, Any]) -> Any:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            self._workplace.close()
            raise WorkerEndedError("timeout", say("the check's time was up before it was done"))
        reply = self._worker.request(message, _reference, seconds)
        if "error" in reply:
            error = reply["error"]
            raise SubmissionRaisedError(error if isinstance(error, dict) else {})
        return self._wrapped(reply["ok"])

    def _wrapped(self, value: Any) -> Any:
        if isinstance(value, HandleRef):
            return Handle(self, value)
        if type(value) in (list, tuple):
            return type(value)(self._wrapped(item) for item in value)
        if type(value) is dict:
            return {key: self._wrapped(item) for key, item in value.items()}
        return value


class _Function:
    """A function of the submission's module, called by name at each call."""

    def __init__(self, submission: Submission, name: str) -> None:
        self._submission = submission
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._submission._call(self._name, args, kwargs)


class Handle:
    """Something that stays in the worker. Attributes, items and calls go there and come back.

    It is no number, no sequence and neither true nor false. A grader that meets one where it
    expects those has met the student's mistake of returning the wrong kind of thing:
    `NotPlainError`.
    """

    _own = ("_submission", "_ref")

    def __init__(self, submission: Submission, ref: HandleRef) -> None:
        self._submission = submission
        self._ref = ref

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._submission._request({"op": "get", "target": self, "name": name})

    def __setattr__(self, name: str, value: Any) -> None:
        if name in Handle._own:
            object.__setattr__(self, name, value)
        else:
            self._submission._request({"op": "set", "target": self, "name": name, "value": value})

    def __getitem__(self, key: Any) -> Any:
        return self._submission._request({"op": "item", "target": self, "key": key})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._submission._request(
            {"op": "call", "target": self, "args": list(args), "kwargs": kwargs}
        )

    def _refuse(self, *_: Any) -> Any:
        raise NotPlainError(
            say("expected plain data such as numbers or an array, got {kind}", kind=self)
        )

    __bool__ = __iter__ = __len__ = __float__ = __int__ = __array__ = _refuse

    def has(self, name: str) -> bool:
        """Whether there is such an attribute over there."""
        try:
            getattr(self, name)
        except SubmissionRaisedError:
            return False
        return True

    def __repr__(self) -> str:
        return say("an object of type {type}", type=_text(self._ref.type_name))


def _text(value: Any) -> str:
    """What should be text, bounded and without what could steer the terminal that shows it."""
    if type(value) is not str:
        return ""
    shown = value[:MAX_TEXT].expandtabs(4)
    shown = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in shown)
    return WORKERS_FOLDER.sub("", shown)


def _reference(value: Any) -> HandleRef:
    if isinstance(value, Handle):
        return value._ref
    raise WireError(f"a grader cannot send {type(value).__name__}")
