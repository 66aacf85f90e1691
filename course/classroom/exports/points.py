"""Final points on a scale that is the same for everybody, as platforms want them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from course.classroom.gradebook import Grade, Gradebook
from course.classroom.policy import Policy


@dataclass(frozen=True)
class Scale:
    """Turns grades into points out of a fixed maximum.

    A check whose grader failed counts neither for nor against a student. A platform knows only one
    maximum for all, so there the checks that were judged stand for the whole.

    Attributes:
        policy: weights of exercises.
        maxima: what can be reached, by week, weights applied.
    """

    policy: Policy
    maxima: Mapping[str, float]

    @classmethod
    def of(cls, gradebook: Gradebook) -> Scale:
        policy = gradebook.policy()
        maxima: defaultdict[str, float] = defaultdict(float)
        for exercise, points in gradebook.exercises().items():
            maxima[_week(exercise)] += points * policy.weight(exercise)
        return cls(policy, dict(maxima))

    @property
    def maximum(self) -> float:
        return sum(self.maxima.values())

    def by_week(self, grade: Grade) -> dict[str, float]:
        """Final points by week; a week in which nothing could be judged is left out."""
        scores: defaultdict[str, float] = defaultdict(float)
        judged: defaultdict[str, float] = defaultdict(float)
        for check in grade.report.checks:
            weight = self.policy.weight(check.exercise)
            scores[_week(check.exercise)] += check.score * weight
            judged[_week(check.exercise)] += check.max_score * weight
        return {
            week: scores[week] * (1 - grade.penalty) * maximum / judged[week]
            for week, maximum in self.maxima.items()
            if judged[week] > 0
        }

    def total(self, grade: Grade) -> float | None:
        """Final points over all weeks; None when nothing could be judged."""
        found = self.by_week(grade)
        judged = sum(self.maxima[week] for week in found)
        return sum(found.values()) * self.maximum / judged if judged else None


def _week(exercise: str) -> str:
    return exercise.partition(".")[0]
