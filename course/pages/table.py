"""Tables that are complete as they stand, and can be sorted where scripts run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.pages.markup import Content, Html, element
from course.table import format_cell


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        content: what is shown.
        value: what it is sorted by where that is not the shown text; numbers always have one.
        kind: classes for the style sheet.
    """

    content: Content
    value: str = ""
    kind: str = ""


def number(value: float | None, shown: str | None = None, kind: str = "") -> Cell:
    """A cell with a number; an empty one for None."""
    if value is None:
        return Cell(shown or "", "", kind)
    return Cell(format_cell(value) if shown is None else shown, repr(float(value)), kind)


@dataclass(frozen=True)
class Column:
    """A column: its head, and whether it holds numbers."""

    head: Content
    numeric: bool = False


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> Html:
    """A table in a box of its own, which scrolls where the screen is narrow.

    The first cell of each row is the head of the row.
    """
    heads = (
        element("th", column.head, scope="col", class_="number" if column.numeric else "")
        for column in columns
    )
    shown = element(
        "table",
        element("caption", element("span", caption)),
        element("thead", element("tr", heads)),
        element("tbody", (_row(columns, row) for row in rows)),
        class_="sortable",
    )
    return scroll_box(shown, caption)


def scroll_box(content: Html, label: str) -> Html:
    """A box that scrolls sideways, with the keyboard as well, where it is wider than the screen."""
    return element("div", content, class_="scroll", role="region", aria_label=label, tabindex="0")


def records_table(caption: str, records: Sequence[Mapping[str, Any]]) -> Html:
    """A table of records; columns in the order of their first mention."""
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = [
        Column(name, any(_is_number(record.get(name)) for record in records)) for name in names
    ]
    rows = [[_cell(record.get(name)) for name in names] for record in records]
    return table(caption, columns, rows)


def _row(columns: Sequence[Column], cells: Sequence[Cell]) -> Html:
    return element("tr", map(_element, columns, cells, [True] + [False] * (len(cells) - 1)))


def _element(column: Column, cell: Cell, is_head: bool) -> Html:
    kind = f"{'number' if column.numeric else ''} {cell.kind}".strip()
    if is_head:
        return element("th", cell.content, scope="row", class_=kind, data_value=cell.value)
    return element("td", cell.content, class_=kind, data_value=cell.value)


def _cell(value: Any) -> Cell:
    return number(value) if _is_number(value) else Cell(format_cell(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
