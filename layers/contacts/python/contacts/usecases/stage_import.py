"""Stage an import: read the uploaded file once, check every row, and lay the valid ones out in parts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from math import ceil
from pathlib import Path
from typing import BinaryIO, Protocol

import orjson

from contacts.domain.column_mapping import Layout, lay_out
from contacts.domain.contact_ids import route_of_id
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import FileRejected
from contacts.domain.import_job import FileError, ImportJob, ImportStatus, RowCounts, StagedFile
from contacts.domain.object_keys import manifest_key, staged_errors_key, staged_part_key
from contacts.domain.row_reading import PhoneCheck, row_reader
from contacts.domain.rows import RowError, StagedRow
from contacts.domain.table import Table, TableLimits
from contacts.ports import Clock, ContactStore, FileInfo, FileStore, JobStore, SegmentStore
from contacts.usecases.import_parts import import_segment
from contacts.usecases.part_spill import PartSpill

#: Rows that a part should have: forty batches of 25, written well within a worker's time.
ROWS_PER_PART = 1_000
#: Bytes of the file that a part should have at most: where rows are wide, a thousand would not fit into a worker.
BYTES_PER_PART = 4 * 1024 * 1024
#: Parts stored at the same time; S3 answers in some 20 ms, so this hides most of the waiting.
_STORING_THREADS = 8


class StageDecision(StrEnum):
    """What comes after staging."""

    APPLY = "apply"
    FINISH = "finish"


class TableOpener(Protocol):
    """Opens a file of any supported format; see `contacts.tabular.open_table`."""

    def __call__(
        self,
        source: BinaryIO,
        *,
        size: int,
        file_name: str,
        file_type: str | None,
        columns: Sequence[str],
        sheet: str | None,
        limits: TableLimits,
    ) -> Table: ...


@dataclass(frozen=True, slots=True)
class Staging:
    """Whose file was staged, and what comes next."""

    tenant: str
    decision: StageDecision


class UnknownJobError(Exception):
    """There is no such job, or it has expired."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows a file had, and how many of them were rejected."""

    rows: int
    rejected: int


