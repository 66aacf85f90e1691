"""Names the misconception that a wrong result betrays."""

from __future__ import annotations

import copy
import functools
import importlib.util
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from course.grading.submission import Handle
from course.grading.wording import Call
from course.misconception import Misconception

NETWORKS = frozenset({"keras", "tensorflow", "tf"})
TRAINING = frozenset({"fit", "train_on_batch", "GradientTape"})


@functools.cache
def load_misconceptions(path: Path) -> tuple[Misconception, ...]:
    """The misconceptions of one week, in the order of the file; none when there is no file."""
    if not path.exists():
        return ()
    spec = importlib.util.spec_from_file_location(f"misconceptions_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # Not isinstance: it would ask a lazily imported library for its class, and load it.
    functions = (value for value in vars(module).values() if type(value) is FunctionType)
    return tuple(
        function.misconception for function in functions if hasattr(function, "misconception")
    )


def diagnose(
    misconceptions: Sequence[Misconception], check: str, calls: Sequence[Call]
) -> Misconception | None:
    """The misconception that gives what the submission gave, on every call of a failed check.

    Args:
        misconceptions: those of the exercise.
        check: name of the failed check; misconceptions that it is there to reject come first.
        calls: the calls that the check made before it failed.
    """
    if not calls or any(_holds_handle(value) for call in calls for value in vars(call).values()):
        return None
    likely_first = sorted(misconceptions, key=lambda wrong: wrong.rejected_by != check)
    matching = (
        wrong
        for wrong in likely_first
        if not _trains_a_network(wrong) and all(_gives(wrong, call) for call in calls)
    )
    return next(matching, None)


def _trains_a_network(wrong: Misconception) -> bool:
    """Whether trying a wrong answer would take longer than its name is worth."""
    names = _reachable_names(wrong.function)
    return not NETWORKS.isdisjoint(names) and not TRAINING.isdisjoint(names)


def _reachable_names(function: Any) -> set[str]:
    """The names that a function uses, and those of its module's functions among them."""
    names: set[str] = set()
    seen: set[CodeType] = set()
    waiting = [function.__code__, *_codes(function.__defaults__ or ())]
    while waiting:
        code = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        names.update(code.co_names)
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        waiting += _codes(function.__globals__.get(name) for name in code.co_names)
    return names


def _codes(values: Iterable[Any]) -> list[CodeType]:
    # Not isinstance: it would ask a lazily imported library for its class, and load it.
    return [value.__code__ for value in values if type(value) is FunctionType]


def _gives(wrong: Misconception, call: Call) -> bool:
    arguments = copy.deepcopy((call.args, call.kwargs))
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return _same(wrong.function(*arguments[0], **arguments[1]), call.result)
    except Exception:  # a wrong answer may well fail on inputs that it was not written for
        return False


def _same(expected: Any, got: Any) -> bool:
    if isinstance(expected, (tuple, list)) and isinstance(got, (tuple, list)):
        return len(expected) == len(got) and all(map(_same, expected, got))
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(_same(expected[k], got[k]) for k in expected)
    if isinstance(expected, (np.ndarray, np.generic, int, float)):
        one, other = np.asarray(expected), np.asarray(got)
        return one.shape == other.shape and np.allclose(one, other, equal_nan=True)
    return bool(expected == got)


def _holds_handle(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_handle, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_handle, value))
    return isinstance(value, Handle)
