"""A week's run on a page: the data it used, and its metrics against their bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from course.pages import words
from course.pages.markup import Content, Html, breakable, bullets, element, joined
from course.pages.table import Cell, Column, number, records_table, table
from course.table import format_cell

Outcome = Mapping[str, Any]  # of a run: the content of its `metrics.json`, with `ok`
NO_RESULTS = "The run ended without results."


def data_used(outcome: Outcome) -> Html:
    """The data's name, and whether it is real or stands in for what could not be had."""
    data = outcome.get("data", {})
    source = str(data.get("source", "none"))
    kind = {"real": "good", "embedded": "warn"}.get(source, "")
    return joined(str(data.get("name", "")), " ", words.badge(source, kind))


def n_met(outcome: Outcome) -> int:
    return sum(bar["met"] for bar in outcome["bars"].values())


def bars_list(outcome: Outcome) -> Html:
    """Each metric against its bar, a line each."""
    if "metrics" not in outcome:
        return words.badge(NO_RESULTS, "bad")
    return bullets(
        [
            words.outcome_sign(bar["met"], "met", "missed"),
            f" {name} {_value(outcome, name)}, {words.bar_words(bar)}",
        ]
        for name, bar in outcome["bars"].items()
    )


def results(outcome: Outcome) -> Content:
    """Metrics against bars, and the run's own table."""
    if "metrics" not in outcome:
        return element("p", words.badge(NO_RESULTS, "bad"))
    n_rows = outcome["data"].get("n")
    facts = [f"{format_cell(n_rows)} rows"] if n_rows is not None else []
    facts += [f"{outcome['seconds']:.0f} seconds", f"seed {outcome['seed']}"]
    if outcome["quick"]:
        facts.append("a quick run")
    records = outcome.get("table", [])
    return [
        element("p", data_used(outcome), f"; {', '.join(facts)}", class_="quiet"),
        _bars_table(outcome),
        records_table("What the run measured", records) if records else "",
    ]


def _bars_table(outcome: Outcome) -> Html:
    columns = [Column("metric"), Column("value", True), Column("bar"), Column("met")]
    rows = (
        [
            Cell(breakable(name), value=name),
            number(outcome["metrics"][name], _value(outcome, name)),
            Cell(words.bar_words(bar), kind="line"),
            Cell(words.outcome_badge(bar["met"], "met" if bar["met"] else "missed")),
        ]
        for name, bar in outcome["bars"].items()
    )
    return table("Metrics against their bars", columns, rows)


def _value(outcome: Outcome, name: str) -> str:
    """A metric in words; JSON knows no NaN, and has None for it."""
    value = outcome["metrics"][name]
    return "not a number" if value is None else format_cell(value)
