"""A verdict in a notebook: as HTML where that is shown, as text elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from course.catalogue import Exercise
from course.grading.console import MARKS
from course.grading.report import CheckResult, common_message, exercise_status

BORDERS = {"passed": "#2e9e4f", "unattempted": "#888888"}
FAILURE_BORDER = "#d33f49"
# Colours that can be read on light and on dark; text keeps the notebook's own.
BOX = "border-left: 4px solid {colour}; padding: 0.3em 0.8em; margin: 0.3em 0"
MESSAGE = "white-space: pre-wrap; margin: 0.2em 0 0.6em 1.2em; font-size: 0.9em"


class Verdict:
    """What the checks of an exercise said.

    Args:
        exercise: the exercise.
        checks: its checks.
    """

    def __init__(self, exercise: Exercise, checks: Sequence[CheckResult]) -> None:
        self._exercise = exercise
        # Failures first; the same reason for all of them once.
        self._checks = sorted(checks, key=lambda check: check.status == "passed")
        self._one_reason = common_message(checks)
        self._status = exercise_status(checks)

    def __repr__(self) -> str:
        lines = [self._head()]
        if self._one_reason:
            lines.append(_indented(self._one_reason))
        else:
            for check in self._checks:
                lines.append(f"  {_mark(check.status)} {check.title}")
                if check.message:
                    lines.append(_indented(check.message))
        return "\n".join([*lines, *filter(None, [self._advice()])])

    def _repr_html_(self) -> str:
        if self._one_reason:
            body = f'<pre style="{MESSAGE}">{escape(self._one_reason)}</pre>'
        else:
            body = "".join(map(_check_html, self._checks))
        advice = f"<div><code>{escape(self._advice())}</code></div>" if self._advice() else ""
        box = BOX.format(colour=BORDERS.get(self._status, FAILURE_BORDER))
        return f'<div style="{box}"><strong>{escape(self._head())}</strong>{body}{advice}</div>'

    def _head(self) -> str:
        score = sum(check.score for check in self._checks)
        maximum = sum(check.max_score for check in self._checks)
        return f"{_mark(self._status)} {self._exercise.name}   {score:.3g} of {maximum:.3g} points"

    def _advice(self) -> str:
        name = self._exercise.name
        if self._status == "passed":
            return ""
        if self._status == "unattempted":
            return f'hint("{name}")'
        return f'hint("{name}")  or  solution("{name}")'


def _check_html(check: CheckResult) -> str:
    message = f'<pre style="{MESSAGE}">{escape(check.message)}</pre>' if check.message else ""
    return f"<div>{_mark(check.status)} {escape(check.title)}{message}</div>"


def _mark(status: str) -> str:
    return MARKS.get(status, "✗")


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in text.splitlines())
