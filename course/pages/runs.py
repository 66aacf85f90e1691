"""A week's run on a page: the data it used, and its metrics against their bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from course.language import say
from course.pages import words
from course.pages.markup import Content, Html, breakable, bullets, element, joined
from course.pages.table import Cell, Column, number, records_table, table
from course.table import format_cell
from course.words import source_words, value_against_bar

Outcome = Mapping[str, Any]  # of a run: the content of its `metrics.json`, with `ok`


def data_used(outcome: Outcome) -> Html:
    """The data's name, and whether it is real or stands in for what could not be had."""
    data = outcome.get("data", {})
    source = data.get("source")
    kind = {"real": "good", "embedded": "warn"}.get(source, "")
    return joined(str(data.get("name", "")), " ", words.badge(source_words(source), kind))


def n_met(outcome: Outcome) -> int:
    return sum(bar["met"] for bar in outcome["bars"].values())


def bars_list(outcome: Outcome) -> Html:
    """Each metric against its bar, a line each."""
    if "metrics" not in outcome:
        return _no_results()
    return bullets(
        [
            words.outcome_sign(bar["met"], say("met"), say("missed")),
            f" {name} {value_against_bar(_value(outcome, name), bar, format_cell)}",
        ]
        for name, bar in outcome["bars"].items()
    )


def results(outcome: Outcome) -> Content:
    """Metrics against bars, and the run's own table."""
    if "metrics" not in outcome:
        return element("p", _no_results())
    n_rows = outcome["data"].get("n")
    facts = [] if n_rows is None else [say("{n} rows", n=format_cell(n_rows))]
    facts.append(say("{seconds} seconds", seconds=f"{outcome['seconds']:.0f}"))
    facts.append(words.seed(outcome["seed"]))
    if outcome["quick"]:
        facts.append(say("a quick run"))
    records = outcome.get("table", [])
    return [
        element("p", data_used(outcome), f"; {', '.join(facts)}", class_="quiet"),
        _bars_table(outcome),
        records_table(say("What the run measured"), records) if records else "",
    ]


def _bars_table(outcome: Outcome) -> Html:
    columns = [
        Column(say("metric")),
        Column(say("value"), numeric=True),
        Column(say("bar")),
        Column(say("met")),
    ]
    rows = (
        [
            Cell(breakable(name), value=name),
            number(outcome["metrics"][name], _value(outcome, name)),
            Cell(words.bar_words(bar), kind="line"),
            Cell(words.outcome_badge(bar["met"], say("met") if bar["met"] else say("missed"))),
        ]
        for name, bar in outcome["bars"].items()
    )
    return table(say("Metrics against their bars"), columns, rows)


def _value(outcome: Outcome, name: str) -> str:
    """A metric in words; JSON knows no NaN, and has None for it."""
    value = outcome["metrics"][name]
    return say("not a number") if value is None else format_cell(value)


def _no_results() -> Html:
    return words.badge(say("The run ended without results."), "bad")
