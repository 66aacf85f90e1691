"""What graders expect: right results pass, and the message about a wrong one says all."""

import re

import numpy as np
import pytest

from course.grading import expect
from course.grading.expect import CheckFailedError
from course.grading.submission import Handle, NotPlainError, SubmissionRaisedError
from course.sandbox.wire import HandleRef

HANDLE = Handle(None, HandleRef(1, "builtins.set"))


def fails(message):
    """The message, whole, of the failure that must come."""
    return pytest.raises(CheckFailedError, match=f"^{re.escape(message)}$")


@pytest.mark.parametrize(
    "got",
    [
        [1, 2],
        (1.0, 2.0),
        np.array([1, 2], "uint8"),
        np.array([1, 2], "float16"),
        [np.float32(1), np.array(2)],
        np.array([1, 2]) * (1 + 5e-5),
    ],
)
def test_equal_values_pass(got):
    expect.equal(got, [1, 2])


@pytest.mark.parametrize("got", [5, 5.0, np.float32(5), np.array(5), np.int8(5)])
def test_numbers_pass(got):
    expect.number(got, 5)


def test_special_values_pass():
    expect.equal([np.nan, np.inf, -np.inf, 1e-9], [np.nan, np.inf, -np.inf, 0])
    expect.equal(np.zeros((0, 3)), np.zeros((0, 3)))
    expect.equal([True, False], [1, 0])


@pytest.mark.parametrize(
    ("got", "message"),
    [
        ([[1, 2], [3, 5]], "expected y[1, 1] = 4, got 5"),
        ([[1, np.nan], [3, 4]], "expected y[0, 1] = 2, got nan"),
        ([[1, 2.001], [3, 4]], "expected y[0, 1] = 2, got 2.001"),
        ([1, 2, 3, 4], "wrong shape of y: expected (2, 2), got (4,)"),
        (5, "wrong shape of y: expected (2, 2), got ()"),
        ([[1, 2], [3]], "expected y to be an array, got a list of 2 whose rows differ in length"),
        (None, "expected y to be an array, got None (is the return statement missing?)"),
        ("12", "expected y to be an array, got the str '12'"),
        ({"y": 1}, "expected y to be an array, got a dict of 1"),
        (HANDLE, "expected y to be an array, got an object of type builtins.set"),
        ([["1", "2"]], "expected y to hold real numbers, got a list of 1"),
        ([[1j, 2], [3, 4]], "expected y to hold real numbers, got a list of 2"),
    ],
)
def test_messages_of_equal(got, message):
    with fails(message):
        expect.equal(got, [[1, 2], [3, 4]], of="y")


def test_message_about_a_number():
    with fails("expected the result = 0.5, got 0.25"):
        expect.number(0.25, 0.5)
    with fails("wrong shape of the result: expected (), got (1,)"):
        expect.number(np.array([0.5]), 0.5)


def test_large_integers_are_compared_exactly_enough():
    with pytest.raises(CheckFailedError):
        expect.equal([2**63 - 1], [-(2**63)])
    with pytest.raises(CheckFailedError):
        expect.equal([10**400], [1.0])


def test_equal_names_what_the_values_betray():
    betrays = {"shifted": [2.0, 3.0], "constant": [1.0, 1.0, 1.0]}
    with pytest.raises(CheckFailedError) as failed:
        expect.equal([2, 3], [1, 2], betrays=betrays)
    assert failed.value.misconception == "shifted"
    with pytest.raises(CheckFailedError) as failed:
        expect.equal([2, 4], [1, 2], betrays=betrays)
    assert failed.value.misconception is None
    expect.equal([1, 2], [1, 2], betrays=betrays)
    with fails("expected y to be an array, got None (is the return statement missing?)"):
        expect.equal(None, [1, 2], of="y", betrays=betrays)


def test_parts():
    assert expect.parts((1, 2), "X", "y") == (1, 2)
    assert expect.parts([1, 2], "X", "y") == [1, 2]
    with fails("expected a tuple (X, y), got 3 parts"):
        expect.parts((1, 2, 3), "X", "y")
    with fails("expected a tuple (X, y), got an array of shape (2, 2), float64"):
        expect.parts(np.zeros((2, 2)), "X", "y")


def test_model():
    with fails("expected the result to be a keras.Model, got the float 0.5"):
        expect.model(0.5)


def submission_error(kind, bases, message=""):
    def call():
        raise SubmissionRaisedError({"type": kind, "bases": bases, "message": message})

    return call


def test_raises():
    expect.raises(ValueError, submission_error("ValueError", ["ValueError"], "too short"), "…")
    own = submission_error("TooShort", ["TooShort", "ValueError", "Exception"], "too short")
    expect.raises(ValueError, own, "…")
    with fails("expected ValueError, since n is 0; got TypeError: no"):
        other = submission_error("TypeError", ["TypeError", "Exception"], "no")
        expect.raises(ValueError, other, "n is 0")
    with fails("expected ValueError, since n is 0; got an array of shape (2,), float64"):
        expect.raises(ValueError, lambda: np.zeros(2), "n is 0")
    with fails("expected ValueError with a message that says what was expected and came"):
        expect.raises(ValueError, submission_error("ValueError", ["ValueError"], " "), "n is 0")


@pytest.mark.parametrize(
    "use", [bool, len, list, float, int, np.asarray, lambda h: h + h.__len__(), lambda h: [*h]]
)
def test_handles_are_no_data(use):
    with pytest.raises(NotPlainError, match=r"builtins\.set"):
        use(HANDLE)