class StageImport:
    """Reads, maps, validates and routes. Memory does not grow with the file; nothing is written to contacts."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        contacts: ContactStore,
        segments: SegmentStore,
        files: FileStore,
        open_table: TableOpener,
        is_phone: PhoneCheck,
        limits: TableLimits,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._contacts = contacts
        self._segments = segments
        self._files = files
        self._open_table = open_table
        self._is_phone = is_phone
        self._limits = limits
        self._clock = clock

    def __call__(self, job_id: str) -> Staging:
        """Stage the job's file. A file that can't be imported ends the job; that is a result and no exception.

        Raises:
            UnknownJobError: no job has this id.
        """
        job = self._jobs.start_processing(job_id, self._clock())
        if job is None:
            ended = self._jobs.find_import(job_id)
            if ended is None:
                raise UnknownJobError(f"no job {job_id}")
            return Staging(ended.tenant, StageDecision.FINISH)
        staged = job.staged
        if staged is None:
            try:
                staged = self._stage(job)
            except FileRejected as rejected:
                error = FileError(rejected.code, rejected.message, rejected.field)
                self._jobs.close_import(job.id, ImportStatus.FAILED, self._clock(), error)
                return Staging(job.tenant, StageDecision.FINISH)
            self._jobs.record_staged(job.id, staged, self._clock())
        return Staging(job.tenant, StageDecision.APPLY if staged.parts else StageDecision.FINISH)

    def _stage(self, job: ImportJob) -> StagedFile:
        info = self._files.info(job.file_key)
        if info is None:
            raise FileRejected("the uploaded file is no longer there; upload it again", code="FILE_MISSING")
        if info.size > self._limits.max_bytes:
            raise FileRejected(
                f"the file has {info.size} bytes, at most {self._limits.max_bytes} are allowed", code="FILE_TOO_LARGE"
            )
        with (
            tempfile.TemporaryDirectory(prefix="stage-") as directory,
            self._files.open(job.file_key, info.version) as source,
        ):
            table = self._open(job, info, source)
            layout = lay_out(table.header, job.field_mapping)
            spill = PartSpill(_number_of_parts(table.estimated_rows, info.size), Path(directory))
            errors_path = Path(directory) / "errors.jsonl"
            with errors_path.open("wb") as errors:
                tally = self._read_rows(job, table, layout, spill, errors)
            stored = self._store(job, spill, errors_path)
        return StagedFile(
            upload_version=info.version,
            file_type=table.file_type,
            file_size=info.size,
            header=layout.header,
            parts=stored,
            total_rows=tally.rows,
            rejected=RowCounts(skipped=tally.rejected, errors=tally.rejected),
        )

    def _open(self, job: ImportJob, info: FileInfo, source: BinaryIO) -> Table:
        return self._open_table(
            source,
            size=info.size,
            file_name=job.file_name,
            file_type=job.options.file_type,
            columns=tuple(job.field_mapping),
            sheet=job.options.sheet,
            limits=self._limits,
        )

    def _read_rows(self, job: ImportJob, table: Table, layout: Layout, spill: PartSpill, errors: BinaryIO) -> Tally:
        """The loop over the whole file: a valid row goes to the part of its contact, any other to the errors."""
        read = row_reader(layout, job.options, self._is_phone, file_type=table.file_type)
        route = self._contacts.addressing(job.tenant).route
        add, parts = spill.add, spill.number_of_parts
        row = rejected = 0
        for row, cells in enumerate(table.rows(), start=1):
            result = read(row, cells)
            try:
                line = _json_line(tuple(result) if isinstance(result, StagedRow) else result.to_record())
            except orjson.JSONEncodeError:
                result = _not_text(row, cells)
                line = _json_line(result.to_record())
            if isinstance(result, StagedRow):
                # Rows of one id, and rows of one e-mail, have to meet in one part, in the file's order. An id and the
                # e-mail that its contact was made with have one route, so most rows of one contact meet.
                contact_id = result.contact_id
                number = route_of_id(contact_id) if contact_id else route(normalise_email(result.email))
                add(number % parts, line)
            else:
                errors.write(line)
                rejected += 1
        return Tally(row, rejected)

    def _store(self, job: ImportJob, spill: PartSpill, errors_path: Path) -> int:
        """Put parts and errors into the bucket, the manifest last; returns the number of parts."""
        with errors_path.open("rb") as errors:
            self._files.put_stream(staged_errors_key(job.tenant, job.id), iter(lambda: errors.read(1 << 20), b""))
        stored: list[int] = []
        with ThreadPoolExecutor(_STORING_THREADS) as threads:
            for batch in _batches(spill.parts(), _STORING_THREADS):
                keys = [staged_part_key(job.tenant, job.id, part) for part, _ in batch]
                list(threads.map(self._files.put, keys, [body for _, body in batch]))
                stored += [part for part, _ in batch]
        segment = import_segment(job, self._clock())
        if segment and stored:
            self._segments.ensure(segment)
        self._files.put(manifest_key(job.tenant, job.id), orjson.dumps([{"part": part} for part in stored]))
        return len(stored)


def _number_of_parts(rows: int, size: int) -> int:
    return max(1, ceil(rows / ROWS_PER_PART), ceil(size / BYTES_PER_PART))


def _json_line(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _not_text(row: int, cells: Sequence[str]) -> RowError:
    """A row with half of a surrogate pair, which JSON can escape but which is no text."""
    shown = [cell.encode("utf-8", "replace").decode() for cell in cells]
    return RowError(row, None, None, "TEXT_INVALID", "a cell has a character that is no valid text", shown)


def _batches(items: Iterable[tuple[int, bytes]], size: int) -> Iterator[list[tuple[int, bytes]]]:
    iterator = iter(items)
    make: Callable[[], list[tuple[int, bytes]]] = lambda: list(islice(iterator, size))  # noqa: E731
    return iter(make, [])
