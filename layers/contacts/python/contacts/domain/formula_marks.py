"""Keeps spreadsheet programs from running the values of a CSV file, by a mark that an import takes off again.

A value is *dangerous* if, past any leading `'`, it begins with `= + - @ TAB CR` and is not just a sign followed by
digits, spaces and `( ) . -`: phones and numbers pass as they are. The leading `'` don't count, so that marking never
makes a value less dangerous, and `unmark(mark(value)) == value` for every text.
"""

from __future__ import annotations

import re
from typing import Final

#: What a value starts with that may be dangerous or marked; every other value comes through as it is.
SUSPICIOUS_STARTS: Final = frozenset("=+-@\t\r'")

_MARK: Final = "'"
_is_dangerous: Final = re.compile(r"'*+(?:[=@\t\r]|[+\-](?![0-9 ().\-]*\Z))").match


def mark(value: str) -> str:
    """The value as it goes into a CSV file: with one `'` before it if it is dangerous."""
    return _MARK + value if value and value[0] in SUSPICIOUS_STARTS and _is_dangerous(value) else value


def unmark(value: str) -> str:
    """The value that was marked: without its first `'` where what follows is dangerous."""
    return value[1:] if value and value[0] == _MARK and _is_dangerous(value, 1) else value
