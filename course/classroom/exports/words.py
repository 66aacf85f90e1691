"""What students are told on other platforms."""

from __future__ import annotations

from course.classroom.gradebook import Grade
from course.grading.report import CheckResult

OUR_FAULT = "The grader failed here. That is our fault, and costs no points."
UNATTEMPTED = "Not attempted: the body is still to be written."


def for_student(check: CheckResult) -> str:
    """The text of a check. A grader's own error would show what it knows."""
    if check.status == "grader_error":
        return OUR_FAULT
    if check.status == "unattempted":
        return check.message or UNATTEMPTED
    return check.message


def lines_about(grade: Grade) -> list[str]:
    """What concerns the submission as a whole."""
    lines = [f"{grade.score:.4g} of {grade.max_score:.4g} points"]
    if grade.refused:
        lines.append(f"not graded: {grade.refused}")
    if grade.days_late:
        lines.append(f"{grade.days_late} day(s) late, {100 * grade.penalty:.0f} % taken off")
    if grade.report.grader_errors:
        lines.append("Some checks could not be judged, through a fault of ours.")
    return lines
