"""Figures in words, for those who cannot see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.language import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

MAX_PANELS = 6  # a figure of many small images is described by its first ones


def title_of(figure: Figure) -> str:
    """The title above all panels, or that of the only panel that has one; else nothing."""
    titles = {axes.get_title() for axes in figure.axes} - {""}
    title = figure.get_suptitle() or (titles.pop() if len(titles) == 1 else "")
    return _on_one_line(title)


def in_words(figure: Figure) -> str:
    """Titles, axes and legends of a figure, panel by panel."""
    panels = [words for axes in figure.axes if (words := _panel(axes))]
    more = len(panels) - MAX_PANELS
    others = [say("{n} more panels", n=more)] if more > 0 else []
    legends = [_lines(legend) for legend in figure.legends]
    parts = [figure.get_suptitle(), *panels[:MAX_PANELS], *others, *legends]
    return ". ".join(_on_one_line(part) for part in parts if part)


def _panel(axes: Axes) -> str:
    legend = axes.get_legend()
    labels = {"x": axes.get_xlabel(), "y": axes.get_ylabel()}
    parts = [
        axes.get_title(),
        *(f"{name}: {label}" for name, label in labels.items() if label),
        _lines(legend) if legend else "",
    ]
    return "; ".join(filter(None, parts))


def _lines(legend: Legend) -> str:
    names = ", ".join(text.get_text() for text in legend.get_texts())
    return say("lines: {names}", names=names) if names else ""


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
