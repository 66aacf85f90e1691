"""The bank of short questions: every generator of every module in `course/exam/questions/`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from dataclasses import dataclass
from random import Random

import course.exam.questions
from course.catalogue import Week
from course.exam.question import Question, QuestionKind


@dataclass(frozen=True)
class Subject:
    """What one module of questions is about.

    Attributes:
        name: the module's.
        words: beginnings of the words by which a week is known to treat the subject.
        kinds: the generators.
    """

    name: str
    words: tuple[str, ...]
    kinds: tuple[QuestionKind, ...]

    def is_treated_in(self, week: Week) -> bool:
        """Whether a week's name, title or exercises use one of the words.

        So no list says which week needs which questions, and a new week finds its own.
        """
        exercises = [f"{exercise.name} {exercise.summary}" for exercise in week.exercises]
        text = " ".join([week.name, week.title, *exercises]).lower()
        return any(word.startswith(self.words) for word in re.split(r"[^a-z]+", text))


@functools.cache
def read_bank() -> tuple[Subject, ...]:
    """All subjects, in the order of their names; generators in the order of their files."""
    names = sorted(module.name for module in pkgutil.iter_modules(course.exam.questions.__path__))
    return tuple(_read_subject(name) for name in names)


def draw_question(kind: QuestionKind, seed: int) -> Question:
    """The question that this generator makes from a seed."""
    return kind.generate(Random(f"{kind.name} {seed}"))


def _read_subject(name: str) -> Subject:
    module = importlib.import_module(f"{course.exam.questions.__name__}.{name}")
    kinds = [value.kind for value in vars(module).values() if hasattr(value, "kind")]
    return Subject(name, module.WORDS, tuple(kinds))
