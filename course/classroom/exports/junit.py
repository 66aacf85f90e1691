"""`junit.xml`: a test suite per student, in the elements that `pytest --junit-xml` writes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from course.classroom.exports.files import write_if_changed
from course.classroom.gradebook import Grade, Gradebook
from course.grading.report import CheckResult

# What is wrong with the answer is a failure, what keeps us from judging it an error.
ELEMENTS = {
    "failed": "failure",
    "unattempted": "skipped",
    "timeout": "error",
    "crashed": "error",
    "grader_error": "error",
}
MAX_MESSAGE = 500  # characters in an attribute; the element holds all
_NO_XML = re.compile(r"[^\t\n\r\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(gradebook: Gradebook, folder: Path) -> Path:
    """Writes all students' checks."""
    root = ET.Element("testsuites", name="course grade")
    root.extend(_suite(grade) for grade in gradebook.grades())
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    path = folder / "junit.xml"
    write_if_changed(path, f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n')
    return path


def _suite(grade: Grade) -> ET.Element:
    checks = grade.report.checks
    counts = Counter(ELEMENTS.get(check.status, "passed") for check in checks)
    suite = ET.Element(
        "testsuite",
        name=_legal(grade.student.id),
        errors=str(counts["error"]),
        failures=str(counts["failure"]),
        skipped=str(counts["skipped"]),
        tests=str(len(checks)),
        time=f"{sum(check.seconds for check in checks):.3f}",
        timestamp=datetime.fromtimestamp(grade.submitted, UTC).isoformat(timespec="seconds"),
    )
    suite.append(_properties({"score": grade.score, "max_score": grade.max_score}.items()))
    suite.extend(map(_case, checks))
    return suite


def _case(check: CheckResult) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=check.exercise,
        name=check.check,
        time=f"{check.seconds:.3f}",
    )
    case.append(_properties([("score", check.score), ("max_score", check.max_score)]))
    if check.status in ELEMENTS:
        message = _legal(check.message or check.status)
        outcome = ET.SubElement(case, ELEMENTS[check.status], message=message[:MAX_MESSAGE])
        outcome.text = message
        if check.status != "failed":
            outcome.set("type", check.status)
    return case


def _properties(values: Iterable[tuple[str, float]]) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in values:
        ET.SubElement(properties, "property", name=name, value=f"{round(value, 4):g}")
    return properties


def _legal(text: str) -> str:
    """As pytest does: characters that no XML file may hold are spelled out."""
    return _NO_XML.sub(lambda found: f"#x{ord(found.group()):02X}", text)
