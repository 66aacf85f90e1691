"""The page of one student."""

from __future__ import annotations

from course.classroom.gradebook import Grade
from course.classroom.summary import remarks
from course.language import say
from course.pages import words
from course.pages.exercises import exercise_boxes
from course.pages.frame import Section, page
from course.pages.markup import Html, bullets, element


def student_page(grade: Grade) -> str:
    """The page as text: points, remarks, and what each check said."""
    sections = [
        Section(
            week,
            f"{week}: {words.points(of_week.score, of_week.max_score)}",
            exercise_boxes(of_week),
            words.outcome_mark(of_week.passed),
            short=week,
        )
        for week, of_week in grade.report.by_week().items()
    ]
    return page(grade.student.id, _lead(grade), sections)


def _lead(grade: Grade) -> list[Html]:
    report = grade.report
    badges = [words.outcome_badge(report.passed, words.points(report.score, report.max_score))]
    if (grade.score, grade.max_score) != (round(report.score, 6), round(report.max_score, 6)):
        final = say("final: {points}", points=words.points(grade.score, grade.max_score))
        badges.append(words.badge(final, ""))
    badges += words.fault_badges(report)
    about = words.seed(report.seed)
    if grade.student.name != grade.student.id:
        about = f"{grade.student.name}; {about}"
    return [words.badges(badges), element("p", about, class_="quiet"), bullets(remarks(grade))]
