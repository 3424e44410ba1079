"""Which character separates the columns of a CSV file: it says so itself, or its first records show it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

# In the order in which they win a tie.
DELIMITERS: Final = (",", ";", "\t", "|")

_RECORDS_JUDGED: Final = 50
# Excel writes and reads such a first line, quoted or not.
_SEPARATOR_LINE: Final = re.compile(r'"?sep=([^\r\n\0"])"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)


def separator_line(sample: str) -> tuple[str, int] | None:
    """The delimiter that a `sep=` line names and that line's length, or None where the file has no such line."""
    found = _SEPARATOR_LINE.match(sample)
    return (found[1], found.end()) if found else None


def detect_delimiter(sample: str, columns: Sequence[str]) -> str:
    """The most plausible of `DELIMITERS` for a file that starts with `sample`; a comma where nothing speaks for any.

    What counts, in this order: how many of the mapped `columns` the header then has; how many of the first records are
    as wide as a header of several columns; how wide the header is.
    """
    return max(DELIMITERS, key=lambda delimiter: _plausibility(sample, delimiter, frozenset(columns)))


def _plausibility(sample: str, delimiter: str, columns: frozenset[str]) -> tuple[int, float, int]:
    records: list[list[str]] = []
    misread = 0
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    try:
        records.extend(islice((record for record in reader if any(record)), _RECORDS_JUDGED))
    except csv.Error:
        misread = 1
    if not records:
        # Unreadable with this delimiter, or, with no other character in the file, made of nothing else.
        return (-1, 0.0, 0) if misread else (0, 2.0, 0)
    header, *rest = records
    agreeing = sum(len(record) == len(header) for record in rest)
    consistency = agreeing / max(1, len(rest) + misread) if len(header) > 1 else 0.0
    return len(columns.intersection(name.strip() for name in header)), consistency, len(header)
