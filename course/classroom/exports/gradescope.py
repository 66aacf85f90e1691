"""Gradescope: `results.json` of each student.

The format is https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from course.classroom.exports.files import file_stems, write_if_changed
from course.classroom.exports.points import Scale
from course.classroom.exports.words import for_student, lines_about
from course.classroom.gradebook import Grade, Gradebook


def write_gradescope(gradebook: Gradebook, folder: Path) -> Path:
    """Writes `gradescope/ID.json` for each student."""
    scale = Scale.of(gradebook)
    results = folder / "gradescope"
    stems = file_stems(gradebook.fingerprints())
    for grade in gradebook.grades():
        text = json.dumps(_results(grade, scale), indent=1, ensure_ascii=False)
        write_if_changed(results / f"{stems[grade.student.id]}.json", text)
    return results


def _results(grade: Grade, scale: Scale) -> dict[str, Any]:
    """Total and tests; `Scale` and penalties make the total differ from the tests' sum."""
    return {
        "score": round(scale.total(grade) or 0.0, 4),
        "execution_time": round(grade.seconds, 3),
        "output": "\n".join(lines_about(grade)),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",  # what the command prints is for instructors
        "tests": _tests(grade, scale),
    }


def _tests(grade: Grade, scale: Scale) -> list[dict[str, Any]]:
    tests = []
    for n_exercise, (exercise, checks) in enumerate(grade.report.by_exercise().items(), start=1):
        weight = scale.policy.weight(exercise)
        for n_check, check in enumerate(checks, start=1):
            tests.append(
                {
                    "number": f"{n_exercise}.{n_check}",
                    "name": f"{exercise}: {check.title or check.check}",
                    "name_format": "text",
                    "score": round(check.score * weight, 4),
                    "max_score": round(check.max_score * weight, 4),
                    "status": "passed" if check.status == "passed" else "failed",
                    "output": for_student(check),
                    "output_format": "text",
                    "visibility": "visible",
                    "tags": [check.status],
                }
            )
    return tests
