"""The page of a class: how it fared, each student in a row, and each check."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from course.classroom.gradebook import Grade
from course.classroom.summary import Summary, remarks
from course.language import say
from course.pages import words
from course.pages.frame import Section, page
from course.pages.markup import Html, breakable, bullets, element
from course.pages.table import Cell, Column, number, table
from course.words import status_word


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
            say("Grader errors: our fault, they cost nobody a point"),
            _errors(summary),
            mark="!",
            short=say("Grader errors"),
        ),
        Section("distribution", say("Distribution"), _distribution(summary)),
        Section("students", say("Students"), _students(exercises, rows)),
        Section("misconceptions", say("Commonest misconceptions"), _misconceptions(summary)),
        Section("identical", say("The very same files"), _identical(summary)),
        Section("checks", say("Checks"), _checks(summary)),
    ]
    return page(say("Class report"), _lead(summary), [part for part in sections if part.content])


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
    facts = [say("students: {n}", n=summary.n)]
    if summary.percentages:
        mean = statistics.fmean(summary.percentages)
        median = statistics.median(summary.percentages)
        facts.append(say("mean {percent} %", percent=f"{mean:.0f}"))
        facts.append(say("median {percent} %", percent=f"{median:.0f}"))
    badges = [words.badge(fact, "") for fact in facts]
    if summary.grader_errors:
        n_errors = say("grader errors: {n}", n=len(summary.grader_errors))
        badges.append(words.badge(f"! {n_errors}", "warn"))
    return words.badges(badges)


def _students(exercises: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Html:
    heads = [Column(breakable(exercise), numeric=True) for exercise in exercises]
    columns = [
        Column(say("student")),
        Column(say("score"), numeric=True),
        Column(say("of"), numeric=True),
        Column("%", numeric=True),
        *heads,
        Column(say("days late"), numeric=True),
        Column(say("remarks")),
    ]
    caption = say("Points by exercise; a name leads to the student's own page")
    return table(caption, columns, rows)


def _distribution(summary: Summary) -> Html:
    columns = [
        Column(say("reached")),
        Column(say("students"), numeric=True),
        Column(say("share")),
    ]
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
    return table(say("How many reached how much"), columns, rows)


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
        f"{words.share(len(wrong.students), summary.n)}: {wrong.exercise}: {wrong.says}"
        for wrong in summary.commonest()
    )


def _identical(summary: Summary) -> Html:
    return bullets(map(", ".join, summary.identical()))


def _errors(summary: Summary) -> Html:
    return bullets(
        [f"{student}: {check.exercise} {check.check}", element("pre", check.message)]
        for student, check in summary.grader_errors
    )


def _checks(summary: Summary) -> Html:
    columns = [
        Column(say("exercise")),
        Column(say("check")),
        Column(say("passed %"), numeric=True),
        Column(say("failed"), numeric=True),
        Column(say("other")),
    ]
    rows = []
    for check in summary.checks.values():
        others = sorted(check.statuses.keys() - {"passed", "failed"})
        counts = (f"{status_word(status)}: {check.statuses[status]}" for status in others)
        rows.append(
            [
                Cell(breakable(check.exercise), value=check.exercise),
                Cell(check.title or check.check, kind="wide"),
                number(100 * check.passed, f"{100 * check.passed:.0f}"),
                number(check.statuses["failed"]),
                Cell(", ".join(counts)),
            ]
        )
    return table(say("How each check went"), columns, rows)


def _percent(score: float, most: float) -> float:
    return round(100 * score / most) if most else 0.0
