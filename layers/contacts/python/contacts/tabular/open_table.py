"""The way into the readers: a file of any kind becomes a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from contacts.domain.table import Table, TableLimits
from contacts.tabular.bounded_source import BoundedSource
from contacts.tabular.compound_file import rejection_of_compound_file
from contacts.tabular.csv_table import CsvTable
from contacts.tabular.file_type import HEAD_BYTES, Content, detect_content
from contacts.tabular.json_table import JsonTable
from contacts.tabular.xlsx_table import XlsxTable

_DEFAULT_LIMITS = TableLimits()


def open_table(
    source: BinaryIO,
    *,
    size: int,
    file_name: str,
    file_type: str | None,
    columns: Sequence[str],
    sheet: str | None = None,
    limits: TableLimits = _DEFAULT_LIMITS,
) -> Table:
    """Opens a CSV, XLSX or JSON file of `size` bytes, up to its header.

    Args:
        source: the file's bytes; only `read(n)` is used, once, from front to back. CSV and JSON are read as a stream,
            XLSX from a temporary copy on disk (in TMPDIR).
        size: of the whole file, in bytes.
        file_name: its ending counts where neither `file_type` nor the content tells what it is.
        file_type: csv, tsv, xlsx, json, jsonl or ndjson, or None to detect it.
        columns: the columns that the mapping uses; blanks around a name don't count, as in the file. They become the
            first columns of a JSON file, and help to tell the delimiter of a CSV file.
        sheet: the worksheet's name; without it, the first visible one is read. Of no meaning for CSV and JSON.

    Raises:
        FileRejected: the file can't be imported; the codes are listed in `contacts.tabular`.
        IncompleteSource: the stream ended early.
    """
    bounded = BoundedSource(source, size=size, max_bytes=limits.max_bytes)
    columns = [name.strip() for name in columns]
    match detect_content(bounded.peek(HEAD_BYTES), file_name=file_name, file_type=file_type):
        case Content.CSV:
            return CsvTable(bounded, columns=columns, limits=limits)
        case Content.JSON:
            return JsonTable(bounded, columns=columns, limits=limits)
        case Content.XLSX:
            return XlsxTable(bounded, columns=columns, sheet=sheet, limits=limits)
        case Content.COMPOUND:
            raise rejection_of_compound_file(bounded)
