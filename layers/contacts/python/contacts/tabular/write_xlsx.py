"""An Excel workbook as a stream of bytes.

Written by hand: of the libraries, those in Python are several times too slow (openpyxl, XlsxWriter) or hold the sheet
in memory (PyExcelerate), and the quick one (rustpy-xlsxwriter) gives no byte before it has the whole workbook on disk.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Final, cast

from contacts.tabular import xlsx_parts
from contacts.tabular.byte_chunks import in_chunks
from contacts.tabular.cell_text import Cell, cell_text
from contacts.tabular.xlsx_row_xml import RowXml
from contacts.tabular.xlsx_sheet_names import SHEET_NAME, continuation_name

#: One Excel sheet has 1,048,576 rows; the header is one of them.
MAX_ROWS_A_SHEET: Final = 1_048_575
#: Of a sheet's XML. From 2 GiB on, the archive would need the ZIP64 format for the part, which Excel can't read when
#: the archive was written as a stream.
MAX_SHEET_BYTES: Final = 1 << 30
MAX_COLUMNS: Final = 16_384

_BLOCK_CHARS: Final = 1 << 18
# Little is gained beyond (4 % in size for 60 % more time).
_COMPRESSION_LEVEL: Final = 5
_ROWS_MEASURED: Final = 100
_NARROWEST, _WIDEST, _PADDING = 10, 60, 2


def write_xlsx(
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    max_rows_a_sheet: int = MAX_ROWS_A_SHEET,
    max_sheet_bytes: int = MAX_SHEET_BYTES,
) -> Iterator[bytes]:
    """The header and the rows, in chunks of about `byte_chunks.CHUNK_BYTES`, at constant memory.

    Texts are text cells, so that no formula runs and no zero is lost; numbers up to 15 digits and booleans are typed.
    What XML can't hold is escaped (`xlsx_escapes`), what Excel can't hold in one cell goes on beyond the header
    (`xlsx_long_values`), and what a sheet can't hold goes on in the next, with the header again: "Contacts",
    "Contacts 2" and so on. Our import undoes all three. A row whose cells are all empty is an empty row, which it
    passes over. The same rows give the same bytes.

    Raises:
        ValueError: columns without a name, with the same name, or too many; a row is not as wide as `columns`; a number
            is NaN or infinite.
        UnicodeEncodeError: half of a surrogate pair, which no contact can have.
    """
    names = {name.strip() for name in columns}
    if len(columns) > MAX_COLUMNS or len(names) < len(columns) or not all(names):
        raise ValueError(f"a workbook needs different names for its columns, and has {MAX_COLUMNS:,} at most")
    return in_chunks(_archive(columns, iter(rows), max_rows_a_sheet, max_sheet_bytes))


def _archive(columns: Sequence[str], rows: Iterator[Sequence[Cell]], max_rows: int, max_bytes: int) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL) as archive:
        _write_part(archive, "[Content_Types].xml", xlsx_parts.CONTENT_TYPES)
        _write_part(archive, "_rels/.rels", xlsx_parts.ROOT_RELATIONS)
        _write_part(archive, "xl/styles.xml", xlsx_parts.STYLES)
        xml = RowXml(columns)
        first = list(islice(rows, _ROWS_MEASURED))
        widths = _widths(columns, first)
        names: list[str] = []
        waiting = list(first)
        while waiting or not names:
            names.append(continuation_name(SHEET_NAME, len(names) + 1))
            rows = chain(waiting, rows)
            with archive.open(xlsx_parts.sheet_part(len(names)), "w") as part:
                part.write((xlsx_parts.sheet_start(len(names), widths) + xml.header()).encode())
                for block in _blocks(xml, islice(rows, max_rows), max_bytes):
                    part.write(block)
                    yield sink.take()
                part.write(xlsx_parts.SHEET_END.encode())
            waiting = list(islice(rows, 1))
        _write_part(archive, "xl/workbook.xml", xlsx_parts.workbook(names))
        _write_part(archive, "xl/_rels/workbook.xml.rels", xlsx_parts.workbook_relations(len(names)))
    yield sink.take()


def _blocks(xml: RowXml, rows: Iterator[Sequence[Cell]], max_bytes: int) -> Iterator[bytes]:
    """The XML of the rows until they end or it is larger than `max_bytes`; takes no row that it does not write."""
    pending: list[str] = []
    chars = written = 0
    for number, row in enumerate(rows, start=2):
        pending.append(xml.row(number, row))
        chars += len(pending[-1])
        if chars >= min(_BLOCK_CHARS, max_bytes - written):
            block = "".join(pending).encode()
            yield block
            written += len(block)
            pending.clear()
            chars = 0
            if written >= max_bytes:
                return
    yield "".join(pending).encode()


def _widths(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """What shows the header and the first rows, in characters, within reason."""
    return [
        min(max(_NARROWEST, _PADDING + max(len(cell_text(cell)) for cell in (name, *cells))), _WIDEST)
        for name, *cells in zip(columns, *rows, strict=False)  # how wide rows are is judged on writing
    ]


def _write_part(archive: zipfile.ZipFile, name: str, xml: str) -> None:
    # Unlike writestr, open leaves the clock out of the archive.
    with archive.open(name, "w") as part:
        part.write(xml.encode())


class _Sink:
    """A file that can't seek, from which what was written is taken away."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back; zipfile asks for it."""

    def take(self) -> bytes:
        taken = b"".join(self._written)
        self._written.clear()
        return taken
