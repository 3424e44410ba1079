"""A worksheet as a table: spooled to disk, parsed as a stream, at constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final, Literal

from contacts.domain.errors import FileRejected
from contacts.domain.table import TableLimits
from contacts.tabular.bounded_source import BoundedSource
from contacts.tabular.xlsx_package import WorkbookPackage
from contacts.tabular.xlsx_shared_strings import SharedStrings
from contacts.tabular.xlsx_sheet import SheetCells
from contacts.tabular.xlsx_workbook import read_cell_styles, read_workbook

_DIMENSION: Final = re.compile(r"\$?[A-Z]{1,3}\$?([0-9]{1,7}):\$?[A-Z]{1,3}\$?([0-9]{1,7})", re.ASCII)
# The least XML that a row with a value takes, and about what one with a handful of cells takes.
_LEAST_BYTES_A_ROW: Final = 24
_USUAL_BYTES_A_ROW: Final = 250


class XlsxTable:
    """A worksheet opened for reading; see `contacts.domain.table.Table`.

    The header is the first row that holds anything. Rows are filled up to its width; one that reaches beyond it is
    passed on as it is. The temporary files go when `rows()` has ended, however it ends, or with `close()`.

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
            package = WorkbookPackage(source, limits)
            opened.callback(package.close)
            workbook = read_workbook(package)
            part = workbook.sheet(sheet).part
            shared = workbook.shared_strings
            # A workbook without texts may lack the part; a cell that names one of its texts is then refused.
            reader = package.open(shared) if shared is not None and shared in package else None
            strings = SharedStrings(reader, max_cell_chars=limits.max_cell_chars)
            opened.callback(strings.close)
            self._cells = SheetCells(
                package.open(part),
                strings=strings,
                cell_styles=read_cell_styles(package, workbook.styles),
                epoch_1904=workbook.epoch_1904,
                limits=limits,
            )
            self._rows_left = iter(self._cells)
            first = next(self._rows_left, None)
            if first is None:
                raise FileRejected("The sheet is empty: it has no header row.", code="FILE_EMPTY")
            self.header = tuple(name.strip() for name in first)
            self.estimated_rows = self._estimate_rows(package.declared_size(part))
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
            for number, row in enumerate(self._rows_left, start=1):
                if number > self._limits.max_rows:
                    raise FileRejected(
                        f"The sheet has more than {self._limits.max_rows:,} rows.",
                        code="TOO_MANY_ROWS",
                        field="max_rows",
                    )
                if len(row) < width:
                    row.extend([""] * (width - len(row)))
                yield row
            self._refuse_uncalculated()

    def _refuse_uncalculated(self) -> None:
        missing = self._mapped & self._cells.uncalculated_columns
        if missing:
            raise FileRejected(
                "A formula in a mapped column has no result in the file. Open and save it in Excel or LibreOffice.",
                code="FILE_FORMULA_NOT_CALCULATED",
                field=self.header[min(missing)],
            )

    def _estimate_rows(self, sheet_bytes: int) -> int:
        """By the range that the sheet declares, where it is possible; else by the sheet's size."""
        found = _DIMENSION.fullmatch(self._cells.dimension)
        declared = int(found[2]) - int(found[1]) if found else 0
        if not 0 < declared <= sheet_bytes // _LEAST_BYTES_A_ROW:
            declared = sheet_bytes // _USUAL_BYTES_A_ROW
        return max(1, min(declared, self._limits.max_rows))
