"""A report on the terminal, as it comes."""

from __future__ import annotations

import os
import shutil
from typing import TextIO

from course.grading.report import (
    CheckResult,
    Report,
    common_message,
    exercise_status,
    without_repeats,
)
from course.wrapping import indented

MARKS = {"passed": "✓", "unattempted": "·", "grader_error": "!"}
COLOURS = {"passed": "32", "unattempted": "2", "grader_error": "35"}
FAILURE_COLOUR = "31"


class Console:
    """Prints each exercise once its checks are done.

    Args:
        stream: where to; colours only on a terminal, and not where NO_COLOR is set.
        quiet: print nothing.
    """

    def __init__(self, stream: TextIO, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ
        self._waiting: list[CheckResult] = []
        self._last_reason = ""

    def show(self, result: CheckResult) -> None:
        if self._waiting and self._waiting[0].exercise != result.exercise:
            self._print_exercise()
        self._waiting.append(result)

    def finish(self, report: Report) -> None:
        """Prints the last exercise and the sum."""
        if self._waiting:
            self._print_exercise()
        if report.grader_errors:
            self._print_grader_errors(report)
        statuses = [exercise_status(checks) for checks in report.by_exercise().values()]
        open_ones = [
            name
            for name, checks in report.by_exercise().items()
            if exercise_status(checks) != "passed"
        ]
        self._print(
            f"{report.score:g} of {report.max_score:g} points; "
            f"{statuses.count('passed')} of {len(statuses)} exercises passed"
        )
        if open_ones:
            self._print(f"next: course hint {open_ones[0]}")

    def _print_exercise(self) -> None:
        checks, self._waiting = self._waiting, []
        status = exercise_status(checks)
        score, maximum = sum(c.score for c in checks), sum(c.max_score for c in checks)
        head = f"{MARKS.get(status, '✗')} {checks[0].exercise}"
        self._print(self._paint(head, status) + f"  {score:.3g} of {maximum:.3g} points")
        if status == "passed":
            return
        one_for_all = common_message(checks)
        repeated = one_for_all == self._last_reason
        self._last_reason = one_for_all
        if one_for_all:
            self._print(_indented("(as above)" if repeated else one_for_all, 4))
            return
        for check, message in zip(checks, without_repeats(checks), strict=True):
            self._print(
                self._paint(f"  {MARKS.get(check.status, '✗')} {check.title}", check.status)
            )
            if message:
                self._print(_indented(message, 6))

    def _print_grader_errors(self, report: Report) -> None:
        self._print(
            "The grader itself failed on some checks. This is our fault and costs no points; "
            "please report it:"
        )
        for check in report.grader_errors:
            self._print(f"  ! {check.exercise} {check.check}\n{_indented(check.message, 6)}")

    def _paint(self, text: str, status: str) -> str:
        colour = COLOURS.get(status, FAILURE_COLOUR)
        return f"\033[{colour}m{text}\033[0m" if self._coloured else text

    def _print(self, text: str) -> None:
        if not self._quiet:
            print(text, file=self._stream, flush=True)


def _indented(text: str, margin: int) -> str:
    return indented(text, margin, shutil.get_terminal_size().columns)
