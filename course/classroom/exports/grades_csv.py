"""`grades.csv`: one row per student, for spreadsheets and learning platforms."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from course.classroom.exports.files import write_if_changed
from course.classroom.gradebook import Grade, Gradebook
from course.classroom.summary import remarks

BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows UTF-8, and without which Hangul is garbled
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(gradebook: Gradebook, folder: Path) -> Path:
    """Writes id, final score, maximum, points by exercise, and how the score came about."""
    path = folder / "grades.csv"
    exercises = list(gradebook.exercises())
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    more = ("raw_score", "raw_max_score", "days_late", "penalty", "remarks")
    writer.writerow(["id", "score", "max_score", *exercises, *more])
    for grade in gradebook.grades():
        writer.writerow(_row(grade, exercises))
    write_if_changed(path, BYTE_ORDER_MARK + text.getvalue())
    return path


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


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


def number(value: float) -> str:
    return f"{round(value, 4):g}"
