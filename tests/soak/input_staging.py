"""Stages one file by the product's own use case and readers, and sees that every row has an outcome.

What is stored is looked at and let go of, so that memory measured here is the product's.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import orjson

from contacts.adapters.phone_numbers import possible_phone_number
from contacts.domain.import_job import FileError, ImportJob, ImportOptions, ImportStatus
from contacts.domain.object_keys import manifest_key, staged_error_list_key, staged_errors_key
from contacts.domain.table import TableLimits
from contacts.ports import FileInfo
from contacts.tabular.open_table import open_table
from contacts.usecases.stage_import import StageDecision, StageImport
from contacts.usecases.staged_lines import rows_of_lines, staged_targets
from tests.support.memory_contact_store import MemoryContactStore
from tests.support.memory_job_store import MemoryJobStore
from tests.support.memory_segment_store import MemorySegmentStore

#: A file of this size takes milliseconds; one that grows to what is still let through, a few seconds.
MAX_CPU_SECONDS = 30.0
_NOW = "2026-01-01T00:00:00.000Z"
_CODE = re.compile(r"[A-Z][A-Z0-9_]+")
_is_phone = possible_phone_number("US")


class Fault(Exception):
    """A file got neither an outcome for every row nor one clear error."""


@dataclass(frozen=True)
class Upload:
    """A file, and what its job says about it."""

    name: str
    content: bytes
    mapping: Mapping[str, str]
    file_type: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Sample:
    """A sound file: all its rows have outcomes."""

    name: str
    content: bytes
    rows: int
    mapping: Mapping[str, str]

    @property
    def format(self) -> str:
        suffix = self.name.rpartition(".")[2]
        return {"tsv": "csv", "jsonl": "json"}.get(suffix, suffix)


@dataclass(frozen=True)
class Verdict:
    """What became of a file: `code` where it was refused as a whole, else its rows."""

    rows: int = 0
    rejected: int = 0
    code: str | None = None


def stage(upload: Upload, use_case: Callable[..., StageImport] = StageImport) -> Verdict:
    """
    Raises:
        Fault: rows without an outcome, or with two; counts that don't add up; an error without a code or a reason; a
            refused file of which something was staged; more than `MAX_CPU_SECONDS`.
        Exception: whatever else the use case raises, which is a fault, too.
    """
    jobs, files = MemoryJobStore(), _LookedAtFiles(upload.content, staged_targets(upload.mapping))
    jobs.create_import(_job(upload))
    staging = use_case(
        jobs=jobs,
        contacts=MemoryContactStore(),
        segments=MemorySegmentStore(),
        files=files,  # type: ignore[arg-type]  # the part of it that is called
        open_table=open_table,
        is_phone=_is_phone,
        limits=TableLimits(),
        clock=lambda: _NOW,
    )
    began = time.process_time()
    decision = staging("job").decision
    seconds = time.process_time() - began
    if seconds > MAX_CPU_SECONDS:
        raise Fault(f"took {seconds:.0f} CPU-seconds")
    job = jobs.find_import("job")
    assert job is not None
    return _accepted(job, files, decision) if job.staged else _refused(job, files, decision)


def _refused(job: ImportJob, files: _LookedAtFiles, decision: StageDecision) -> Verdict:
    error = job.file_error
    _expect(error is not None and job.status is ImportStatus.FAILED, "neither staged nor refused")
    assert isinstance(error, FileError)
    _expect(decision is StageDecision.FINISH, "is refused and goes on")
    _expect(_CODE.fullmatch(error.code) is not None, f"is refused with the code {error.code!r}")
    _expect(bool(error.message.strip()), f"{error.code} says nothing")
    _expect(files.manifest is None, "is refused and has a manifest")
    return Verdict(code=error.code)


def _accepted(job: ImportJob, files: _LookedAtFiles, decision: StageDecision) -> Verdict:
    staged = job.staged
    assert staged is not None
    rejected = staged.rejected.errors
    _expect(files.manifest == sorted(files.parts), "the manifest lists other parts than were stored")
    _expect(staged.parts == len(files.parts), "the job counts other parts than were stored")
    _expect(decision is (StageDecision.APPLY if files.parts else StageDecision.FINISH), f"goes on with {decision}")
    _expect(len(files.errors) == rejected == staged.rejected.skipped, "counts other row errors than were stored")
    _expect(files.valid + rejected == staged.total_rows, "valid rows and errors are not the total")
    rows = sorted([*(row for part in files.parts.values() for row in part), *files.errors])
    _expect(rows == list(range(1, staged.total_rows + 1)), "a row has no outcome, or two")
    _expect(files.in_order, "a contact's rows are not in the file's order")
    _expect(not files.unclear, f"row errors without code or reason: {files.unclear[:3]}")
    return Verdict(staged.total_rows, rejected)


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Fault(otherwise)


def _job(upload: Upload) -> ImportJob:
    return ImportJob(
        id="job",
        tenant="acme",
        created_by="user",
        created_at=_NOW,
        changed_at=_NOW,
        file_name=upload.name,
        file_key="upload",
        file_url="",
        field_mapping=upload.mapping,
        options=ImportOptions(file_type=upload.file_type, sheet=upload.sheet, validate_phone=True),
    )


@dataclass
class _LookedAtFiles:
    """As much of a `FileStore` as staging needs; of what is stored it keeps the numbers of the rows."""

    upload: bytes
    targets: Sequence[str]
    parts: dict[int, list[int]] = field(default_factory=dict)
    errors: list[int] = field(default_factory=list)
    unclear: list[int] = field(default_factory=list)
    manifest: list[int] | None = None
    in_order: bool = True

    @property
    def valid(self) -> int:
        return sum(map(len, self.parts.values()))

    def info(self, key: str) -> FileInfo:
        return FileInfo(len(self.upload), "v1")

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        return io.BytesIO(self.upload)

    def put(self, key: str, body: bytes) -> None:
        if key == manifest_key("acme", "job"):
            self.manifest = [entry["part"] for entry in orjson.loads(body)]
            return
        number = int(re.findall(r"\d+", key)[-1])
        if number in self.parts:
            raise Fault("a part was stored twice")
        last: dict[str, int] = {}
        rows = self.parts[number] = []
        for row in rows_of_lines(body, self.targets):
            whom = row.contact_id or row.email.lower()
            _expect(bool(whom), f"row {row.row} is valid and names nobody")
            if last.get(whom, 0) >= row.row:
                self.in_order = False  # and never back: parts are put by several threads
            last[whom] = row.row
            rows.append(row.row)

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> int:
        if key == staged_error_list_key("acme", "job"):
            listed = [_listed_row(line) for line in _lines(chunks)]
            _expect(listed == self.errors, "the list of errors is not that of the failed rows")
            return 0
        _expect(key == staged_errors_key("acme", "job"), "a stream goes to an unknown place")
        size = 0
        for line in _lines(chunks):
            size += len(line)
            error = orjson.loads(line)
            self.errors.append(error["row"])
            if not _CODE.fullmatch(error["code"]) or not error["error"].strip():
                self.unclear.append(error["row"])
        return size


def _listed_row(line: bytes) -> int:
    error = orjson.loads(line)
    _expect("cells" not in error, "the list of errors holds whole rows")
    return int(error["row"])


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, one at a time: all of them at once would be more than what is measured."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in lines)
    _expect(not rest, "the last row error was cut short")
