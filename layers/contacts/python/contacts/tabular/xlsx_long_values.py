"""Values longer than an Excel cell: written in several cells of their row, and put together again.

A cell holds the beginning. The rest stands beyond the header, in cells that name the column they belong to:
`[continues notes] ...`. Each piece, escapes and label included, fits the 32,767 characters (UTF-16 code units) that
Excel allows a cell. Cells beyond the header without such a label are left to whoever judges the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contacts.tabular.xlsx_escapes import escape

MAX_CELL_UNITS: Final = 32_767
# A character takes seven at most, as an escape.
_SURELY_FITTING: Final = MAX_CELL_UNITS // 7


def split_long_value(column: str, value: str) -> list[str]:
    """The value in one piece if Excel takes it in one cell; else the beginning, and the rest in labelled pieces."""
    if len(value) <= _SURELY_FITTING:
        return [value]
    piece, rest = _cut(value, "")
    pieces = [piece]
    while rest:
        piece, rest = _cut(rest, _label(column))
        pieces.append(piece)
    return pieces


def join_long_values(header: Sequence[str], row: list[str]) -> list[str]:
    """The row with the values in one piece that `split_long_value` cut; any other row as it is."""
    labels = {_label(name.strip()): index for index, name in reversed(list(enumerate(header)))}
    joined = row[: len(header)]
    for cell in row[len(header) :]:
        label, end, piece = cell.partition("] ")
        index = labels.get(label + end)
        if index is None:
            return row
        joined[index] += piece
    return joined


def _label(name: str) -> str:
    return f"[continues {name.strip().replace(']', '')}] "


def _cut(value: str, label: str) -> tuple[str, str]:
    """The label with as much of the value as fits a cell, or half as much, and what is left of the value."""
    size = len(value)
    while _units(escape(label + value[:size])) > MAX_CELL_UNITS:
        size = min(size // 2, MAX_CELL_UNITS)
    return label + value[:size], value[size:]


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
