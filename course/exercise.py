"""The decorator that stands beside an exercise in a solution module."""

from __future__ import annotations

from collections.abc import Callable

TYPE_CHECKING = False  # as typing's: every command imports this file, typing costs it 4 ms
if TYPE_CHECKING:
    from typing import TypeVar

    Function = TypeVar("Function", bound=Callable[..., object])


def exercise(
    *,
    points: float,
    difficulty: int,
    minutes: int,
    hints: tuple[str, ...],
    uses: tuple[str, ...] = (),
) -> Callable[[Function], Function]:
    """Marks a top-level function of a solution module as an exercise.

    It does nothing when the module runs: the catalogue reads the arguments from the source text,
    so they must be literals.

    Args:
        points: What a right answer is worth, above 0.
        difficulty: From 1, a warm-up, to 5.
        minutes: How long a student is expected to need.
        hints: At least one, from a nudge to nearly the answer.
        uses: The heavy libraries that checking it needs, such as `("keras",)`.

    Returns:
        A decorator that returns its function unchanged.
    """

    def unchanged(function: Function) -> Function:
        return function

    return unchanged
