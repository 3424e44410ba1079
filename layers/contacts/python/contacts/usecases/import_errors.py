"""Read the list of an import's failed rows, a page at a time."""

from __future__ import annotations

import orjson

from contacts.domain.errors import Conflict, InvalidRequest
from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import errors_key, staged_errors_key
from contacts.domain.paging import Page
from contacts.domain.rows import RowError
from contacts.ports import FileStore

_CHUNK_BYTES = 128 * 1024


def read_import_errors(files: FileStore, job: ImportJob, *, limit: int, position: str | None = None) -> Page[RowError]:
    """The job's errors in the file's order: a failure of the file as a whole first, as row 0, then the failed rows.

    While the job runs these are the rows that staging rejected. A position is the list's name and a byte in it.

    Raises:
        Conflict: the position is in the list of a running job, and the job has ended: its final list holds more rows.
        InvalidRequest: this is no position.
    """
    current = "staged" if job.is_open else "final"
    name, offset = (current, 0) if position is None else _parse(position)
    if name != current:
        raise Conflict(
            "the job has ended and its list of errors is final now: read it again from the start", code="LIST_CHANGED"
        )
    errors: list[RowError] = []
    if position is None and job.file_error is not None:
        failure = job.file_error
        errors.append(RowError(0, failure.field, None, failure.code, failure.message))
    if job.counts.errors == 0:
        return Page(errors)
    key_of = staged_errors_key if current == "staged" else errors_key
    lines, end = _read_lines(files, key_of(job.tenant, job.id), offset, limit - len(errors))
    errors.extend(RowError.from_record(orjson.loads(line)) for line in lines)
    return Page(errors, None if end is None else f"{current}:{end}")


def _parse(position: str) -> tuple[str, int]:
    name, _, offset = position.partition(":")
    if name not in {"staged", "final"} or not offset.isascii() or not offset.isdigit() or len(offset) > 12:
        raise _no_position()
    return name, int(offset)


def _no_position() -> InvalidRequest:
    return InvalidRequest("this cursor was not made by this list", code="CURSOR_INVALID", field="cursor")


def _read_lines(files: FileStore, key: str, offset: int, limit: int) -> tuple[list[bytes], int | None]:
    """Up to `limit` lines from byte `offset`, and where the next one starts; None after the last."""
    if offset and files.get_range(key, offset - 1, 1) not in {b"\n", b""}:
        raise _no_position()
    read = bytearray()
    breaks = 0
    # One line more than asked for tells whether there is a next page.
    while breaks <= limit:
        chunk = files.get_range(key, offset + len(read), _CHUNK_BYTES)
        if not chunk:
            break
        read += chunk
        breaks += chunk.count(b"\n")
    lines = bytes(read).splitlines(keepends=True)
    taken = lines[:limit]
    end = offset + sum(map(len, taken)) if len(lines) > limit else None
    return taken, end
