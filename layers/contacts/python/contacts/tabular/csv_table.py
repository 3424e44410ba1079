"""CSV as a table: read as a stream at constant memory, every cell as it stands in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, Literal

from contacts.domain.column_mapping import FAILURE_COLUMNS, own_columns
from contacts.domain.errors import FileRejected
from contacts.domain.table import TableLimits
from contacts.tabular.bounded_source import BoundedSource
from contacts.tabular.csv_delimiter import detect_delimiter, separator_line
from contacts.tabular.text_blocks import MAX_ROW_CHARS, TextBlocks

SAMPLE_CHARS: Final = 1 << 16


class CsvTable:
    """A CSV file opened for reading; see `contacts.domain.table.Table`.

    Lines end with CRLF, LF or CR. Lines of nothing, of blanks or of delimiters alone are passed over.

    Raises:
        FileRejected: on opening and while reading; messages give the data row, counted from 1, and the line.
    """

    file_type: Literal["csv"] = "csv"

    def __init__(self, source: BoundedSource, *, columns: Sequence[str], limits: TableLimits) -> None:
        # The module's limit is one for the whole process, so it is only ever raised; the exact one is checked here.
        csv.field_size_limit(max(csv.field_size_limit(), limits.max_cell_chars))
        self._limits = limits
        self._records_read = 0
        self._rows_read = 0
        self._line = 0
        self._has_nul = False
        self._started = False
        self._in_header = True

        blocks = iter(TextBlocks(source, windows_1252=True))
        sample, at_end = _sample(blocks)
        named = separator_line(sample)
        self._lines_before = 1 if named else 0
        text = sample[named[1] :] if named else sample
        delimiter = named[0] if named else detect_delimiter(_whole_lines(text, at_end=at_end), columns)
        lines = chain.from_iterable(self._lines(filter(None, chain((text,), blocks))))
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._columns = columns
        self.header = self._read_header()

    def rows(self) -> Iterator[list[str]]:
        if self._started:
            raise RuntimeError("the rows of a table can be read once only")
        self._started = True
        return self._rows()

    def _rows(self) -> Iterator[list[str]]:
        limits = self._limits
        for row in self._filled_records():
            self._rows_read += 1
            if self._rows_read > limits.max_rows:
                raise FileRejected(
                    f"The file has more than {limits.max_rows:,} rows.", code="TOO_MANY_ROWS", field="max_rows"
                )
            yield row

    def _read_header(self) -> tuple[str, ...]:
        for record in self._filled_records():
            self._in_header = False
            return tuple(name.strip() for name in record)
        raise FileRejected("The file is empty: it has no header row.", code="FILE_EMPTY")

    def _filled_records(self) -> Iterator[list[str]]:
        """Records with at least one cell that is not empty, checked."""
        max_chars, max_columns = self._limits.max_cell_chars, self._limits.max_columns
        reader = self._reader
        try:
            for record in reader:
                self._records_read += 1
                if not any(record) or (len(record) == 1 and not record[0].strip()):
                    self._line = reader.line_num
                    continue
                if len(record) > max_columns and self._is_too_wide(record):
                    raise FileRejected(
                        f"{self._place()} has more than {max_columns:,} columns.",
                        code="FILE_TOO_MANY_COLUMNS",
                        field="max_columns",
                    )
                if max(map(len, record)) > max_chars:
                    raise self._cell_too_long()
                if self._has_nul and any("\0" in cell for cell in record):
                    raise FileRejected(f"{self._place()} has a NUL character.", code="FILE_NUL_CHARACTER")
                self._line = reader.line_num
                yield record
        except csv.Error as error:
            # The module's message holds no cell, but the traceback's frames do.
            raise self._broken_record(str(error)) from None

    def _is_too_wide(self, record: list[str]) -> bool:
        """Of a record with more cells than columns are allowed: a list of failed rows has columns of ours on top."""
        if not self._in_header:
            return len(record) != len(self.header)
        _, own_width = own_columns([name.strip() for name in record], self._columns)
        return own_width is None or len(record) - len(FAILURE_COLUMNS) > self._limits.max_columns

    def _lines(self, blocks: Iterator[str]) -> Iterator[list[str]]:
        """The physical lines with their ends, a block's worth at a time; refuses a record that never ends."""
        tail = ""
        waiting, records_before = 0, 0
        for block in blocks:
            if self._records_read != records_before:
                waiting, records_before = 0, self._records_read
            waiting += len(block)
            if waiting > MAX_ROW_CHARS:
                raise FileRejected(
                    f"{self._place()} is longer than {MAX_ROW_CHARS:,} characters.", code="FILE_ROW_TOO_LONG"
                )
            self._has_nul = self._has_nul or "\0" in block
            lines = io.StringIO(tail + block, newline="").readlines()
            # A CR at the end may be half of a CRLF.
            tail = "" if lines[-1].endswith("\n") else lines.pop()
            yield lines
        if tail:
            yield [tail]

    def _place(self) -> str:
        """Where the record stands that is being read, in the words of a message."""
        line = self._lines_before + self._line + 1
        return f"The header (line {line})" if self._in_header else f"Row {self._rows_read + 1} (line {line})"

    def _cell_too_long(self) -> FileRejected:
        return FileRejected(
            f"{self._place()} has a cell of more than {self._limits.max_cell_chars:,} characters.",
            code="FILE_CELL_TOO_LONG",
            field="max_cell_chars",
        )

    def _broken_record(self, reason: str) -> FileRejected:
        over_lines = self._reader.line_num > self._line + 1
        if "field larger" in reason and not over_lines:
            return self._cell_too_long()
        if "expected after" in reason and not over_lines:
            return FileRejected(
                f"{self._place()}: text follows a closing quotation mark. A quotation mark within a cell is doubled.",
                code="FILE_STRAY_QUOTE",
            )
        return FileRejected(
            f"{self._place()}: a cell opens with a quotation mark that is not closed.", code="FILE_UNTERMINATED_QUOTE"
        )


def _sample(blocks: Iterator[str]) -> tuple[str, bool]:
    """The first characters of the file, and whether they are all of it."""
    sample = ""
    for block in blocks:
        sample += block
        if len(sample) >= SAMPLE_CHARS:
            return sample, False
    return sample, True


def _whole_lines(sample: str, *, at_end: bool) -> str:
    cut = max(sample.rfind("\n"), sample.rfind("\r")) + 1
    return sample if at_end or not cut else sample[:cut]
