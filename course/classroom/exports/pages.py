"""`report.html`: the page of a class, with a page for each student in `reports/`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from course.classroom.exports.class_page import class_page, student_row
from course.classroom.exports.files import file_stems, write_if_changed
from course.classroom.exports.student_page import student_page
from course.classroom.gradebook import Gradebook
from course.classroom.summary import Summary


def write_html(gradebook: Gradebook, folder: Path) -> Path:
    """Writes the page of the class and those of its students."""
    stems = file_stems(gradebook.fingerprints())
    exercises = list(gradebook.exercises())
    rows = []
    for grade in gradebook.grades():
        stem = stems[grade.student.id]
        write_if_changed(folder / "reports" / f"{stem}.html", student_page(grade))
        rows.append(student_row(grade, exercises, f"reports/{quote(stem)}.html"))
    path = folder / "report.html"
    write_if_changed(path, class_page(exercises, rows, Summary(gradebook.grades())))
    return path
