"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def format_table(rows: Sequence[Mapping[str, object]]) -> str:
    """Aligned columns: text to the left, numbers to the right. Missing cells stay empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [[name, *(format_cell(row.get(name)) for row in rows)] for name in names]
    widths = [max(map(len, column)) for column in columns]
    numeric = [any(isinstance(row.get(name), (int, float)) for row in rows) for name in names]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in zip(*columns, strict=True)
    )


def format_cell(value: object) -> str:
    """A cell as text: large numbers by thousands, small ones with three digits that count."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
    return f"{value:,}" if type(value) is int else str(value)
