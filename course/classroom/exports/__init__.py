"""What is made of a gradebook. Each export reads the gradebook, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from course.classroom.exports.autograder import write_autograder
from course.classroom.exports.github import write_github, write_workflow
from course.classroom.exports.grades_csv import write_csv
from course.classroom.exports.gradescope import write_gradescope
from course.classroom.exports.junit import write_junit
from course.classroom.exports.pages import write_html
from course.classroom.exports.platforms import write_canvas, write_moodle
from course.classroom.exports.reports_json import write_json
from course.classroom.gradebook import Gradebook

# Each writes into a folder and returns the file or folder to look at.
FORMATS: dict[str, Callable[[Gradebook, Path], Path]] = {
    "csv": write_csv,
    "json": write_json,
    "html": write_html,
    "junit": write_junit,
    "canvas": write_canvas,
    "moodle": write_moodle,
    "gradescope": write_gradescope,
    "gradescope-autograder": write_autograder,
    "github": write_github,
    "github-workflow": write_workflow,
}
ALWAYS = ("csv", "json", "html")  # what `course grade` leaves
