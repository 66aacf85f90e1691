"""What the pages say in more places than one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from course.grading.console import MARKS
from course.grading.report import Report
from course.language import say
from course.pages.markup import Html, element
from course.table import format_cell
from course.words import points_of, status_word

KINDS = {"passed": "good", "unattempted": "", "grader_error": "warn"}  # of colours; others: "bad"


def status_badge(status: str) -> Html:
    """A status in a word, with a colour that says no more than the word."""
    return badge(f"{_mark(status)} {status_word(status)}", _kind(status))


def status_mark(status: str) -> Html:
    """A status as a sign."""
    return sign(_mark(status), status_word(status), _kind(status))


def outcome_sign(good: bool, yes: str, no: str) -> Html:
    return sign(outcome_mark(good), yes if good else no, "good" if good else "bad")


def sign(mark: str, word: str, kind: str) -> Html:
    """A sign, and its word for those who hear the page."""
    return element("span", mark, class_=f"mark {kind}".strip(), role="img", aria_label=word)


def badge(text: str, kind: str) -> Html:
    return element("span", text, class_=f"badge {kind}".strip())


def badges(several: Iterable[Html]) -> Html:
    """A line of them."""
    return element("p", ([one, " "] for one in several))


def outcome_badge(good: bool, text: str) -> Html:
    return badge(f"{outcome_mark(good)} {text}", "good" if good else "bad")


def fault_badges(report: Report) -> list[Html]:
    """One that says where a grader failed, so that nobody takes it for a fault of the answers."""
    fault = say("! some checks failed through our fault")
    return [badge(fault, "warn")] if report.grader_errors else []


def outcome_mark(good: bool) -> str:
    return "✓" if good else "✗"


def points(score: float, most: float) -> str:
    return points_of(f"{score:.4g}", f"{most:.4g}")


def when(at: datetime) -> str:
    return f"{at:%Y-%m-%d, %H:%M}"


def share(part: object, whole: object) -> str:
    return say("{n} of {total}", n=part, total=whole)


def seed(number: int) -> str:
    return say("seed {seed}", seed=number)


def bar_words(bar: Mapping[str, Any]) -> str:
    """ "at most 22" """
    if "at_most" in bar:
        return say("at most {bar}", bar=format_cell(float(bar["at_most"])))
    return say("at least {bar}", bar=format_cell(float(bar["at_least"])))


def _mark(status: str) -> str:
    return MARKS.get(status, "✗")


def _kind(status: str) -> str:
    return KINDS.get(status, "bad")
