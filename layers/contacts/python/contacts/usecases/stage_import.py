"""Stage an import: read the uploaded file once, check every row, and lay the valid ones out in parts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol

import orjson

from contacts.domain.column_mapping import Layout, lay_out
from contacts.domain.contact_ids import route_of_id
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import FileRejected
from contacts.domain.import_job import FileError, ImportJob, ImportStatus, RowCounts, StagedFile
from contacts.domain.object_keys import manifest_key, staged_error_list_key, staged_errors_key, staged_part_key
from contacts.domain.row_reading import PhoneCheck, row_reader
from contacts.domain.rows import RowError, StagedRow
from contacts.domain.table import Table, TableLimits
from contacts.ports import Clock, ContactStore, FileInfo, FileStore, JobStore, SegmentStore
from contacts.usecases.error_lines import without_cells
from contacts.usecases.import_parts import import_segment
from contacts.usecases.line_buckets import LineBuckets, TooManyBytesError
from contacts.usecases.part_packing import PartBounds, packed_parts
from contacts.usecases.staged_lines import rows_of_lines, staged_line, staged_targets
from contacts.usecases.unknown_job import UnknownJobError

_BOUNDS = PartBounds()
#: Parts stored at the same time; S3 answers in some 20 ms, so this hides most of the waiting.
_STORING_THREADS = 8
#: Bytes of parts from which on no more are gathered before these are stored.
_STORED_TOGETHER_BYTES = 16 * 1024 * 1024


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
        bounds: PartBounds = _BOUNDS,
    ) -> None:
        self._jobs = jobs
        self._contacts = contacts
        self._segments = segments
        self._files = files
        self._open_table = open_table
        self._is_phone = is_phone
        self._limits = limits
        self._clock = clock
        self._bounds = bounds

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
        bounds = self._bounds
        with (
            # Without a name: a worker that is killed leaves nothing of a tenant's behind for the next one to find.
            tempfile.TemporaryFile(prefix="stage-") as file,
            self._files.open(job.file_key, info.version) as source,
        ):
            table = self._open(job, info, source)
            layout = lay_out(table.header, job.field_mapping)
            # Rejected rows have the last bucket for themselves.
            lines = LineBuckets(bounds.buckets + 1, file, max_bytes=bounds.max_staged_bytes)
            try:
                tally = self._read_rows(job, table, layout, lines)
            except TooManyBytesError:
                raise _too_large_as_read(bounds) from None
            stored = self._store(job, lines)
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

    def _read_rows(self, job: ImportJob, table: Table, layout: Layout, lines: LineBuckets) -> Tally:
        """The loop over the whole file: a valid row goes to the bucket of its contact, any other to the rejected."""
        read = row_reader(layout, job.options, self._is_phone, file_type=table.file_type)
        route_of, targets = self._route_of(job), staged_targets(job.field_mapping)
        add, buckets = lines.add, self._bounds.buckets
        row = rejected = 0
        for row, cells in enumerate(table.rows(), start=1):
            result = read(row, cells)
            try:
                if isinstance(result, StagedRow):
                    line = staged_line(result, targets)
                    add(route_of(result) % buckets, line)
                    continue
                line = _json_line(result.to_record())
            except orjson.JSONEncodeError:
                line = _json_line(_not_text(row, result.cells).to_record())
            add(buckets, line)
            rejected += 1
        return Tally(row, rejected)

    def _route_of(self, job: ImportJob) -> Callable[[StagedRow], int]:
        """Rows of one id, and rows of one e-mail, have to meet in one part, in the file's order. An id and the e-mail
        that its contact was made with have one route, so most rows of one contact meet."""
        route_of_email = self._contacts.addressing(job.tenant).route

        def route_of(row: StagedRow) -> int:
            contact_id = row.contact_id
            return route_of_id(contact_id) if contact_id else route_of_email(normalise_email(row.email))

        return route_of

    def _parts(self, job: ImportJob, lines: LineBuckets) -> Iterator[tuple[int, bytes]]:
        route_of, targets = self._route_of(job), staged_targets(job.field_mapping)

        def route_of_line(line: bytes) -> tuple[int, int]:
            (row,) = rows_of_lines(line, targets)
            return row.row, route_of(row)

        return enumerate(packed_parts(lines, self._bounds, route_of_line))

    def _store(self, job: ImportJob, lines: LineBuckets) -> int:
        """Put parts and errors into the bucket, the manifest last; returns the number of parts."""
        rejected = self._bounds.buckets
        self._files.put_stream(staged_errors_key(job.tenant, job.id), lines.pieces(rejected))
        self._files.put_stream(staged_error_list_key(job.tenant, job.id), map(without_cells, lines.lines(rejected)))
        stored: list[int] = []
        with ThreadPoolExecutor(_STORING_THREADS) as threads:
            for batch in _batches(self._parts(job, lines)):
                keys = [staged_part_key(job.tenant, job.id, part) for part, _ in batch]
                list(threads.map(self._files.put, keys, [body for _, body in batch]))
                stored += [part for part, _ in batch]
        segment = import_segment(job, self._clock())
        if segment and stored:
            self._segments.ensure(segment)
        self._files.put(manifest_key(job.tenant, job.id), orjson.dumps([{"part": part} for part in stored]))
        return len(stored)


def _too_large_as_read(bounds: PartBounds) -> FileRejected:
    return FileRejected(
        f"The rows of the file take more than {bounds.max_staged_bytes:,} bytes as they are read. Import it in pieces.",
        code="FILE_EXPANDS_TOO_MUCH",
    )


def _json_line(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _not_text(row: int, cells: Sequence[str]) -> RowError:
    """A row with half of a surrogate pair, which JSON can escape but which is no text."""
    shown = [cell.encode("utf-8", "replace").decode() for cell in cells]
    return RowError(row, None, None, "TEXT_INVALID", "a cell has a character that is no valid text", shown)


def _batches(parts: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Parts to store at the same time: as many as there are threads, and fewer of large ones."""
    batch: list[tuple[int, bytes]] = []
    size = 0
    for part, body in parts:
        batch.append((part, body))
        size += len(body)
        if len(batch) == _STORING_THREADS or size >= _STORED_TOGETHER_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
