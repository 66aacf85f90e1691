"""Text that fits a terminal."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Any

_FILLER = "\ue000"  # for private use: stands for the second cell of a wide character


def indented(text: str, margin: int, columns: int) -> str:
    """The lines of a text behind a margin, wrapped where they are long; indentation stays."""
    lines = []
    for line in text.splitlines():
        space = " " * (margin + len(line) - len(line.lstrip()))
        wrapped = wrap(line.strip(), max(columns - len(space), 40))
        lines += [space + part for part in wrapped or [""]]
    return "\n".join(lines)


def wrap(text: str, columns: int, **options: Any) -> list[str]:
    """As `textwrap.wrap`, with the width that text takes on a terminal: Korean letters take two."""
    spread = "".join(c + _FILLER if _is_wide(c) else c for c in text)
    return [line.replace(_FILLER, "") for line in textwrap.wrap(spread, columns, **options)]


def padded(texts: Sequence[str], right: bool = False) -> list[str]:
    """Texts filled with blanks to the width of the widest; `right` puts the blanks before them."""
    blanks = [" " * (max(map(width, texts)) - width(text)) for text in texts]
    return [b + text if right else text + b for text, b in zip(texts, blanks, strict=True)]


def width(text: str) -> int:
    """The cells that text takes."""
    return len(text) + sum(map(_is_wide, text))


def cut(line: str, columns: int) -> str:
    """As much of a line as takes `columns` cells; Korean and Chinese characters take two each."""
    if columns >= 2 * len(line):
        return line
    taken = 0
    for position, character in enumerate(line):
        taken += width(character)
        if taken > columns:
            return line[:position]
    return line


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
