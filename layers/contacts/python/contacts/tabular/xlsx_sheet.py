"""The cells of one worksheet, row by row, as text; the workbook's hot loop."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from contacts.domain.errors import FileRejected
from contacts.domain.table import TableLimits
from contacts.tabular.text_blocks import MAX_ROW_CHARS
from contacts.tabular.xlsx_escapes import unescape
from contacts.tabular.xlsx_numbers import DateStyle, date_text, number_text
from contacts.tabular.xlsx_package import PartReader, broken_workbook
from contacts.tabular.xlsx_shared_strings import SharedStrings
from contacts.tabular.xlsx_xml import MAX_DEPTH, PartParser, unsafe_xml

# The namespaces of Transitional and of Strict SpreadsheetML.
_NAMESPACES: Final = frozenset(
    {
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
    }
)
_EXCEL_MAX_ROWS: Final = 1_048_576
_DIGITS: Final = "0123456789"
_BOOLEANS: Final = {"1": "true", "0": "false"}


@lru_cache(maxsize=4096)
def column_index(letters: str) -> int:
    """0 for A, 26 for AA; -1 for what is no column's name."""
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return -1
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1


class SheetCells:
    """The rows of a sheet that hold anything, as lists that end with the last cell that does.

    Attributes:
        rows_given: rows given so far.
        uncalculated_columns: columns in which a formula's result is missing from the file, as far as it was parsed.

    Raises:
        FileRejected: what `PartParser` does; TOO_MANY_ROWS, FILE_TOO_MANY_COLUMNS, FILE_CELL_TOO_LONG,
            FILE_ROW_TOO_LONG. Messages name rows as Excel numbers them, since data rows are only known to be such once
            the header is found.
    """

    def __init__(
        self,
        reader: PartReader,
        *,
        strings: SharedStrings,
        cell_styles: dict[str, DateStyle | None],
        epoch_1904: bool,
        limits: TableLimits,
    ) -> None:
        self.rows_given = 0
        self.uncalculated_columns: set[int] = set()
        self._strings = strings
        self._cell_styles = cell_styles
        self._epoch_1904 = epoch_1904
        self._limits = limits
        self._parsing = PartParser(reader)
        self._parsing.parser.StartElementHandler = self._start_root
        self._row_tag = self._cell_tag = self._value_tag = self._text_tag = ""
        self._rows: list[list[str]] = []
        self._row: list[str] | None = None
        self._row_chars = 0
        self._rows_seen = 0
        self._row_name = ""
        self._cell: dict[str, str] | None = None
        self._next_column = 0
        self._text: list[str] = []
        self._in_text = False
        self._in_phonetic = False
        self._has_formula = False
        self._value = ""
        self._other_depth = 0

    @property
    def bytes_read(self) -> int:
        """Of the sheet's XML, so far."""
        return self._parsing.bytes_read

    def __iter__(self) -> Iterator[list[str]]:
        while self._parsing.advance():
            self._check_text()
            rows, self._rows = self._rows, []
            for row in rows:
                self.rows_given += 1
                yield row
        yield from self._rows

    def _start_root(self, name: str, attributes: dict[str, str]) -> None:
        prefix, _, local = name.rpartition(":")
        namespace = attributes.get(f"xmlns:{prefix}" if prefix else "xmlns")
        if local != "worksheet" or namespace not in _NAMESPACES:
            raise broken_workbook("the sheet is not a worksheet.")
        self._row_tag, self._cell_tag, self._value_tag, self._text_tag = (
            f"{prefix}:{tag}" if prefix else tag for tag in ("row", "c", "v", "t")
        )
        parser = self._parsing.parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._cell_tag:
            if self._row is None or self._cell is not None:
                raise broken_workbook("a cell stands where none can be.")
            self._cell = attributes
            self._value = ""
            self._has_formula = False
        elif name in (self._value_tag, self._text_tag):
            if self._in_text:
                raise broken_workbook("a value stands within a value.")
            self._text.clear()
            self._in_text = True
        elif name == self._row_tag:
            self._start_row(attributes)
        else:
            self._start_other(name)

    def _start_row(self, attributes: dict[str, str]) -> None:
        if self._row is not None:
            raise broken_workbook("a row stands within a row.")
        self._row = []
        self._row_chars = 0
        self._next_column = 0
        self._rows_seen += 1
        number = attributes.get("r", "")
        self._row_name = number if number.isdigit() and len(number) <= 7 else str(self._rows_seen)
        if self._rows_seen > max(_EXCEL_MAX_ROWS, self._limits.max_rows + 1):
            raise FileRejected(
                f"The sheet has more than {self._limits.max_rows:,} rows.", code="TOO_MANY_ROWS", field="max_rows"
            )

    def _start_other(self, name: str) -> None:
        self._other_depth += 1
        if self._other_depth > MAX_DEPTH:
            raise unsafe_xml(f"nests more than {MAX_DEPTH} levels.")
        local = name.rpartition(":")[2]
        if local == "f":
            self._has_formula = True
        elif local == "rPh":
            self._in_phonetic = True

    def _end(self, name: str) -> None:
        if name in (self._value_tag, self._text_tag):
            self._in_text = False
            if not self._in_phonetic:
                self._value += "".join(self._text)
        elif name == self._cell_tag:
            self._end_cell()
        elif name == self._row_tag:
            if self._row:
                self._rows.append(self._row)
            self._row = None
        else:
            self._other_depth -= 1
            if name.rpartition(":")[2] == "rPh":
                self._in_phonetic = False

    def _end_cell(self) -> None:
        cell, row = self._cell, self._row
        if cell is None or row is None:
            return
        self._cell = None
        reference = cell.get("r")
        column = column_index(reference.rstrip(_DIGITS)) if reference else self._next_column
        self._next_column = column + 1
        value = self._value
        if not value:
            if self._has_formula and cell.get("t") != "str":
                self.uncalculated_columns.add(column)
            return
        kind = cell.get("t")
        if kind == "s":
            if not (value.isascii() and value.isdigit()):
                raise self._broken_row("a cell names a text that isn't there.")
            value = self._strings[int(value[:9])]
        elif kind is None or kind == "n":
            value = self._number(value, cell.get("s"))
        else:
            value = _BOOLEANS.get(value, value) if kind == "b" else unescape(value)
        if value:
            self._place(value, column, row)

    def _number(self, value: str, style: str | None) -> str:
        styles = self._cell_styles
        if style is not None and styles and style not in styles:
            # It may have been a date's, whose number alone would be taken for something else.
            raise self._broken_row("a cell names a style that isn't there.")
        date_style = styles.get(style) if style is not None else None
        if date_style is None:
            return number_text(value.strip())
        return date_text(value.strip(), date_style, epoch_1904=self._epoch_1904)

    def _place(self, value: str, column: int, row: list[str]) -> None:
        if column == len(row):
            row.append(value)
        elif column > len(row):
            row.extend([""] * (column - len(row)))
            row.append(value)
        elif column < 0 or row[column]:
            raise self._broken_row("a cell has no place, or one that is taken.")
        else:
            row[column] = value
        if column >= self._limits.max_columns:
            raise FileRejected(
                f"Row {self._row_name} of the sheet reaches beyond {self._limits.max_columns:,} columns.",
                code="FILE_TOO_MANY_COLUMNS",
                field="max_columns",
            )
        if len(value) > self._limits.max_cell_chars:
            raise self._cell_too_long()
        # A thousand cells can name one long text: a row of 500 MB takes a file of 4 KB.
        self._row_chars += len(value)
        if self._row_chars > MAX_ROW_CHARS:
            raise FileRejected(
                f"Row {self._row_name} of the sheet is longer than {MAX_ROW_CHARS:,} characters.",
                code="FILE_ROW_TOO_LONG",
            )

    def _check_text(self) -> None:
        """Between blocks: lets go of what is no cell's text, and refuses a text that goes on and on."""
        if not self._in_text:
            self._text.clear()
        # An escape of one character has seven.
        if sum(map(len, self._text)) + len(self._value) > 8 * self._limits.max_cell_chars:
            raise self._cell_too_long()

    def _cell_too_long(self) -> FileRejected:
        return FileRejected(
            f"Row {self._row_name} of the sheet has a cell of more than {self._limits.max_cell_chars:,} characters.",
            code="FILE_CELL_TOO_LONG",
            field="max_cell_chars",
        )

    def _broken_row(self, reason: str) -> FileRejected:
        return broken_workbook(f"in row {self._row_name}, {reason}")
