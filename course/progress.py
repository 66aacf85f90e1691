"""What the last check of each exercise said, kept in `.course/progress.json`."""

from __future__ import annotations

import json

from course.project import Project, write_text

TYPE_CHECKING = False  # as in course.exercise: `course list` must not import the grading
if TYPE_CHECKING:
    from course.grading.report import Report


def read_progress(project: Project) -> dict[str, str]:
    """The last status by exercise id; nothing where the file is missing or damaged."""
    try:
        found = json.loads((project.state / "progress.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def record_progress(project: Project, report: Report) -> None:
    """Adds a report to what is kept. The file is replaced in one step; the last writer wins."""
    from course.grading.report import exercise_status

    latest = {name: exercise_status(checks) for name, checks in report.by_exercise().items()}
    text = json.dumps(read_progress(project) | latest, indent=1, sort_keys=True)
    write_text(project.state / "progress.json", text)
