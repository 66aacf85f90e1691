"""Text that fits a terminal."""

from __future__ import annotations

import textwrap
import unicodedata


def indented(text: str, margin: int, columns: int) -> str:
    """The lines of a text behind a margin, wrapped where they are long; indentation stays."""
    lines = []
    for line in text.splitlines():
        space = " " * (margin + len(line) - len(line.lstrip()))
        wrapped = textwrap.wrap(line.strip(), max(columns - len(space), 40))
        lines += [space + part for part in wrapped or [""]]
    return "\n".join(lines)


def cut(line: str, columns: int) -> str:
    """As much of a line as takes `columns` cells; Korean and Chinese characters take two each."""
    if columns >= 2 * len(line):
        return line
    width = 0
    for position, character in enumerate(line):
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > columns:
            return line[:position]
    return line
