"""Values, calls and errors in words that a student understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from course.language import say

MAX_BITS = 256  # Python refuses to write out very large integers
SHOWN_ELEMENTS = 40  # of an array; a larger one is described by its shape


@dataclass(frozen=True)
class Call:
    """A call of the exercise that a check made, and what came back."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any

    def __str__(self) -> str:
        shown = [show(value) for value in self.args]
        shown += [f"{name}={show(value)}" for name, value in self.kwargs.items()]
        return f"{self.name}({', '.join(shown)})"


def check_title(docstring: str | None) -> str:
    """What a check is about: the first line of its docstring."""
    return (docstring or "").strip().split("\n")[0]


def show(value: Any) -> str:
    """A value as short text: small ones whole, large ones by type and shape."""
    if isinstance(value, np.ndarray):
        if value.size > SHOWN_ELEMENTS or value.size == 0:
            return say("array of shape {shape}, {dtype}", shape=value.shape, dtype=value.dtype)
        text = np.array2string(value, precision=4, separator=" ", suppress_small=True)
        return " ".join(text.split())
    if isinstance(value, np.generic):
        return show(value.item())
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return say("an integer of {n} bits", n=value.bit_length())
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return _show_sequence(value)
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def kind(value: Any) -> str:
    """What sort of thing a value is: "array of shape (3, 2)", "None", "list of 4"."""
    if value is None:
        return say("None (is the return statement missing?)")
    if isinstance(value, np.ndarray):
        return say("an array of shape {shape}, {dtype}", shape=value.shape, dtype=value.dtype)
    if isinstance(value, (list, tuple, dict)):
        return say("a {type} of {n}", type=type(value).__name__, n=len(value))
    if isinstance(value, (bool, int, float, str, bytes, np.generic)):
        return say("the {type} {value}", type=type(value).__name__, value=show(value))
    return str(value)  # a handle names its type


def _show_sequence(values: list[Any] | tuple[Any, ...]) -> str:
    opening, closing = "[]" if isinstance(values, list) else "()"
    if len(values) > SHOWN_ELEMENTS:
        return _length(values)
    text = f"{opening}{', '.join(show(value) for value in values)}{closing}"
    return text if len(text) <= 400 else _length(values)


def _length(values: list[Any] | tuple[Any, ...]) -> str:
    return say("{type} of {n}", type=type(values).__name__, n=len(values))
