"""What a reader makes of a file: a header and rows of text, whatever the format was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TableLimits:
    """How much of a file a reader takes before it refuses.

    Attributes:
        max_rows: data rows; the default is what one Excel sheet can hold.
        max_bytes: bytes of the file as uploaded.
        max_expanded_bytes: bytes that any one member of a compressed file may grow to.
        max_cell_chars: characters in one cell.
        max_columns: cells in the header or a row, without the columns of ours that a list of failed rows has; Excel has
            16,384.
    """

    max_rows: int = 1_048_576
    max_bytes: int = 512 * 1024 * 1024
    max_expanded_bytes: int = 4 * 1024 * 1024 * 1024
    max_cell_chars: int = 131_072
    max_columns: int = 1_024


class Table(Protocol):
    """A file opened for reading, once, from front to back.

    Rows are lists of text, one a cell, in the header's order. A row of a CSV file may be shorter or longer than the
    header: the reader passes it on as it is and the caller judges it. An empty cell is `""`. Blank rows are left out.
    Reading raises `FileRejected` where the file proves broken or too large, also in the middle.
    """

    @property
    def file_type(self) -> str:
        """`csv`, `xlsx` or `json`."""
        ...

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns, without byte order mark and surrounding blanks."""
        ...

    def rows(self) -> Iterator[list[str]]:
        """The data rows. Can be called once."""
        ...
