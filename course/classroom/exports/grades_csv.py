"""`grades.csv`: one row per student, for spreadsheets."""

from __future__ import annotations

from pathlib import Path

from course.classroom.exports.files import write_if_changed
from course.classroom.exports.spreadsheet import csv_text, defused, number
from course.classroom.gradebook import Grade, Gradebook
from course.classroom.summary import remarks


def write_csv(gradebook: Gradebook, folder: Path) -> Path:
    """Writes id, final score, maximum, points by exercise, and how the score came about."""
    path = folder / "grades.csv"
    exercises = list(gradebook.exercises())
    more = ("raw_score", "raw_max_score", "days_late", "penalty", "remarks")
    head = ["id", "score", "max_score", *exercises, *more]
    rows = (_row(grade, exercises) for grade in gradebook.grades())
    write_if_changed(path, csv_text([head, *rows]))
    return path


def _row(grade: Grade, exercises: list[str]) -> list[object]:
    points = {name: sum(c.score for c in of) for name, of in grade.report.by_exercise().items()}
    report = grade.report
    return [
        defused(grade.student.id),
        number(grade.score),
        number(grade.max_score),
        *(number(points.get(exercise, 0.0)) for exercise in exercises),
        number(report.score),
        number(report.max_score),
        grade.days_late,
        number(grade.penalty),
        defused("; ".join(remarks(grade))),
    ]
