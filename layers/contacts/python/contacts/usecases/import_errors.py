"""Read the list of an import's failed rows, a page at a time."""

from __future__ import annotations

import orjson

from contacts.domain.errors import Conflict
from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import errors_key, staged_error_list_key
from contacts.domain.paging import Page
from contacts.domain.rows import RowError
from contacts.ports import FileStore
from contacts.usecases.line_pages import ListExpired, no_position, parse_position, read_lines

_KEYS = {"staged": staged_error_list_key, "final": errors_key}


def read_import_errors(files: FileStore, job: ImportJob, *, limit: int, position: str | None = None) -> Page[RowError]:
    """The job's errors in the file's order: a failure of the file as a whole first, as row 0, then the failed rows.

    While the job runs these are the rows that staging rejected. A position is the list's name and a byte in it. Where
    lines are long a page is shorter; see `read_lines`.

    Raises:
        Conflict: the position is in the list of a running job, and the job has ended: its final list holds more rows.
        InvalidRequest: this is no position.
        ListExpired: rows failed, and their list is no longer there.
    """
    name, offset = (None, 0) if position is None else parse_position(position)
    if name is not None and name not in _KEYS:
        raise no_position()
    errors = file_failure(job) if position is None else []
    if job.counts.errors == 0:
        return Page(errors)
    current = _current_list(files, job)
    if name == "staged" and current == "final":
        raise Conflict(
            "the job has ended and its list of errors is final now: read it again from the start", code="LIST_CHANGED"
        )
    if name == "final" and current == "staged":
        raise ListExpired("the list of errors has been removed: its time is over")
    lines, end = read_lines(files, _KEYS[current](job.tenant, job.id), offset, limit - len(errors))
    errors.extend(RowError.from_record(orjson.loads(line)) for line in lines)
    return Page(errors, None if end is None else f"{current}:{end}")


def file_failure(job: ImportJob) -> list[RowError]:
    """The failure of the file as a whole, if there is one."""
    failure = job.file_error
    return [] if failure is None else [RowError(0, failure.field, None, failure.code, failure.message)]


def _current_list(files: FileStore, job: ImportJob) -> str:
    # A job that nobody could finish properly has no final list.
    return "staged" if job.is_open or files.info(errors_key(job.tenant, job.id)) is None else "final"
