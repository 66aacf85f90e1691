"""Figures in words, for those who cannot see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_PANELS = 6  # a figure of many small images is described by its first ones


def in_words(figure: Figure) -> str:
    """Titles, axes and legends of a figure, panel by panel."""
    panels = [words for axes in figure.axes if (words := _panel(axes))]
    more = [f"{len(panels) - MAX_PANELS} more panels"] if len(panels) > MAX_PANELS else []
    title = figure.get_suptitle()
    parts = [*([title] if title else []), *panels[:MAX_PANELS], *more]
    return ". ".join(" ".join(part.split()) for part in parts)


def _panel(axes: Axes) -> str:
    legend = axes.get_legend()
    lines = ", ".join(text.get_text() for text in legend.get_texts()) if legend else ""
    parts = {
        "": axes.get_title(),
        "x: ": axes.get_xlabel(),
        "y: ": axes.get_ylabel(),
        "lines: ": lines,
    }
    return "; ".join(f"{name}{text}" for name, text in parts.items() if text)
