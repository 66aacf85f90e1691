"""An exercise on a page: its points, its checks, and what each of them said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from course.catalogue import Exercise
from course.grading.report import (
    CheckResult,
    Report,
    common_message,
    exercise_status,
    split_message,
    without_repeats,
)
from course.language import say
from course.pages.markup import Html, breakable, element, joined
from course.pages.words import points, status_badge, status_mark
from course.words import status_word

EXPECTED = ("passed", "failed")  # of a check; any other status is named


def exercise_boxes(report: Report, exercises: Iterable[Exercise] = ()) -> Html:
    """A box for each exercise of a report; open already where there is something to read.

    Args:
        report: what was found.
        exercises: those of the catalogue, to say what they are about.
    """
    about = {exercise.id: say(exercise.summary) for exercise in exercises}
    found = report.by_exercise().items()
    return joined(_box(name, checks, about.get(name, "")) for name, checks in found)


def _box(name: str, checks: Sequence[CheckResult], summary: str) -> Html:
    status = exercise_status(checks)
    score, most = sum(check.score for check in checks), sum(check.max_score for check in checks)
    head = element(
        "summary",
        status_badge(status),
        " ",
        element("code", breakable(name)),
        " ",
        element("span", points(score, most), class_="points"),
    )
    about = element("p", summary, class_="quiet") if summary else ""
    inside = element("div", about, _checks(checks), class_="inside")
    return element("details", head, inside, open=status not in ("passed", "unattempted"))


def _checks(checks: Sequence[CheckResult]) -> Html:
    common = common_message(checks)
    messages = [""] * len(checks) if common else without_repeats(checks)
    items = (_check(*item) for item in zip(checks, messages, strict=True))
    return joined(_message(common), element("ul", items, class_="checks"))


def _check(check: CheckResult, message: str) -> Html:
    unusual = "" if check.status in EXPECTED else f" ({status_word(check.status)})"
    title = check.title or check.check
    return element("li", status_mark(check.status), " ", title, unusual, _message(message))


def _message(message: str) -> Html:
    """A message with its likely cause set apart, where it names one."""
    found, cause, rest = split_message(message)
    label = element("strong", say("Likely cause: "))
    return joined(
        element("pre", found) if found else "",
        element("p", label, cause, class_="cause") if cause else "",
        element("pre", rest) if rest else "",
    )
