"""`reports/ID.json`: what `course check --json` prints, and what became of the points."""

from __future__ import annotations

import json
from pathlib import Path

from course.classroom.exports.files import file_stems, write_if_changed
from course.classroom.gradebook import Gradebook


def write_json(gradebook: Gradebook, folder: Path) -> Path:
    """Writes a report for each student."""
    reports = folder / "reports"
    stems = file_stems(gradebook.fingerprints())
    for grade in gradebook.grades():
        content = grade.report.to_json() | {
            "final_score": round(grade.score, 4),
            "final_max_score": round(grade.max_score, 4),
            "days_late": grade.days_late,
            "penalty": grade.penalty,
            "notes": [*filter(None, [grade.refused]), *grade.notes],
        }
        text = json.dumps(content, indent=1, ensure_ascii=False)
        write_if_changed(reports / f"{stems[grade.student.id]}.json", text)
    return reports
