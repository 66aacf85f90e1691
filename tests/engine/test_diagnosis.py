"""A wrong result is traced to the misconception that gives it, and to no other."""

import numpy as np
import pytest

from course.grading.diagnosis import diagnose, load_misconceptions
from course.grading.submission import Handle
from course.grading.wording import Call
from course.misconception import misconception
from course.sandbox.wire import HandleRef


def wrong(function, rejected_by="values"):
    mark = misconception(exercise="f", rejected_by=rejected_by, says="No.")
    return mark(function).misconception


def called(*args, result, **kwargs):
    return Call("f", args, kwargs, result)


def minus_one(x):
    return x - 1


def negative(x):
    return -x


def none(x):
    return None


def of_calls(known, *calls, check="values"):
    found = diagnose([wrong(function) for function in known], check, calls)
    return found.name if found else None


def test_named_when_every_call_agrees():
    known = [minus_one, negative]
    assert of_calls(known, called(4, result=3)) == "minus_one"
    assert of_calls(known, called(0.5, result=-0.5)) == "minus_one"
    assert of_calls([negative, minus_one], called(0.5, result=-0.5)) == "negative"
    both = [called(0.5, result=-0.5), called(4, result=-4)]
    assert of_calls(known, *both) == "negative"
    assert of_calls(known, *both, called(4, result=5)) is None
    assert of_calls(known, called(x=4, result=3)) == "minus_one"


def test_nothing_to_go_by():
    assert of_calls([minus_one]) is None
    assert of_calls([], called(1, result=0)) is None


def test_those_that_the_check_is_there_for_come_first():
    def other(x):
        return x - 1

    known = [wrong(other, "shape"), wrong(minus_one, "values")]
    calls = [called(1, result=0)]
    assert diagnose(known, "values", calls).name == "minus_one"
    assert diagnose(known, "shape", calls).name == "other"
    assert diagnose(known, "third", calls).name == "other"


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        (np.arange(3.0), np.arange(3, dtype="float32"), True),
        (np.arange(3.0), [0, 1, 2], True),
        (np.arange(3.0), np.arange(3.0)[:, None], False),
        (np.zeros((0, 3)), np.zeros((0, 2)), False),
        (np.arange(3.0), np.arange(3.0) + 1e-3, False),
        (np.array([np.nan, 1]), np.array([np.nan, 1]), True),
        ((np.zeros(2), np.ones(2)), [np.zeros(2), np.ones(2)], True),
        ((np.zeros(2), np.ones(2)), (np.zeros(2), np.zeros(2)), False),
        ((np.zeros(2), np.ones(2)), (np.zeros(2), np.ones(2), 0), False),
        ({"f1": 0.1 + 0.2, "x": np.ones(2)}, {"x": [1, 1], "f1": np.float32(0.3)}, True),
        ({"f1": 0.3}, {"f1": 0.4}, False),
        ({"f1": 0.3}, {"recall": 0.3}, False),
        (0.5, np.array(0.5), True),
        (0.5, "0.5", False),
        (0.5, None, False),
        (np.ones(2), {"x": 1}, False),
        (None, np.ones(2), False),
        ("left", "left", True),
    ],
)
def test_what_counts_as_the_same_result(expected, got, same):
    assert (of_calls([lambda x: expected], called(0, result=got)) is not None) is same


def test_misconception_may_fail_or_warn_or_change_its_arguments(recwarn):
    def raises(x):
        raise RuntimeError

    def warns(x):
        return np.log(x - 1)  # of zero

    def changes(x):
        x *= 0
        return x

    array = np.ones(3)
    assert of_calls([raises, warns, none], called(array, result=np.zeros(3))) is None
    assert of_calls([changes], called(array, result=np.zeros(3))) == "changes"
    assert array.sum() == 3 and not recwarn.list


def test_handles_are_not_compared():
    handle = Handle(None, HandleRef(1, "keras.Model"))
    assert of_calls([none], called(handle, result=None)) is None
    assert of_calls([none], called([{"model": (handle,)}], result=None)) is None
    assert of_calls([none], called(1, result=[handle])) is None


def test_loading(tmp_path):
    path = tmp_path / "week01_toy.py"
    assert load_misconceptions(path) == ()
    path = tmp_path / "week02_toy.py"
    path.write_text(
        "import keras\nfrom course.misconception import misconception\n"
        "def helper():\n    pass\n"
        "mark = misconception(exercise='f', rejected_by='values', says='No.', betrayed=False)\n"
        "@mark\ndef second(x):\n    return 1\n"
        "@mark\ndef first(x):\n    return 2\n"
    )
    second, first = load_misconceptions(path)
    assert (second.name, first.name) == ("second", "first")
    assert (second.exercise, second.rejected_by, second.says) == ("f", "values", "No.")
    assert second.betrayed is False and second.function(0) == 1
