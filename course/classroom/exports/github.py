"""GitHub: the result that the autograding reporter reads, and the workflow that makes it.

The reporter is https://github.com/classroom-resources/autograding-grading-reporter; it adds up
`tests[].score`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from course.classroom.exports.files import file_stems, write_if_changed
from course.classroom.exports.grading import filled_template
from course.classroom.exports.words import for_student
from course.classroom.gradebook import Grade, Gradebook
from course.classroom.policy import Policy
from course.grading.report import CheckResult

# The result travels in one environment variable, base64-encoded; Linux allows 128 KiB for one.
MAX_CHARACTERS = 20_000  # of all messages together, of up to three bytes each
OUTCOMES = {"passed": "pass", "failed": "fail", "unattempted": "fail"}


def write_github(gradebook: Gradebook, folder: Path) -> Path:
    """Writes `github/ID.json` for each student."""
    results = folder / "github"
    policy = gradebook.policy()
    stems = file_stems(gradebook.fingerprints())
    for grade in gradebook.grades():
        text = json.dumps(_result(grade, policy), indent=1, ensure_ascii=False)
        write_if_changed(results / f"{stems[grade.student.id]}.json", text)
    return results


def write_workflow(gradebook: Gradebook, folder: Path) -> Path:
    """Writes `classroom.yml`, which belongs in `.github/workflows/` of the assignment."""
    path = folder / "classroom.yml"
    write_if_changed(path, filled_template("classroom.yml", gradebook))
    return path


def _result(grade: Grade, policy: Policy) -> dict[str, Any]:
    outcome = "pass" if grade.report.passed else "fail"
    checks = grade.report.checks
    most = MAX_CHARACTERS // max(len(checks), 1)
    return {
        "version": 1,
        "status": "error" if grade.report.grader_errors else outcome,
        "max_score": round(grade.max_score, 4),
        "tests": [
            _test(check, policy.weight(check.exercise) * (1 - grade.penalty), most)
            for check in checks
        ],
    }


def _test(check: CheckResult, weight: float, most: int) -> dict[str, Any]:
    message = for_student(check)
    return {
        "name": f"{check.exercise}: {check.title or check.check}",
        "status": OUTCOMES.get(check.status, "error"),
        "score": round(check.score * weight, 4),
        "message": (message if len(message) <= most else f"{message[:most]} …") or None,
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "duration": round(check.seconds, 3),
    }
