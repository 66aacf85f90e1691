"""The page of a class: how it fared, each student in a row, and each check."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from course.classroom.gradebook import Grade
from course.classroom.summary import Summary, remarks
from course.pages import words
from course.pages.frame import Section, page
from course.pages.markup import Html, breakable, bullets, element
from course.pages.table import Cell, Column, number, table

BIN_COLUMNS = (Column("reached"), Column("students", numeric=True), Column("share"))
CHECK_COLUMNS = (
    Column("exercise"),
    Column("check"),
    Column("passed %", numeric=True),
    Column("failed", numeric=True),
    Column("other"),
)


def class_page(exercises: Sequence[str], rows: Sequence[Sequence[Cell]], summary: Summary) -> str:
    """The page as text.

    Args:
        exercises: ids of what was graded.
        rows: of the students, see `student_row`.
        summary: of the class.
    """
    sections = [
        Section(
            "errors",
            "Grader errors: our fault, they cost nobody a point",
            _errors(summary),
            mark="!",
            short="Grader errors",
        ),
        Section("distribution", "Distribution", _distribution(summary)),
        Section("students", "Students", _students(exercises, rows)),
        Section("misconceptions", "Commonest misconceptions", _misconceptions(summary)),
        Section("identical", "The very same files", bullets(map(", ".join, summary.identical()))),
        Section("checks", "Checks", table("How each check went", CHECK_COLUMNS, _checks(summary))),
    ]
    return page("Class report", _lead(summary), [part for part in sections if part.content])


def student_row(grade: Grade, exercises: Sequence[str], link: str) -> list[Cell]:
    """A student in the table.

    Args:
        grade: of the student.
        exercises: ids, in the order of the columns.
        link: where the student's own page is.
    """
    by_exercise = grade.report.by_exercise()
    student = grade.student.id
    cells = [
        Cell(element("a", student, href=link), value=student),
        number(grade.score, f"{grade.score:.4g}"),
        number(grade.max_score, f"{grade.max_score:.4g}"),
        number(_percent(grade.score, grade.max_score)),
    ]
    for exercise in exercises:
        checks = by_exercise.get(exercise, [])
        score, most = sum(c.score for c in checks), sum(c.max_score for c in checks)
        kind = "full" if score == most else "part" if score else "none"
        cells.append(number(score, f"{score:.3g}", kind))
    return [*cells, number(grade.days_late or None), Cell(bullets(remarks(grade)), kind="wide")]


def _lead(summary: Summary) -> Html:
    badges = [words.badge(words.plural(summary.n, "student", "students"), "")]
    if summary.percentages:
        badges.append(words.badge(f"mean {statistics.fmean(summary.percentages):.0f} %", ""))
        badges.append(words.badge(f"median {statistics.median(summary.percentages):.0f} %", ""))
    if summary.grader_errors:
        n_errors = words.plural(len(summary.grader_errors), "grader error", "grader errors")
        badges.append(words.badge(f"! {n_errors}", "warn"))
    return words.badges(badges)


def _students(exercises: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Html:
    heads = [Column(breakable(exercise), numeric=True) for exercise in exercises]
    columns = [
        Column("student"),
        Column("score", numeric=True),
        Column("of", numeric=True),
        Column("%", numeric=True),
        *heads,
        Column("days late", numeric=True),
        Column("remarks"),
    ]
    return table("Points by exercise; a name leads to the student's own page", columns, rows)


def _distribution(summary: Summary) -> Html:
    counts = summary.histogram()
    most, total = max([*counts, 1]), max(summary.n, 1)
    rows = [
        [
            Cell(f"{10 * n}–{10 * n + 10} %", kind="line"),
            number(count),
            Cell([_bar(count / most), f" {100 * count / total:.0f} %"], str(count), "share"),
        ]
        for n, count in enumerate(counts)
    ]
    return table("How many reached how much", BIN_COLUMNS, rows)


def _bar(share: float) -> Html:
    """A bar drawn by attributes, which the content security policy allows."""
    bar = element("rect", width=f"{100 * share:.1f}", height="10")
    return element(
        "svg",
        bar,
        class_="bar",
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _misconceptions(summary: Summary) -> Html:
    return bullets(
        f"{len(wrong.students)} of {summary.n}: {wrong.exercise}: {wrong.says}"
        for wrong in summary.commonest()
    )


def _errors(summary: Summary) -> Html:
    return bullets(
        [f"{student}: {check.exercise} {check.check}", element("pre", check.message)]
        for student, check in summary.grader_errors
    )


def _checks(summary: Summary) -> list[list[Cell]]:
    rows = []
    for check in summary.checks.values():
        others = sorted(check.statuses.keys() - {"passed", "failed"})
        counts = ", ".join(f"{check.statuses[status]} {status}" for status in others)
        rows.append(
            [
                Cell(breakable(check.exercise), value=check.exercise),
                Cell(check.title or check.check, kind="wide"),
                number(100 * check.passed, f"{100 * check.passed:.0f}"),
                number(check.statuses["failed"]),
                Cell(counts),
            ]
        )
    return rows


def _percent(score: float, most: float) -> float:
    return round(100 * score / most) if most else 0.0
