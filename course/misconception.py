"""Wrong answers that people really give, as code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


def misconception(
    *, exercise: str, rejected_by: str, says: str, betrayed: bool = True
) -> Callable[[F], F]:
    """Marks a function of `tests/misconceptions/` as a wrong answer to an exercise.

    Args:
        exercise: name of the function that it stands in for, with the same signature.
        rejected_by: name of the check that must reject it.
        says: what to tell a student who made this mistake, in one or two sentences.
        betrayed: whether a result tells this mistake from others, so that it can be named.
    """

    def mark(function: F) -> F:
        function.misconception = Misconception(  # type: ignore[attr-defined]
            function.__name__, exercise, rejected_by, says, betrayed, function
        )
        return function

    return mark


class Misconception:
    """A marked function; see `misconception` for the attributes."""

    def __init__(
        self,
        name: str,
        exercise: str,
        rejected_by: str,
        says: str,
        betrayed: bool,
        function: Callable[..., object],
    ) -> None:
        self.name = name
        self.exercise = exercise
        self.rejected_by = rejected_by
        self.says = says
        self.betrayed = betrayed
        self.function = function
