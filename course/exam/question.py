"""A short question: what is asked, what is right, and what a wrong answer gives away."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from course.errors import CourseError
from course.language import say

LETTERS = "abcdefgh"
MAX_DIGITS = 18  # more are no answer to a question that is meant to be worked out by hand
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?(/\d+)?%?", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What is right.

    Attributes:
        values: the numbers, in order; for a choice the one index of the right option.
        decimals: how many are asked for; 0 means that the numbers are whole.
        options: what there is to choose from; nothing where numbers are asked for.
    """

    values: tuple[float, ...]
    decimals: int = 0
    options: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """What to write down, in words."""
        if self.options:
            return say("one letter")
        n, decimals = len(self.values), self.decimals
        if n == 1 and not decimals:
            return say("one whole number")
        if n == 1:
            return say("one number, rounded to {decimals} decimals", decimals=decimals)
        if not decimals:
            return say("{n} numbers, whole, separated by commas", n=n)
        return say(
            "{n} numbers, rounded to {decimals} decimals, separated by commas",
            n=n,
            decimals=decimals,
        )

    def parse(self, text: str) -> tuple[float, ...]:
        """A student's answer as values.

        Raises:
            CourseError: it is not what is wanted; says what is.
        """
        given = text.strip().strip("()[]").strip()
        if self.options:
            letter = given.lower().rstrip(").")
            if len(letter) != 1 or letter not in LETTERS[: len(self.options)]:
                last = LETTERS[len(self.options) - 1]
                raise CourseError(
                    say(
                        "expected a letter from a to {last}, got {got}", last=last, got=_short(text)
                    )
                )
            return (float(LETTERS.index(letter)),)
        parts = [part for part in re.split(r"\s*[,;×]\s*|\s+", given) if part]
        if len(parts) != len(self.values) or not all(map(_is_number, parts)):
            raise CourseError(
                say(
                    "expected {wanted}, such as {example}, got {got}",
                    wanted=self.wanted,
                    example=self._example(),
                    got=_short(text),
                )
            )
        return tuple(map(_as_number, parts))

    def accepts(self, values: Sequence[float]) -> bool:
        """Whether these are the right values, up to one unit of the last decimal asked for."""
        return _close(self.values, values, self.decimals)

    def show(self, values: Sequence[float]) -> str:
        """Values as a student would write them."""
        if self.options:
            index = int(values[0])
            return f"{LETTERS[index]}) {self.options[index]}"
        return ", ".join(
            f"{value:.{self.decimals}f}" if self.decimals else f"{value:.15g}" for value in values
        )

    def _example(self) -> str:
        return ", ".join(["0.25" if self.decimals else "12"] * len(self.values))


@dataclass(frozen=True)
class Trap:
    """A wrong answer that people give, and how they come by it."""

    values: tuple[float, ...]
    says: str


@dataclass(frozen=True)
class Question:
    """A short question with the numbers filled in.

    Attributes:
        text: what is asked, as Markdown.
        answer: what is right.
        solution: the worked solution.
        traps: wrong answers by which a mistake is known.
        given: what was drawn, for whoever wants to work it out in another way.
    """

    text: str
    answer: Answer
    solution: str
    traps: tuple[Trap, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def explain(self, values: Sequence[float]) -> str:
        """How a wrong answer probably came about; empty when that is unknown."""
        decimals = self.answer.decimals
        return next((t.says for t in self.traps if _close(t.values, values, decimals)), "")


Generator = Callable[[Random], Question]


@dataclass(frozen=True)
class QuestionKind:
    """A generator of questions, with what `question` says about it."""

    name: str
    subject: str
    difficulty: int
    minutes: int
    generate: Generator


def question(*, difficulty: int, minutes: int) -> Callable[[Generator], Generator]:
    """Marks a function of `course/exam/questions/` as a generator of questions.

    Its file names the subject. It draws all that varies from the `random.Random` that it is given,
    so that a seed always gives the same question.

    Args:
        difficulty: from 1 to 3.
        minutes: how long a student is expected to need.
    """

    def mark(generate: Generator) -> Generator:
        subject = generate.__module__.rpartition(".")[2]
        generate.kind = QuestionKind(  # type: ignore[attr-defined]
            generate.__name__, subject, difficulty, minutes, generate
        )
        return generate

    return mark


def ask(
    text: str,
    right: float | Sequence[float],
    *,
    solution: str,
    given: Mapping[str, Any] | None = None,
    decimals: int = 0,
    traps: Sequence[tuple[float | Sequence[float], str]] = (),
) -> Question:
    """A question for one or several numbers.

    Args:
        text: what is asked.
        right: the answer.
        solution: the worked solution.
        given: what was drawn; not needed where the text shows it as code.
        decimals: how many the answer is to have; 0 when it is whole.
        traps: wrong answers that people give, with what to tell them. One that happens to equal
            the right answer is left out.
    """
    answer = Answer(_values(right), decimals)
    known = [Trap(_values(wrong), says) for wrong, says in traps]
    kept = tuple(trap for trap in known if not answer.accepts(trap.values))
    return Question(text, answer, solution, kept, given or {})


def choose(
    rng: Random,
    text: str,
    right: str,
    wrong: Sequence[tuple[str, str]],
    *,
    solution: str,
    given: Mapping[str, Any],
) -> Question:
    """A question with options in an order drawn at random.

    Args:
        rng: where the order comes from.
        text: what is asked.
        right: the right option.
        wrong: the others, each with what to tell those who choose it.
        solution: the worked solution.
        given: what was drawn.
    """
    options = [right, *(option for option, _ in wrong)]
    rng.shuffle(options)
    answer = Answer((float(options.index(right)),), options=tuple(options))
    traps = tuple(Trap((float(options.index(option)),), says) for option, says in wrong)
    return Question(text, answer, solution, traps, given)


def listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))


def _values(numbers: float | Sequence[float]) -> tuple[float, ...]:
    sequence = [numbers] if isinstance(numbers, int | float) else numbers
    return tuple(float(number) for number in sequence)


def _close(right: Sequence[float], values: Sequence[float], decimals: int) -> bool:
    tolerance = 1.001 * 10.0**-decimals if decimals else 1e-9
    return len(right) == len(values) and all(
        abs(one - other) <= tolerance for one, other in zip(right, values, strict=True)
    )


def _is_number(text: str) -> bool:
    return len(text) <= MAX_DIGITS and _NUMBER.fullmatch(text) is not None and _finite(text)


def _finite(text: str) -> bool:
    try:
        return math.isfinite(_as_number(text))
    except (ValueError, ZeroDivisionError, OverflowError):
        return False


def _as_number(text: str) -> float:
    number, _, divisor = text.rstrip("%").partition("/")
    return float(number) / float(divisor or 1) / (100 if text.endswith("%") else 1)


def _short(text: str) -> str:
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text.strip())
    return repr(shown if len(shown) <= 40 else f"{shown[:40]}…")
