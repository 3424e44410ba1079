"""Lists in the order of a file's rows, made of what parts left in any order, in four bytes of memory a row."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import IO


class LinesByRow:
    """Lines of rows 1 to `rows`, one a row at most, added in any order to a file on disk, read in the rows' order.

    Together they have less than 4 GB, eight times as much as the largest file that is imported.
    """

    def __init__(self, rows: int, file: IO[bytes]) -> None:
        self._file = file
        self._starts = array("I", [0]) * (rows + 1)
        self._end = 0

    def add(self, row: int, line: bytes) -> None:
        """Add a row's line, given without its line break."""
        self._file.write(line + b"\n")
        # Shifted by one, so that 0 means that the row has no line.
        self._starts[row] = self._end + 1
        self._end += len(line) + 1

    def lines(self) -> Iterator[bytes]:
        """The lines, each with its line break."""
        for start in self._starts:
            if start:
                self._file.seek(start - 1)
                yield self._file.readline()


def csv_lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV (RFC 4180), in UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
