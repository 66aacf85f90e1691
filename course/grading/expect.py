"""What graders say they expect. Each function takes whatever came back, however wrong.

All of them raise `CheckFailedError` with a message of the form "expected …, got …".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from course.grading.submission import Handle, SubmissionRaisedError
from course.grading.wording import kind, show
from course.language import say

MODEL_METHODS = ("fit", "predict", "get_weights", "set_weights")


class CheckFailedError(AssertionError):
    """The submission is wrong.

    Args:
        message: what was expected and what came.
        misconception: name of the misconception that this check recognised by itself.
        credit: the part of the check's points that is earned all the same, from 0 to below 1.
    """

    def __init__(self, message: str, misconception: str | None = None, credit: float = 0.0) -> None:
        if not 0 <= credit < 1:
            raise ValueError(f"expected 0 <= credit < 1, got {credit}")
        super().__init__(message)
        self.misconception = misconception
        self.credit = credit


def fail(message: str, misconception: str | None = None, credit: float = 0.0) -> NoReturn:
    raise CheckFailedError(message, misconception, credit)


def that(
    condition: bool, message: str, misconception: str | None = None, credit: float = 0.0
) -> None:
    """Fails with `message` unless the condition holds."""
    if not condition:
        fail(message, misconception, credit)


def array(got: Any, of: str | None = None) -> np.ndarray:
    """`got` as a real-valued array; a list of numbers will do.

    Returns: an array of whatever shape came, dtype float64 (int64 or bool stay what they are).
    """
    of = _called(of)
    if not isinstance(got, (np.ndarray, np.generic, list, tuple, int, float)):
        fail(say("expected {of} to be an array, got {kind}", of=of, kind=kind(got)))
    try:
        result = np.asarray(got)
    except (ValueError, TypeError, OverflowError):
        what = kind(got)
        fail(
            say(
                "expected {of} to be an array, got {kind} whose rows differ in length",
                of=of,
                kind=what,
            )
        )
    if result.dtype.kind not in "biuf":
        fail(say("expected {of} to hold real numbers, got {kind}", of=of, kind=kind(got)))
    with np.errstate(over="ignore"):
        return result.astype(np.float64) if result.dtype.kind == "f" else result


def parts(got: Any, *names: str) -> Sequence[Any]:
    """`got` as a tuple or list of as many parts as there are names."""
    expected = f"({', '.join(names)})"
    if not isinstance(got, (tuple, list)):
        fail(say("expected a tuple {expected}, got {kind}", expected=expected, kind=kind(got)))
    if len(got) != len(names):
        fail(say("expected a tuple {expected}, got {n} parts", expected=expected, n=len(got)))
    return got


def model(got: Any, of: str | None = None) -> Any:
    """`got` as a handle on something that learns and predicts, as a keras.Model does."""
    if not isinstance(got, Handle) or not all(_has_method(got, name) for name in MODEL_METHODS):
        fail(say("expected {of} to be a keras.Model, got {kind}", of=_called(of), kind=kind(got)))
    return got


def _has_method(handle: Handle, name: str) -> bool:
    # A number of that name would cross as a number, and calling it would be the grader's error.
    return handle.has(name) and isinstance(getattr(handle, name), Handle)


def shape(
    got: Any,
    expected: tuple[int, ...],
    of: str | None = None,
    misconception: str | None = None,
) -> np.ndarray:
    """`got` as an array of exactly this shape."""
    result = array(got, of)
    if result.shape != expected:
        fail(
            say(
                "wrong shape of {of}: expected {expected}, got {got}",
                of=_called(of),
                expected=expected,
                got=result.shape,
            ),
            misconception,
        )
    return result


def equal(
    got: Any,
    expected: ArrayLike,
    of: str | None = None,
    rtol: float = 1e-4,
    atol: float = 1e-6,
    betrays: Mapping[str, ArrayLike] | None = None,
) -> None:
    """`got` has the shape and, up to float32's precision, the values of `expected`.

    Args:
        got: what came.
        expected: the values to be.
        of: what to call it (default: the result).
        rtol, atol: tolerances, as in `numpy.isclose`.
        betrays: for results that only a model gives, the values by which to know a misconception.
    """
    wanted = np.asarray(expected)
    result = array(got, of)
    known = (betrays or {}).items()
    wrong = next((name for name, values in known if _close(result, values, rtol, atol)), None)
    shape(result, wanted.shape, of, wrong)
    differs = ~np.isclose(result, wanted, rtol=rtol, atol=atol, equal_nan=True)
    if differs.any():
        index = tuple(int(i) for i in np.argwhere(differs)[0])
        where = f"{_called(of)}[{', '.join(map(str, index))}]" if index else _called(of)
        fail(
            say(
                "expected {where} = {expected}, got {got}",
                where=where,
                expected=show(wanted[index]),
                got=show(result[index]),
            ),
            wrong,
        )


def number(got: Any, expected: float, of: str | None = None, rtol: float = 1e-4) -> None:
    """`got` is this number; a 0-d array will do."""
    equal(got, np.float64(expected), of, rtol=rtol)


def raises(error: type[Exception], call: Callable[[], Any], because: str) -> None:
    """Calling must raise `error` in the submission, since `because`."""
    try:
        came = call()
    except SubmissionRaisedError as raised:
        if error.__name__ not in raised.bases:
            fail(_not_raised(error, because, f"{raised.type}: {raised.text}"))
        if not raised.text.strip():
            fail(
                say(
                    "expected {error} with a message that says what was expected and came",
                    error=error.__name__,
                )
            )
        return
    fail(_not_raised(error, because, kind(came)))


def _not_raised(error: type[Exception], because: str, got: str) -> str:
    return say(
        "expected {error}, since {because}; got {got}",
        error=error.__name__,
        because=because,
        got=got,
    )


def _called(of: str | None) -> str:
    return say("the result") if of is None else of


def _close(result: np.ndarray, values: ArrayLike, rtol: float, atol: float) -> bool:
    wrong = np.asarray(values)
    return result.shape == wrong.shape and np.allclose(result, wrong, rtol=rtol, atol=atol)
