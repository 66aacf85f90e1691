"""What is made of a gradebook. Each export reads the gradebook, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from course.classroom.exports.grades_csv import write_csv
from course.classroom.exports.pages import write_html
from course.classroom.exports.reports_json import write_json
from course.classroom.gradebook import Gradebook

# Each writes into a folder and returns the file or folder to look at.
FORMATS: dict[str, Callable[[Gradebook, Path], Path]] = {
    "csv": write_csv,
    "json": write_json,
    "html": write_html,
}
