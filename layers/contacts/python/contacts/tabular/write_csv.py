"""CSV as a stream of bytes: RFC 4180 in UTF-8, formulas made inert."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from contacts.domain.formula_marks import mark
from contacts.tabular.byte_chunks import in_chunks
from contacts.tabular.cell_text import Cell, cell_text

_PIECE_CHARS: Final = 1 << 16
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> Iterator[bytes]:
    """The header and the rows, in chunks of about `byte_chunks.CHUNK_BYTES`, at constant memory.

    Dangerous values carry a mark, which an import takes off: see `domain.formula_marks`. A row whose cells are all
    empty is a line of commas, which our import passes over. A NUL is written as it is, and no CSV file with one is
    imported: XLSX and JSON bring it back.

    Args:
        bom: begin with a byte order mark, by which Excel knows UTF-8.

    Raises:
        ValueError: a row is not as wide as `columns`, or a number is NaN or infinite.
        UnicodeEncodeError: half of a surrogate pair, which no contact can have.
    """
    return in_chunks(_pieces(columns, rows, bom=bom))


def _pieces(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool) -> Iterator[bytes]:
    if bom:
        yield _BYTE_ORDER_MARK
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    chars = writer.writerow(map(mark, columns))
    width = len(columns)
    for row in rows:
        chars += writer.writerow(_inert(row, width))
        if chars >= _PIECE_CHARS:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
            chars = 0
    yield text.getvalue().encode()


def _inert(row: Sequence[Cell], width: int) -> list[str]:
    if len(row) != width:
        raise ValueError(f"a row has {len(row)} cells, the header {width}")
    return [mark(cell) if isinstance(cell, str) else cell_text(cell) for cell in row]
