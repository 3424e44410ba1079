"""The XML of a worksheet's rows; the workbook writer's hot loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contacts.tabular.cell_text import Cell, cell_text
from contacts.tabular.xlsx_escapes import escape
from contacts.tabular.xlsx_long_values import split_long_value
from contacts.tabular.xlsx_parts import HEADER_STYLE, TEXT_STYLE

_TEXT_START: Final = f'" s="{TEXT_STYLE}" t="inlineStr"><is><t>'
_TEXT_END: Final = "</t></is></c>"
# Excel shows 15 digits of a number; a longer integer would look like, and be edited as, another one.
_FIRST_INEXACT_INTEGER: Final = 10**15
# Stands between the cells of a row while they are looked at together.
_BETWEEN: Final = "|"
# A row this short has no cell that is too long for Excel.
_SHORT_ROW: Final = 4_000


def column_letters(index: int) -> str:
    """A for 0, AA for 26."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


class RowXml:
    """Writes rows of a sheet with these columns: texts as texts, numbers and booleans typed, empty cells left out."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._starts = [_start(index) for index in range(len(columns))]

    def header(self) -> str:
        cells = (_text_xml(f"{_start(index)}1", name, HEADER_STYLE) for index, name in enumerate(self._columns))
        return f'<row r="1">{"".join(cells)}</row>'

    def row(self, number: int, cells: Sequence[Cell]) -> str:
        """
        Raises:
            ValueError: the row is not as wide as the columns, or a number is NaN or infinite.
        """
        if len(cells) != len(self._columns):
            raise ValueError(f"a row has {len(cells)} cells, the header {len(self._columns)}")
        try:
            joined = _BETWEEN.join(["" if cell is None else cell for cell in cells])  # type: ignore[misc]
        except TypeError:  # a cell is no text
            return self._careful(number, cells)
        if not _is_plain(joined):
            return self._careful(number, cells)
        middle = f"{number}{_TEXT_START}"
        xml = "".join(
            [f"{start}{middle}{cell}{_TEXT_END}" for start, cell in zip(self._starts, cells, strict=True) if cell]
        )
        return f'<row r="{number}">{xml}</row>'

    def _careful(self, number: int, cells: Sequence[Cell]) -> str:
        parts: list[str] = []
        beyond: list[str] = []
        for name, start, cell in zip(self._columns, self._starts, cells, strict=True):
            if isinstance(cell, int | float) and abs(cell) < _FIRST_INEXACT_INTEGER:
                parts.append(_number_xml(f"{start}{number}", cell))
            elif text := cell_text(cell):
                first, *further = split_long_value(name, text)
                parts.append(_text_xml(f"{start}{number}", first))
                beyond += further
        parts += [
            _text_xml(f"{_start(index)}{number}", piece) for index, piece in enumerate(beyond, start=len(self._columns))
        ]
        return f'<row r="{number}">{"".join(parts)}</row>'


def _is_plain(joined: str) -> bool:
    """Whether no cell needs an escape, a character reference or protection for the blanks at its ends."""
    return (
        joined.isprintable()
        and "&" not in joined
        and "<" not in joined
        and ">" not in joined
        and "_x" not in joined
        and "| " not in joined
        and " |" not in joined
        and joined[:1] != " "
        and joined[-1:] != " "
        and len(joined) <= _SHORT_ROW
    )


def _start(index: int) -> str:
    return f'<c r="{column_letters(index)}'


def _number_xml(start: str, number: float) -> str:
    return f'{start}" t="b"><v>{number:d}</v></c>' if isinstance(number, bool) else f'{start}"><v>{number!r}</v></c>'


def _text_xml(start: str, text: str, style: int = TEXT_STYLE) -> str:
    xml = escape(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Without it, Excel takes the blanks at both ends away.
    space = "" if xml.strip(" \t\n") == xml else ' xml:space="preserve"'
    return f'{start}" s="{style}" t="inlineStr"><is><t{space}>{xml}{_TEXT_END}'
