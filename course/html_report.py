"""One self-contained page: what was graded, what was measured, on which data."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from course.grading.report import CheckResult, Report, exercise_status
from course.table import format_cell

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: auto; padding: 1rem; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid #8884; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
img {{ max-width: 100%; height: auto; background: white; }}
pre {{ white-space: pre-wrap; margin: .3rem 0 .8rem; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def render(report: Report, weeks: Sequence[Mapping[str, Any]], runs: Path) -> str:
    """The page as HTML text.

    Args:
        report: the graders' verdicts.
        weeks: for each week the content of its `metrics.json`, with `ok`.
        runs: the directory in which each week has left its plots.
    """
    body = [f"<h2>Graders: {report.score:g} of {report.max_score:g} points</h2>"]
    body += [_exercise(name, checks) for name, checks in report.by_exercise().items()]
    body += [_week(week, runs / week["week"]) for week in weeks]
    return PAGE.format(title="Course report", body="\n".join(body))


def _exercise(name: str, checks: Sequence[CheckResult]) -> str:
    status = exercise_status(checks)
    lines = "".join(
        f"<li>{_mark(check.status == 'passed')} {escape(check.title)}"
        + (f"<pre>{escape(check.message)}</pre>" if check.message else "")
        for check in checks
    )
    opened = "" if status == "passed" else " open"
    head = f"{_mark(status == 'passed')} {escape(name)}"
    return f"<details{opened}><summary>{head}</summary><ul>{lines}</ul></details>"


def _week(week: Mapping[str, Any], folder: Path) -> str:
    data = week.get("data", {})
    parts = [
        f"<h2>{_mark(week['ok'])} {escape(week['week'])}</h2>",
        f"<p>{escape(str(data.get('name')))}, {escape(str(data.get('source')))} data, "
        f"{format_cell(data.get('n'))} rows; {week.get('seconds', 0):.0f} seconds</p>",
        _bars(week),
        _table(week.get("table", [])),
    ]
    parts += [_image(path) for path in sorted(folder.glob("*.png"))]
    return "\n".join(parts)


def _bars(week: Mapping[str, Any]) -> str:
    lines = []
    for name, bar in week["bars"].items():
        words, limit = (
            ("at most", bar["at_most"]) if "at_most" in bar else ("at least", bar["at_least"])
        )
        value = format_cell(week["metrics"][name])
        lines.append(
            f"<li>{_mark(bar['met'])} {escape(name)} {value}, {words} {format_cell(float(limit))}"
        )
    return f"<ul>{''.join(lines)}</ul>"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}" for name in names)
    lines = "".join("<tr>" + "".join(_cell(row.get(name)) for name in names) for row in rows)
    return f'<div class="scroll"><table><tr>{head}{lines}</table></div>' if rows else ""


def _cell(value: Any) -> str:
    kind = ' class="number"' if isinstance(value, (int, float)) else ""
    return f"<td{kind}>{escape(format_cell(value))}"


def _image(path: Path) -> str:
    picture = base64.b64encode(path.read_bytes()).decode()
    name = escape(path.stem.replace("_", " "))
    return f'<p><img alt="{name}" src="data:image/png;base64,{picture}"></p>'


def _mark(good: bool) -> str:
    return "✓" if good else "✗"
