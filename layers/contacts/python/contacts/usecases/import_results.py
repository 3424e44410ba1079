"""The lists a finished import leaves: every row's outcome, and the rows in error, in the file's order.

Parts end in any order and hold rows from all over the file. Outcomes are therefore gathered in an array with a fixed
place for each row (about 40 MB for a million), errors in a file on disk with an index of where each one starts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence

import orjson

from contacts.domain.column_mapping import FAILURE_COLUMNS, OVERFLOW_COLUMN
from contacts.domain.contact import ID_CHARS
from contacts.domain.formula_marks import mark
from contacts.domain.import_job import ImportJob, StagedFile
from contacts.domain.object_keys import errors_csv_key, errors_key, results_csv_key, staged_errors_key
from contacts.domain.rows import Outcome, RowError, RowOutcome
from contacts.ports import FileStore
from contacts.usecases.import_parts import load_part_outcomes
from contacts.usecases.row_lists import LinesByRow, csv_lines

_OUTCOMES = tuple(Outcome)
#: An outcome's place: contact id, number of the outcome, number of the reason.
_PLACE = ID_CHARS + 2
_CHUNK_ROWS = 2_000


class OutcomeTable:
    """Every row's outcome, by row number, in a fixed number of bytes a row."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._places = bytearray(rows * _PLACE)
        self._reasons: dict[str, int] = {"": 0}

    def set(self, outcome: RowOutcome) -> None:
        start = (outcome.row - 1) * _PLACE
        reason = self._reasons.setdefault(outcome.reason, len(self._reasons))
        place = outcome.contact_id.encode().ljust(ID_CHARS) + bytes((_OUTCOMES.index(outcome.outcome) + 1, reason))
        self._places[start : start + _PLACE] = place

    def __iter__(self) -> Iterator[RowOutcome]:
        """Rows in order. A row that was never set is missing, and an error of ours.

        Raises:
            LookupError: a row has no outcome.
        """
        reasons = list(self._reasons)
        for row in range(1, self._rows + 1):
            place = self._places[(row - 1) * _PLACE : row * _PLACE]
            outcome, reason = place[ID_CHARS], place[ID_CHARS + 1]
            if not outcome:
                raise LookupError(f"row {row} has no outcome")
            yield RowOutcome(row, _OUTCOMES[outcome - 1], place[:ID_CHARS].decode().rstrip(), reasons[reason])


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
        outcomes = OutcomeTable(staged.total_rows)
        with tempfile.TemporaryFile(prefix="errors-") as file:
            errors = ErrorLines(LinesByRow(staged.total_rows, file))
            for error in self._staged_errors(job):
                errors.add(error)
                outcomes.set(RowOutcome(error.row, Outcome.ERROR, "", error.code))
            for part in parts:
                part_outcomes, part_errors = load_part_outcomes(self._files, job, part)
                for outcome in part_outcomes:
                    outcomes.set(outcome)
                for error in part_errors:
                    errors.add(error)
            self._files.put_stream(errors_key(job.tenant, job.id), errors.lines())
            self._files.put_stream(errors_csv_key(job.tenant, job.id), _errors_csv(staged, errors))
        self._files.put_stream(results_csv_key(job.tenant, job.id), _results_csv(outcomes))

    def _staged_errors(self, job: ImportJob) -> Iterator[RowError]:
        with self._files.open(staged_errors_key(job.tenant, job.id)) as stream:
            rest = b""
            while chunk := stream.read(1 << 20):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (RowError.from_record(orjson.loads(line)) for line in lines)


def _errors_csv(staged: StagedFile, errors: ErrorLines) -> Iterator[bytes]:
    header = staged.header
    # A CSV file's cells have their marks already; those of other formats get theirs, which the import takes off.
    as_csv = str if staged.file_type == "csv" else mark
    # Ragged rows can be wider than the header.
    width = max(len(header), errors.widest)
    yield csv_lines([[*header, *[OVERFLOW_COLUMN] * (width - len(header)), *FAILURE_COLUMNS]])
    for line in errors.lines():
        error = RowError.from_record(orjson.loads(line))
        padding = [""] * (width - len(error.cells))
        yield csv_lines([[*map(as_csv, error.cells), *padding, str(error.row), error.code, error.error]])


def _results_csv(outcomes: Iterable[RowOutcome]) -> Iterator[bytes]:
    yield csv_lines([["row", "contactId", "outcome", "reason"]])
    rows: list[Sequence[object]] = []
    for outcome in outcomes:
        rows.append((outcome.row, outcome.contact_id, outcome.outcome.value, outcome.reason))
        if len(rows) == _CHUNK_ROWS:
            yield csv_lines(rows)
            rows = []
    yield csv_lines(rows)
