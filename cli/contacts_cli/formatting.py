"""Values as they are shown on a terminal."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

_SHOWN_CHARS = 60
#: Of a column whose cells wrap: so many characters a line can be read.
_LEAST_WIDTH = 6


def plain(value: object, *, limit: int = _SHOWN_CHARS) -> Text:
    """A value from a file, safe to print: nothing in it can move the cursor, colour the line or reorder it."""
    text = "" if value is None else str(value)
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return Text(shown if len(shown) <= limit else shown[: limit - 1] + "…")


def number(value: int | None) -> str:
    """A count; empty where there is none."""
    return "" if value is None else f"{value:,}"


def seconds_between(start: str | None, end: str | None) -> float | None:
    """From one time of the API to another; None where one of them has not come yet."""
    if not start or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def plain_table(*, gap: int = 2) -> Table:
    """A table without lines."""
    return Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold underline")


def uncut(table: Table) -> Table:
    """The table, so that no terminal is too narrow for the columns that must not wrap: their cells are never cut. To be
    printed with `Session.show`."""
    for column in table.columns:
        if column.no_wrap:
            column.min_width = max(cell_len(str(cell)) for cell in (column.header, *column.cells))
        else:
            column.min_width = column.min_width or _LEAST_WIDTH
    return table
