"""`report.html`: the class as a sortable table, with a page for each student in `reports/`.

Every page is self-contained. All that comes from students is escaped, and a content security policy
lets no script run but the one that sorts.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from course.classroom.exports.files import file_stems, write_if_changed
from course.classroom.gradebook import Grade, Gradebook
from course.classroom.summary import Summary, remarks
from course.grading.report import CheckResult, exercise_status

SCRIPT = """
for (const head of document.querySelectorAll("th")) head.addEventListener("click", () => {
  const table = head.closest("table"), body = table.tBodies[0], column = head.cellIndex;
  const rising = head.dataset.rising !== "true";
  const value = row => {
    const text = row.cells[column].textContent.trim(), number = parseFloat(text);
    return isNaN(number) ? text.toLowerCase() : number;
  };
  const compare = (a, b) => typeof a === typeof b
    ? (typeof a === "number" ? a - b : a.localeCompare(b)) : (typeof a === "number" ? -1 : 1);
  const rows = [...body.rows].sort((a, b) => (rising ? 1 : -1) * compare(value(a), value(b)));
  table.querySelectorAll("th").forEach(each => delete each.dataset.rising);
  head.dataset.rising = rising;
  body.append(...rows);
});
"""
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'sha256-{script_hash}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 80rem; margin: auto; padding: 1rem; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid #8884; }}
th {{ cursor: pointer; }}
th[data-rising="true"]::after {{ content: " ▲"; }}
th[data-rising="false"]::after {{ content: " ▼"; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0 .8rem; }}
.bar {{ display: inline-block; height: .8em; background: #48c; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
<script>{script}</script>
</body>
</html>
"""
MARKS = {"passed": "✓", "unattempted": "·", "grader_error": "!"}


def write_html(gradebook: Gradebook, folder: Path) -> Path:
    """Writes the page of the class and those of its students."""
    stems = file_stems(gradebook.fingerprints())
    exercises = list(gradebook.exercises())
    rows = []
    for grade in gradebook.grades():
        stem = stems[grade.student.id]
        write_if_changed(folder / "reports" / f"{stem}.html", _student_page(grade))
        rows.append(_student_row(grade, exercises, f"reports/{quote(stem)}.html"))
    names = ["student", "score", "of", "%", *exercises, "late", "remarks"]
    summary = Summary(gradebook.grades())
    parts = [
        _distribution(summary),
        _table(names, rows),
        *_misconceptions(summary),
        *_identical(summary),
        "<h2>Checks</h2>",
        _table(["exercise", "check", "passed %", "failed", "other"], _check_rows(summary)),
        *_grader_errors(summary),
    ]
    path = folder / "report.html"
    write_if_changed(path, _page("Class report", parts))
    return path


def _page(title: str, parts: Iterable[str]) -> str:
    return PAGE.format(
        title=escape(title), body="\n".join(parts), script=SCRIPT, script_hash=_SCRIPT_HASH
    )


def _student_page(grade: Grade) -> str:
    report = grade.report
    points = f"{report.score:.4g} of {report.max_score:.4g} points"
    if (grade.score, grade.max_score) != (round(report.score, 6), round(report.max_score, 6)):
        points += f"; final: {grade.score:.4g} of {grade.max_score:.4g}"
    return _page(
        grade.student.id,
        [
            f"<p>{points}; seed {report.seed}</p>",
            _list(remarks(grade)),
            *(_exercise(name, checks) for name, checks in report.by_exercise().items()),
        ],
    )


def _exercise(name: str, checks: Sequence[CheckResult]) -> str:
    status = exercise_status(checks)
    score, maximum = sum(c.score for c in checks), sum(c.max_score for c in checks)
    items = "".join(
        f"<li>{MARKS.get(check.status, '✗')} {escape(check.title or check.check)}"
        + (f" ({escape(check.status)})" if check.status not in ("passed", "failed") else "")
        + (f"<pre>{escape(check.message)}</pre>" if check.message else "")
        for check in checks
    )
    head = f"{MARKS.get(status, '✗')} {escape(name)}: {score:.3g} of {maximum:.3g}"
    opened = "" if status == "passed" else " open"
    return f"<details{opened}><summary>{head}</summary><ul>{items}</ul></details>"


def _student_row(grade: Grade, exercises: Sequence[str], link: str) -> list[str]:
    by_exercise = grade.report.by_exercise()
    percent = 100 * grade.score / grade.max_score if grade.max_score else 0.0
    cells = [
        f'<td><a href="{escape(link)}">{escape(grade.student.id)}</a>',
        _number(f"{grade.score:.4g}"),
        _number(f"{grade.max_score:.4g}"),
        _number(f"{percent:.0f}"),
    ]
    for exercise in exercises:
        checks = by_exercise.get(exercise, [])
        cells.append(_number(f"{sum(check.score for check in checks):.3g}"))
    return [
        *cells,
        _number(str(grade.days_late or "")),
        f"<td>{'<br>'.join(map(escape, remarks(grade)))}",
    ]


def _check_rows(summary: Summary) -> list[list[str]]:
    rows = []
    for check in summary.checks.values():
        others = sorted(check.statuses.keys() - {"passed", "failed"})
        words = ", ".join(f"{check.statuses[status]} {status}" for status in others)
        rows.append(
            [
                f"<td>{escape(check.exercise)}",
                f"<td>{escape(check.title or check.check)}",
                _number(f"{100 * check.passed:.0f}"),
                _number(str(check.statuses["failed"])),
                f"<td>{escape(words)}",
            ]
        )
    return rows


def _distribution(summary: Summary) -> str:
    counts = summary.histogram()
    tallest = max([*counts, 1])
    rows = [
        f"<tr><td>{10 * n}–{10 * n + 10} %<td class=number>{count}"
        f'<td><span class=bar style="width:{20 * count / tallest:.1f}rem"></span>'
        for n, count in enumerate(counts)
    ]
    return f"<p>{summary.n} students</p><table><tbody>{''.join(rows)}</tbody></table>"


def _misconceptions(summary: Summary) -> list[str]:
    lines = [
        f"{len(wrong.students)} of {summary.n}: {wrong.exercise}: {wrong.says}"
        for wrong in summary.commonest()
    ]
    return ["<h2>Commonest misconceptions</h2>", _list(lines)] if lines else []


def _identical(summary: Summary) -> list[str]:
    lines = [", ".join(students) for students in summary.identical()]
    return ["<h2>The very same files</h2>", _list(lines)] if lines else []


def _grader_errors(summary: Summary) -> list[str]:
    lines = [
        f"{student}: {check.exercise} {check.check}: {check.message}"
        for student, check in summary.grader_errors
    ]
    return ["<h2>Grader errors: our fault, they cost nobody a point</h2>", _list(lines)] * bool(
        lines
    )


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}" for name in names)
    body = "".join(f"<tr>{''.join(row)}" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</thead><tbody>{body}</tbody></table></div>'
    )


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _number(text: str) -> str:
    return f'<td class="number">{text}'
