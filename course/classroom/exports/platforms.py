"""`canvas.csv` and `moodle.csv`: grades in the columns by which these platforms know them."""

from __future__ import annotations

from pathlib import Path

from course.classroom.exports.files import write_if_changed
from course.classroom.exports.points import Scale
from course.classroom.exports.spreadsheet import csv_text, defused, number
from course.classroom.gradebook import Grade, Gradebook

CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE_COLUMNS = ("Identifier", "Full name", "ID number", "Grade", "Maximum grade")
NEVER_MODIFIED = "-"  # what a worksheet downloaded from Moodle says before anything is graded


def write_canvas(gradebook: Gradebook, folder: Path) -> Path:
    """Writes what Gradebook > Import reads: an assignment per week.

    Canvas finds students by its own number, which is in the file names of its downloads, else by
    what the entries of the class are called, taken for their SIS user or login id.
    """
    scale = Scale.of(gradebook)
    blank = [""] * (len(CANVAS_COLUMNS) - 1)
    head = [
        [*CANVAS_COLUMNS, *scale.maxima],
        ["    Points Possible", *blank, *map(number, scale.maxima.values())],
    ]
    path = folder / "canvas.csv"
    rows = (_canvas_row(grade, scale) for grade in gradebook.grades())
    write_if_changed(path, csv_text([*head, *rows]))
    return path


def write_moodle(gradebook: Gradebook, folder: Path) -> Path:
    """Writes what an assignment's "upload grading worksheet" reads, and Grades > Import > CSV.

    The first finds students by `Identifier`, which is known where the submissions were downloaded
    from Moodle; the second by any column, and takes a grade for each week as well.
    """
    scale = Scale.of(gradebook)
    path = folder / "moodle.csv"
    head = [*MOODLE_COLUMNS, "Last modified (grade)", *scale.maxima]
    rows = (_moodle_row(grade, scale) for grade in gradebook.grades())
    write_if_changed(path, csv_text([head, *rows]))
    return path


def _canvas_row(grade: Grade, scale: Scale) -> list[str]:
    student = grade.student
    known = student.platform == "canvas"
    login = "" if known else defused(student.id)
    return [
        defused(student.name),
        student.number if known else "",
        login,
        login,
        "",
        *_weeks(grade, scale),
    ]


def _moodle_row(grade: Grade, scale: Scale) -> list[str]:
    student, total = grade.student, scale.total(grade)
    known = student.platform == "moodle"
    return [
        f"Participant {student.number}" if known else "",
        defused(student.name),
        "" if known else defused(student.id),
        "" if total is None else number(total),
        number(scale.maximum),
        NEVER_MODIFIED,
        *_weeks(grade, scale),
    ]


def _weeks(grade: Grade, scale: Scale) -> list[str]:
    """An empty cell is no grade, which is what a week has that our graders could not judge."""
    points = scale.by_week(grade)
    return [number(points[week]) if week in points else "" for week in scale.maxima]
