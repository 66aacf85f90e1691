"""Draws an exam from a seed: the same one for the same seed, topics and minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from course.errors import CourseError
from course.exam.tasks import Kind, Pool, Task
from course.language import say

# How the time is shared out. What one kind leaves goes to the next; exercises choose first, since
# they are the longest.
SHARES: dict[Kind, float] = {"exercise": 0.5, "mistake": 0.2, "question": 0.3}
ORDER: tuple[Kind, ...] = ("question", "mistake", "exercise")  # in which they stand in the exam
T = TypeVar("T")

CANDIDATES = 12  # for a seed that nobody has chosen
SEEDS = range(1000, 10_000)


@dataclass(frozen=True)
class Exam:
    """What is asked.

    Attributes:
        seed: what it was drawn from.
        minutes: how long it takes.
        topics: those that were asked for; none means all.
        tasks: in the order in which they are numbered, from 1.
    """

    seed: int
    minutes: int
    topics: tuple[str, ...]
    tasks: tuple[Task, ...]

    @property
    def points(self) -> float:
        return sum(task.points for task in self.tasks)


def draw_exam(pool: Pool, seed: int, minutes: int, topics: Sequence[str] = ()) -> Exam:
    """An exam that takes about `minutes`, with a fair spread of topics and difficulty.

    Raises:
        CourseError: nothing in the pool is short enough.
    """
    rng = Random(f"exam {seed}")
    drawn: list[Task] = []
    shares = {kind: part for kind, part in SHARES.items() if _of_kind(pool.tasks, kind)}
    granted = 0.0
    for kind, part in shares.items():
        granted += minutes * part / sum(shares.values())
        left = granted - sum(task.minutes for task in drawn)
        drawn += _draw_kind(_of_kind(pool.tasks, kind), drawn, left, rng)
    if not drawn:
        raise CourseError(
            say(
                "no task on these topics is done in {minutes} minutes; allow more, or more topics",
                minutes=minutes,
            )
        )
    tasks = [pool.complete(task, seed) for kind in ORDER for task in _of_kind(drawn, kind)]
    return Exam(seed, minutes, tuple(topics), tuple(tasks))


def draw_new_exam(
    pool: Pool, sat: Collection[str], minutes: int, topics: Sequence[str], rng: Random
) -> Exam:
    """An exam of a seed that repeats as little as possible of what was asked before.

    Args:
        pool: what can be asked.
        sat: fingerprints of the tasks of earlier exams.
        minutes: how long it is to take.
        topics: those that were asked for.
        rng: where the seeds to choose from are drawn.
    """
    seeds = rng.sample(SEEDS, CANDIDATES)
    exams = [draw_exam(pool, seed, minutes, topics) for seed in seeds]
    return min(exams, key=lambda exam: sum(task.fingerprint in sat for task in exam.tasks))


def _of_kind(tasks: Iterable[Task], kind: Kind) -> list[Task]:
    return [task for task in tasks if task.kind == kind]


def _draw_kind(
    candidates: Sequence[Task], others: Sequence[Task], minutes: float, rng: Random
) -> list[Task]:
    """Tasks of one kind until the time is full: of each topic, and each difficulty, in turn."""
    drawn: list[Task] = []
    while fitting := [
        task
        for task in candidates
        if task.minutes <= minutes
        and task not in drawn
        and not any(map(task.clashes_with, [*others, *drawn]))
    ]:
        topics = Counter(task.topic for task in drawn)
        levels = Counter(task.difficulty for task in drawn)
        topic = rng.choice(_rarest(sorted({task.topic for task in fitting}), topics))
        of_topic = [task for task in fitting if task.topic == topic]
        level = rng.choice(_rarest(sorted({task.difficulty for task in of_topic}), levels))
        chosen = rng.choice([task for task in of_topic if task.difficulty == level])
        drawn.append(chosen)
        minutes -= chosen.minutes
    return drawn


def _rarest(values: Sequence[T], counts: Counter[T]) -> list[T]:
    least = min(counts[value] for value in values)
    return [value for value in values if counts[value] == least]
