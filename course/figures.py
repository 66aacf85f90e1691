"""Figures in words, for those who cannot see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    more = [f"{len(panels) - MAX_PANELS} more panels"] if len(panels) > MAX_PANELS else []
    legends = [f"lines: {_entries(legend)}" for legend in figure.legends]
    parts = [figure.get_suptitle(), *panels[:MAX_PANELS], *more, *legends]
    return ". ".join(_on_one_line(part) for part in parts if part)


def _panel(axes: Axes) -> str:
    legend = axes.get_legend()
    parts = {
        "": axes.get_title(),
        "x: ": axes.get_xlabel(),
        "y: ": axes.get_ylabel(),
        "lines: ": _entries(legend) if legend else "",
    }
    return "; ".join(f"{name}{text}" for name, text in parts.items() if text)


def _entries(legend: Legend) -> str:
    return ", ".join(text.get_text() for text in legend.get_texts())


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
