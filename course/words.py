"""What more than one part of the tool says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from course.language import say


def status_word(status: str) -> str:
    """The status of an exercise or a check; in reports for programs it stays as it is."""
    words = {
        "passed": say("passed"),
        "failed": say("failed"),
        "unattempted": say("to do"),
        "timeout": say("out of time"),
        "crashed": say("crashed"),
        "grader_error": say("not judged"),
    }
    return words.get(status, status)


def points_of(score: str, maximum: str) -> str:
    return say("{score} of {maximum} points", score=score, maximum=maximum)


def passed_of(n_passed: int, n_exercises: int) -> str:
    return say("{passed} of {n} exercises passed", passed=n_passed, n=n_exercises)


def value_against_bar(value: str, bar: Mapping[str, Any], show: Callable[[float], str]) -> str:
    """A metric's value beside what it is to meet: "12, at most 22"."""
    if "at_most" in bar:
        return say("{value}, at most {bar}", value=value, bar=show(bar["at_most"]))
    return say("{value}, at least {bar}", value=value, bar=show(bar["at_least"]))


def source_words(source: str | None) -> str:
    """Where data came from, as a run's report names it."""
    words = {"real": say("real data"), "embedded": say("embedded data"), None: say("no data")}
    return words.get(source, str(source))
