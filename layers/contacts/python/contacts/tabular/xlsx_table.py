"""A worksheet as a table: spooled to disk, parsed as a stream, at constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Literal

from contacts.domain.errors import FileRejected
from contacts.domain.table import TableLimits
from contacts.tabular.bounded_source import BoundedSource
from contacts.tabular.xlsx_long_values import join_long_values
from contacts.tabular.xlsx_package import WorkbookPackage
from contacts.tabular.xlsx_shared_strings import SharedStrings
from contacts.tabular.xlsx_sheet import SheetCells
from contacts.tabular.xlsx_workbook import Sheet, read_cell_styles, read_workbook


class XlsxTable:
    """A worksheet opened for reading; see `contacts.domain.table.Table`.

    The header is the first row that holds anything. Rows are filled up to its width; one that reaches beyond it is
    passed on as it is, unless the cells beyond are the rest of long values (`xlsx_long_values`). The temporary files go
    when `rows()` has ended, however it ends, or with `close()`.

    Where the sheet right behind is visible, is named "<name of the sheet> 2" and has the same header, its rows are read
    on, and so on with 3, 4 ... (`Workbook.continuations`). No other sheet is looked at.

    Raises:
        FileRejected: on opening and while reading.
    """

    file_type: Literal["xlsx"] = "xlsx"

    def __init__(
        self, source: BoundedSource, *, columns: Sequence[str], sheet: str | None, limits: TableLimits
    ) -> None:
        self._limits = limits
        self._started = False
        with ExitStack() as opened:
            self._package = package = WorkbookPackage(source, limits)
            opened.callback(package.close)
            self._workbook = workbook = read_workbook(package)
            first_sheet = workbook.sheet(sheet)
            self._further_sheets = workbook.continuations(first_sheet)
            shared = workbook.shared_strings
            # A workbook without texts may lack the part; a cell that names one of its texts is then refused.
            reader = package.open(shared) if shared is not None and shared in package else None
            self._strings = SharedStrings(reader, max_cell_chars=limits.max_cell_chars)
            opened.callback(self._strings.close)
            self._cell_styles = read_cell_styles(package, workbook.styles)
            self._bytes_read = 0
            self._cells = self._open_sheet(first_sheet)
            self._rows_left = iter(self._cells)
            first = next(self._rows_left, None)
            if first is None:
                raise FileRejected("The sheet is empty: it has no header row.", code="FILE_EMPTY")
            self.header = tuple(name.strip() for name in first)
            self._mapped = {index for index, name in enumerate(self.header) if name in columns}
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Lets go of the temporary files; for a table whose rows nobody reads."""
        self._opened.close()

    def rows(self) -> Iterator[list[str]]:
        if self._started:
            raise RuntimeError("the rows of a table can be read once only")
        self._started = True
        return self._rows()

    def _rows(self) -> Iterator[list[str]]:
        width = len(self.header)
        with self._opened:
            for number, row in enumerate(self._rows_of_all_sheets(), start=1):
                if number > self._limits.max_rows:
                    raise FileRejected(
                        f"The sheet has more than {self._limits.max_rows:,} rows.",
                        code="TOO_MANY_ROWS",
                        field="max_rows",
                    )
                if len(row) < width:
                    row.extend([""] * (width - len(row)))
                yield self._joined(row, number) if len(row) > width else row

    def _rows_of_all_sheets(self) -> Iterator[list[str]]:
        yield from self._rows_left
        self._refuse_uncalculated()
        for sheet in self._further_sheets:
            self._bytes_read += self._cells.bytes_read
            self._cells = self._open_sheet(sheet)
            rows = iter(self._cells)
            if tuple(name.strip() for name in next(rows, [])) != self.header:
                return
            yield from rows
            self._refuse_uncalculated()

    def _open_sheet(self, sheet: Sheet) -> SheetCells:
        return SheetCells(
            self._package.open(sheet.part, already_read=self._bytes_read),
            strings=self._strings,
            cell_styles=self._cell_styles,
            epoch_1904=self._workbook.epoch_1904,
            limits=self._limits,
        )

    def _joined(self, row: list[str], number: int) -> list[str]:
        row = join_long_values(self.header, row)
        if max(map(len, row)) > self._limits.max_cell_chars:
            raise FileRejected(
                f"Row {number} has a value of more than {self._limits.max_cell_chars:,} characters.",
                code="FILE_CELL_TOO_LONG",
                field="max_cell_chars",
            )
        return row

    def _refuse_uncalculated(self) -> None:
        missing = self._mapped & self._cells.uncalculated_columns
        if missing:
            raise FileRejected(
                "A formula in a mapped column has no result in the file. Open and save it in Excel or LibreOffice.",
                code="FILE_FORMULA_NOT_CALCULATED",
                field=self.header[min(missing)],
            )
