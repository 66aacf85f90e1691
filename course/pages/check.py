"""The page of `course check --html`: what was checked, what was found, and what is likely wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from course.catalogue import Exercise
from course.grading.report import Report, exercise_status
from course.language import say
from course.pages import words
from course.pages.exercises import exercise_boxes
from course.pages.frame import Section, page
from course.pages.markup import Html, breakable, element
from course.pages.table import Cell, Column, number, table
from course.words import passed_of, status_word


def check_page(report: Report, exercises: Sequence[Exercise], at: datetime) -> str:
    """The page as text.

    Args:
        report: the graders' verdicts.
        exercises: what was checked.
        at: when.
    """
    summary = table(say("Points by exercise"), _columns(), _rows(report))
    weeks = [
        Section(
            week,
            f"{week}: {words.points(of_week.score, of_week.max_score)}",
            exercise_boxes(of_week, exercises),
            words.outcome_mark(of_week.passed),
            short=week,
        )
        for week, of_week in report.by_week().items()
    ]
    sections = [Section("summary", say("Summary"), summary), *weeks]
    return page(say("Your answers"), _lead(report, at), sections)


def _lead(report: Report, at: datetime) -> list[Html]:
    statuses = [exercise_status(checks) for checks in report.by_exercise().values()]
    passed = passed_of(statuses.count("passed"), len(statuses))
    badges = [
        words.outcome_badge(report.passed, words.points(report.score, report.max_score)),
        words.outcome_badge(report.passed, passed),
        *words.fault_badges(report),
    ]
    about = f"{report.submission}; {words.when(at)}; {words.seed(report.seed)}"
    return [words.badges(badges), element("p", about, class_="quiet")]


def _columns() -> list[Column]:
    return [
        Column(say("exercise")),
        Column(say("status")),
        Column(say("points"), numeric=True),
        Column(say("of"), numeric=True),
        Column(say("checks passed"), numeric=True),
        Column(say("seconds"), numeric=True),
    ]


def _rows(report: Report) -> list[list[Cell]]:
    rows = []
    for name, checks in report.by_exercise().items():
        status = exercise_status(checks)
        passed = sum(check.status == "passed" for check in checks)
        seconds = sum(check.seconds for check in checks)
        rows.append(
            [
                Cell(element("code", breakable(name)), value=name),
                Cell(words.status_badge(status), value=status_word(status)),
                number(sum(check.score for check in checks)),
                number(sum(check.max_score for check in checks)),
                number(passed / len(checks), words.share(passed, len(checks))),
                number(seconds, f"{seconds:.2f}"),
            ]
        )
    return rows
