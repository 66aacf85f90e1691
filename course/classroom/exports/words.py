"""What students are told on other platforms."""

from __future__ import annotations

from course.classroom.gradebook import Grade
from course.classroom.summary import late
from course.grading.report import CheckResult
from course.language import say
from course.words import points_of


def for_student(check: CheckResult) -> str:
    """The text of a check. A grader's own error would show what it knows."""
    if check.status == "grader_error":
        return say("The grader failed here. That is our fault, and costs no points.")
    if check.status == "unattempted":
        return check.message or say("Not attempted: the body is still to be written.")
    return check.message


def lines_about(grade: Grade) -> list[str]:
    """What concerns the submission as a whole."""
    lines = [points_of(f"{grade.score:.4g}", f"{grade.max_score:.4g}")]
    if grade.refused:
        lines.append(say("not graded: {why}", why=grade.refused))
    if grade.days_late:
        lines.append(late(grade))
    if grade.report.grader_errors:
        lines.append(say("Some checks could not be judged, through a fault of ours."))
    return lines
