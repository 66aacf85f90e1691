"""CSV that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows UTF-8, and without which Hangul is garbled
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # Excel in Japanese reads the wide ones too


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return BYTE_ORDER_MARK + text.getvalue()


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula, also when it drops white space before it."""
    if text.lstrip().startswith(FORMULA) or text.startswith(("\t", "\r", "\n")):
        return f"'{text}"
    return text


def number(value: float) -> str:
    return f"{round(value, 4):g}"
