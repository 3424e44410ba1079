"""JSON as a table: an array of objects or JSON Lines, read as a stream at constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final, Literal

from contacts.domain.errors import FileRejected
from contacts.domain.table import TableLimits
from contacts.tabular.bounded_source import BoundedSource
from contacts.tabular.json_objects import JsonObjects
from contacts.tabular.json_values import BadJsonValue, flatten
from contacts.tabular.text_blocks import TextBlocks

_ROWS_SAMPLED: Final = 100


class JsonTable:
    """A JSON file opened for reading; see `contacts.domain.table.Table`.

    The header is the mapped `columns` and whatever else the first object has; a key that an object lacks is "". Blanks
    around a key or a mapped name don't count. Every object is a row, an empty one, too, so that row numbers are
    positions in the file.

    Raises:
        FileRejected: on opening and while reading; messages give the row, counted from 1.
    """

    file_type: Literal["json"] = "json"

    def __init__(self, source: BoundedSource, *, columns: Sequence[str], limits: TableLimits) -> None:
        self._limits = limits
        self._started = False
        self._asked = frozenset(columns)
        records = iter(JsonObjects(iter(TextBlocks(source, windows_1252=False))))
        sample = list(islice(records, _ROWS_SAMPLED))
        self.header = self._header(sample, columns)
        #: Keys that name their cells as they are; an object with others is read a little slower.
        self._plain_keys = {key for record in sample for key in record if key == key.strip()}.union(self.header)
        self._records = chain(sample, records)

    def rows(self) -> Iterator[list[str]]:
        if self._started:
            raise RuntimeError("the rows of a table can be read once only")
        self._started = True
        return self._rows()

    def _rows(self) -> Iterator[list[str]]:
        for number, record in enumerate(self._records, start=1):
            if number > self._limits.max_rows:
                raise FileRejected(
                    f"The file has more than {self._limits.max_rows:,} rows.", code="TOO_MANY_ROWS", field="max_rows"
                )
            yield self._row(record, number)

    def _row(self, record: dict[str, object], number: int) -> list[str]:
        is_flat = record.keys() <= self._plain_keys and set(map(type, record.values())) == {str}
        cells = record if is_flat else self._flat(record, number)
        row: list[str] = [cells.get(name, "") for name in self.header]  # type: ignore[misc]  # text, as just checked
        if row and max(map(len, row)) > self._limits.max_cell_chars:
            raise FileRejected(
                f"Row {number} has a value of more than {self._limits.max_cell_chars:,} characters.",
                code="FILE_CELL_TOO_LONG",
                field="max_cell_chars",
            )
        return row

    def _flat(self, record: dict[str, object], number: int) -> dict[str, str]:
        try:
            return flatten(record, self._asked)
        except BadJsonValue as error:
            raise FileRejected(f"Row {number}: {error.message}", code=error.code, field=error.field) from None

    def _header(self, sample: list[dict[str, object]], columns: Sequence[str]) -> tuple[str, ...]:
        first = self._flat(sample[0], 1) if sample else {}
        if len(sample) == 1 and not self._asked.intersection(first) and _wraps_an_array(sample[0]):
            raise FileRejected(
                "The file is one object around an array. It must be the array of contacts, or one object a line.",
                code="FILE_NOT_JSON",
            )
        header = tuple(dict.fromkeys((*columns, *first)))
        if len(header) > self._limits.max_columns:
            raise FileRejected(
                f"The objects have more than {self._limits.max_columns:,} keys.",
                code="FILE_TOO_MANY_COLUMNS",
                field="max_columns",
            )
        return header


def _wraps_an_array(record: dict[str, object]) -> bool:
    return any(isinstance(value, list) and value and isinstance(value[0], dict) for value in record.values())
