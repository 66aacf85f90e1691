"""What an instructor wants to know about a class, computed from its grades."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from course.classroom.containers import printable
from course.classroom.gradebook import Grade
from course.grading.report import CheckResult, split_message

SHOWN = 5
N_BINS = 10


@dataclass
class CheckStatistics:
    """How a class fared in one check."""

    exercise: str
    check: str
    title: str
    statuses: Counter[str] = field(default_factory=Counter)

    @property
    def n(self) -> int:
        return self.statuses.total()

    @property
    def passed(self) -> float:
        return self.statuses["passed"] / self.n


@dataclass
class MisconceptionStatistics:
    """How many students of a class made one mistake."""

    exercise: str
    name: str
    says: str
    students: set[str] = field(default_factory=set)


class Summary:
    """Statistics of a class.

    Args:
        grades: of the class.
    """

    def __init__(self, grades: Iterable[Grade]) -> None:
        self.checks: dict[tuple[str, str], CheckStatistics] = {}
        self.misconceptions: dict[tuple[str, str], MisconceptionStatistics] = {}
        self.percentages: list[float] = []
        self.remarks: list[tuple[str, str]] = []
        self.grader_errors: list[tuple[str, CheckResult]] = []
        self._students_by_content: defaultdict[str, list[str]] = defaultdict(list)
        for grade in grades:
            self._add(grade)

    @property
    def n(self) -> int:
        return len(self.percentages)

    def hardest(self) -> list[CheckStatistics]:
        """The checks that fewest passed."""
        tried = [check for check in self.checks.values() if check.passed < 1]
        return sorted(tried, key=lambda check: check.passed)[:SHOWN]

    def commonest(self) -> list[MisconceptionStatistics]:
        """The mistakes that most made."""
        by_count = sorted(self.misconceptions.values(), key=lambda wrong: -len(wrong.students))
        return by_count[:SHOWN]

    def identical(self) -> list[list[str]]:
        """Students who handed in the very same files and earned points with them."""
        return [students for students in self._students_by_content.values() if len(students) > 1]

    def histogram(self) -> list[int]:
        """How many reached 0-10 %, 10-20 % …; full marks are in the last bin."""
        bins = Counter(min(int(value / 100 * N_BINS), N_BINS - 1) for value in self.percentages)
        return [bins[number] for number in range(N_BINS)]

    def lines(self) -> list[str]:
        """The summary as text."""
        return [
            *self._distribution(),
            *_section("hardest checks", map(self._hard, self.hardest())),
            *_section("commonest misconceptions", map(self._common, self.commonest())),
            *_section("to look at", [f"{who}: {what}" for who, what in self.remarks], 3 * SHOWN),
            *_section("the very same files", map(", ".join, self.identical())),
            *_section(
                "GRADER ERRORS, our fault; they cost nobody a point",
                [
                    f"{who}: {check.exercise} {check.check}: {_first_line(check.message)}"
                    for who, check in self.grader_errors
                ],
            ),
        ]

    def _add(self, grade: Grade) -> None:
        student = grade.student.id
        self.percentages.append(100 * grade.score / grade.max_score if grade.max_score else 0.0)
        self.remarks += [(student, remark) for remark in remarks(grade)]
        if grade.report.score > 0:
            self._students_by_content[grade.fingerprint].append(student)
        for check in grade.report.checks:
            key = (check.exercise, check.check)
            known = self.checks.setdefault(key, CheckStatistics(*key, check.title))
            known.statuses[check.status] += 1
            if check.status == "grader_error":
                self.grader_errors.append((student, check))
            if check.misconception:
                _, says, _ = split_message(check.message)
                key = (check.exercise, check.misconception)
                wrong = self.misconceptions.setdefault(key, MisconceptionStatistics(*key, says))
                wrong.students.add(student)

    def _distribution(self) -> list[str]:
        if not self.percentages:
            return ["nobody has been graded yet"]
        low, middle, high = _quartiles(self.percentages)
        tallest = max(self.histogram())
        bars = [
            f"  {10 * n:>3}-{10 * n + 10:<3}% {count:>5} {'█' * round(30 * count / tallest)}"
            for n, count in enumerate(self.histogram())
        ]
        return [
            f"{self.n} students; mean {statistics.fmean(self.percentages):.0f} %, median "
            f"{middle:.0f} %, half of them between {low:.0f} and {high:.0f} %",
            *map(str.rstrip, bars),
        ]

    def _hard(self, check: CheckStatistics) -> str:
        return (
            f"{check.statuses['passed']} of {check.n} passed: {check.exercise} {check.check}: "
            f"{check.title}"
        )

    def _common(self, wrong: MisconceptionStatistics) -> str:
        return f"{len(wrong.students)} of {self.n}: {wrong.exercise} {wrong.name}: {wrong.says}"


def remarks(grade: Grade) -> list[str]:
    """What is unusual about a submission, in one line each."""
    found = [f"refused: {grade.refused}"] if grade.refused else []
    found += grade.notes
    if grade.days_late:
        found.append(f"{grade.days_late} day(s) late, {100 * grade.penalty:.0f} % taken off")
    for status in ("crashed", "timeout"):
        checks = [check for check in grade.report.checks if check.status == status]
        if checks:
            exercises = ", ".join(dict.fromkeys(check.exercise for check in checks))
            found.append(f"{status} in {exercises}: {_first_line(checks[0].message)}")
    tried = [check.check for check in grade.report.checks if check.attempts > 1]
    if tried:
        found.append(f"trained once more before a verdict: {', '.join(tried)}")
    return [printable(remark) for remark in found]


def _section(title: str, lines: Iterable[str], most: int = SHOWN) -> Sequence[str]:
    found = list(lines)
    if not found:
        return []
    more = [f"  … and {len(found) - most} more"] if len(found) > most else []
    return ["", f"{title}:", *(f"  {line}" for line in found[:most]), *more]


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0]


def _quartiles(values: Sequence[float]) -> Sequence[float]:
    if len(values) == 1:
        return [values[0]] * 3
    return statistics.quantiles(values, n=4, method="inclusive")
