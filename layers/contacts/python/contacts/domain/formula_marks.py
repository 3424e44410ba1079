"""Keeps spreadsheet programs from running the values of a CSV file, by marks that an import takes off again.

A value is *dangerous* if, past any leading `'`, it begins with `= + - @ TAB CR` and is not just a sign followed by
digits, spaces and `( ) . -`: phones and numbers pass as they are.

A program that splits the file at another character than its commas, as Excel does where the list separator is `;`,
knows quotation marks only at the start of what *it* takes for a cell: they hold neither a value together nor its line
breaks. Therefore what stands after a `;`, TAB or line break of a value, a *piece*, is judged, too. It is dangerous if,
past any leading `'` and `"`, it begins with `=`, or with `+ - @`, is no phone or number up to the line's end, and the
value goes on to a `(`, `!` or `|`. Without these a formula neither calls nor links anything, so lists of points pass.
The limit: for such a program the last piece goes on into the next column's value, which is not looked at here.

The leading `'` don't count, so that marking never makes anything less dangerous, and `unmark(mark(value)) == value` for
every text.
"""

from __future__ import annotations

import re
from typing import Final

#: What a value starts with that may be dangerous or marked itself.
_STARTS: Final = frozenset("=+-@\t\r'")
_MARK: Final = "'"
_is_dangerous: Final = re.compile(r"'*+(?:[=@\t\r]|[+\-](?![0-9 ().\-]*\Z))").match
#: What parts a value where it is not meant to be parted, and how a piece after it starts that may be dangerous.
_PIECE: Final = re.compile(r"""[;\t\r\n]['"]*+(?:[=@]|[+\-](?![0-9 ().\-]*(?:[\r\n]|\Z)))""")


def mark(value: str) -> str:
    """The value as it goes into a CSV file: with one `'` before it, and before each of its pieces, if dangerous."""
    marked = _MARK + value if value and value[0] in _STARTS and _is_dangerous(value) else value
    return _with_marks(marked) if _PIECE.search(marked) else marked


def unmark(value: str) -> str:
    """The value that was marked: it and its pieces without their first `'` where what follows is dangerous."""
    if _MARK not in value:
        return value
    unmarked = value[1:] if value[0] == _MARK and _is_dangerous(value, 1) else value
    return _without_marks(unmarked) if _PIECE.search(unmarked) else unmarked


def _with_marks(value: str) -> str:
    acts_until = _last_act(value)

    def marked(piece: re.Match[str]) -> str:
        text = piece[0]
        return text[0] + _MARK + text[1:] if text[-1] == "=" or piece.end() <= acts_until else text

    return _PIECE.sub(marked, value)


def _without_marks(value: str) -> str:
    acts_until = _last_act(value)

    def unmarked(piece: re.Match[str]) -> str:
        text = piece[0]
        is_marked = text[1] == _MARK and (text[-1] == "=" or piece.end() <= acts_until)
        return text[0] + text[2:] if is_marked else text

    return _PIECE.sub(unmarked, value)


def _last_act(value: str) -> int:
    """Where the last character stands that a formula calls or links something with."""
    return max(map(value.rfind, "(!|"))
