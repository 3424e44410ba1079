"""The lists a finished import leaves: every row's outcome, and the rows in error, in the file's order.

Parts end in any order and hold rows from all over the file. Outcomes are therefore sorted on disk (40 MB for a
million), errors are in another file there with an index of where each one starts.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

import orjson

from contacts.domain.column_mapping import FAILURE_COLUMNS, OVERFLOW_COLUMN
from contacts.domain.contact import ID_CHARS
from contacts.domain.formula_marks import mark
from contacts.domain.import_job import ImportJob, StagedFile
from contacts.domain.object_keys import errors_csv_key, errors_key, results_csv_key, staged_errors_key
from contacts.domain.rows import Outcome, RowError
from contacts.ports import FileStore
from contacts.usecases.error_lines import without_cells
from contacts.usecases.import_parts import load_part_record
from contacts.usecases.row_lists import LinesByRow, csv_lines

#: What is stored of an outcome: contact id, and the number of what stands behind it in the list.
_PLACE = ID_CHARS + 1
#: Rows are sorted by ranges, of which one at a time is in memory when they are read.
_RANGE_ROWS = 1 << 11
#: Enough for a row's number in its range.
_ROW_BYTES = 2
#: A range's outcomes wait for so many bytes of them to be written. A file of a million rows has 489 ranges.
_WAITING_BYTES = 1 << 12


class OutcomeTable:
    """Every row's outcome, set in any order, read in the order of the rows.

    Args:
        rows: how many there are.
        file: an empty file on disk: memory hardly grows with the rows.
    """

    def __init__(self, rows: int, file: IO[bytes]) -> None:
        self._rows = rows
        self._file = file
        #: Outcome and reason, numbered from 1: 0 is a row that was never set.
        self._ends: dict[tuple[str, str], int] = {}
        ranges = range(0, rows, _RANGE_ROWS)
        self._waiting = [bytearray() for _ in ranges]
        self._stored: list[list[tuple[int, int]]] = [[] for _ in ranges]

    def set(self, row: int, outcome: str, contact_id: str, reason: str) -> None:
        number, in_range = divmod(row - 1, _RANGE_ROWS)
        end = self._ends.setdefault((outcome, reason), len(self._ends) + 1)
        waiting = self._waiting[number]
        waiting += in_range.to_bytes(_ROW_BYTES) + contact_id.encode().ljust(ID_CHARS)
        waiting.append(end)
        if len(waiting) >= _WAITING_BYTES:
            self._stored[number].append((self._file.seek(0, os.SEEK_END), len(waiting)))
            self._file.write(waiting)
            waiting.clear()

    def csv(self) -> Iterator[bytes]:
        """The list of all rows, in their order, as CSV. A row that was never set is missing, and an error of ours.

        Raises:
            LookupError: a row has no outcome.
        """
        ends = [b"", *(csv_lines([end]) for end in self._ends)]
        yield csv_lines([("row", "contactId", "outcome", "reason")])
        for number in range(len(self._waiting)):
            first = number * _RANGE_ROWS
            places = self._places(number)
            lines = []
            for row in range(first + 1, min(first + _RANGE_ROWS, self._rows) + 1):
                start = (row - 1 - first) * _PLACE
                end = places[start + ID_CHARS]
                if not end:
                    raise LookupError(f"row {row} has no outcome")
                lines.append(b"%d,%b,%b" % (row, places[start : start + ID_CHARS].rstrip(), ends[end]))
            yield b"".join(lines)

    def _places(self, number: int) -> bytes:
        """What is stored of a range's rows, in their order; zeros where there is nothing."""
        places = bytearray(_RANGE_ROWS * _PLACE)
        for block in (*self._blocks(number), self._waiting[number]):
            for start in range(0, len(block), _ROW_BYTES + _PLACE):
                place = int.from_bytes(block[start : start + _ROW_BYTES]) * _PLACE
                places[place : place + _PLACE] = block[start + _ROW_BYTES : start + _ROW_BYTES + _PLACE]
        return bytes(places)

    def _blocks(self, number: int) -> Iterator[bytes]:
        for start, size in self._stored[number]:
            self._file.seek(start)
            yield self._file.read(size)


class ErrorLines:
    """Rows in error as JSON lines, and how many cells the widest of them has."""

    def __init__(self, lines: LinesByRow) -> None:
        self._lines = lines
        self.widest = 0

    def add(self, error: RowError) -> None:
        self._lines.add(error.row, orjson.dumps(error.to_record()))
        self.widest = max(self.widest, len(error.cells))

    def lines(self) -> Iterator[bytes]:
        return self._lines.lines()


class WriteImportResults:
    """Gathers what staging and the parts left, and stores the three lists. The same again gives the same lists."""

    def __init__(self, *, files: FileStore) -> None:
        self._files = files

    def __call__(self, job: ImportJob, staged: StagedFile, parts: Iterable[int]) -> None:
        with (
            tempfile.TemporaryFile(prefix="errors-") as errors_file,
            tempfile.TemporaryFile(prefix="outcomes-") as outcomes_file,
        ):
            errors = ErrorLines(LinesByRow(staged.total_rows, errors_file))
            outcomes = OutcomeTable(staged.total_rows, outcomes_file)
            for error in self._staged_errors(job):
                errors.add(error)
                outcomes.set(error.row, Outcome.ERROR.value, "", error.code)
            for part in parts:
                record = load_part_record(self._files, job, part)
                for row, outcome, contact_id, reason, _ in record["outcomes"]:
                    outcomes.set(row, outcome, contact_id, reason)
                for error_record in record["errors"]:
                    errors.add(RowError.from_record(error_record))
            self._files.put_stream(errors_key(job.tenant, job.id), map(without_cells, errors.lines()))
            self._files.put_stream(errors_csv_key(job.tenant, job.id), _errors_csv(staged, errors))
            self._files.put_stream(results_csv_key(job.tenant, job.id), outcomes.csv())

    def _staged_errors(self, job: ImportJob) -> Iterator[RowError]:
        with self._files.open(staged_errors_key(job.tenant, job.id)) as stream:
            rest = b""
            while chunk := stream.read(1 << 20):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (RowError.from_record(orjson.loads(line)) for line in lines)


def _errors_csv(staged: StagedFile, errors: ErrorLines) -> Iterator[bytes]:
    """The failed rows in the file's own columns, marked whatever the file was: people open the list in a spreadsheet.

    An import of the list takes the marks off, also where its options say to keep those of other files.
    """
    header = staged.header
    # Ragged rows can be wider than the header.
    width = max(len(header), errors.widest)
    yield csv_lines([[*map(mark, header), *[OVERFLOW_COLUMN] * (width - len(header)), *FAILURE_COLUMNS]])
    for line in errors.lines():
        error = RowError.from_record(orjson.loads(line))
        padding = [""] * (width - len(error.cells))
        yield csv_lines([[*map(mark, error.cells), *padding, str(error.row), error.code, error.error]])
