"""Values in words: short, and never what would swamp a terminal."""

import numpy as np
import pytest

from course.grading.wording import Call, kind, show


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.arange(3.0), "[0. 1. 2.]"),
        (np.array([[1, 2], [3, 4]]), "[[1 2] [3 4]]"),
        (np.array([1 / 3, 1e-9]), "[0.3333 0. ]"),
        (np.zeros((0, 3)), "array of shape (0, 3), float64"),
        (np.zeros((20, 3), "float32"), "array of shape (20, 3), float32"),
        (np.float32(0.1), "0.1"),
        (np.int64(7), "7"),
        (1 / 3, "0.333333"),
        (float("nan"), "nan"),
        (True, "True"),
        ("a", "'a'"),
        ([1, 2.0, "a"], "[1, 2, 'a']"),
        ((1, [2, None]), "(1, [2, None])"),
        ([], "[]"),
        (list(range(100)), "list of 100"),
        ((np.zeros(30),) * 20, "tuple of 20"),
        (10**1000, "an integer of 3322 bits"),
    ],
)
def test_show(value, text):
    assert show(value) == text


def test_show_is_short_whatever_comes():
    for value in ("x" * 10**6, {"x": "y" * 10**6}, [["x" * 300] * 10], b"\0" * 10**6):
        assert len(show(value)) <= 401


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None (is the return statement missing?)"),
        (np.zeros((2, 3)), "an array of shape (2, 3), float64"),
        ([1, 2], "a list of 2"),
        ((), "a tuple of 0"),
        ({"a": 1}, "a dict of 1"),
        (0.5, "the float 0.5"),
        (True, "the bool True"),
        (np.float32(2), "the float32 2"),
        ("text", "the str 'text'"),
    ],
)
def test_kind(value, text):
    assert kind(value) == text


def test_call_reads_like_python():
    call = Call("split", (np.arange(3), 2), {"stride": 1, "names": ["a"]}, None)
    assert str(call) == "split([0 1 2], 2, stride=1, names=['a'])"
    assert str(Call("run", (), {}, 0)) == "run()"
