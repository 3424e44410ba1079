"""Read the list of an import's failed rows, a page at a time."""

from __future__ import annotations

import orjson

from contacts.domain.errors import Conflict
from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import errors_key, staged_errors_key
from contacts.domain.paging import Page
from contacts.domain.rows import RowError
from contacts.ports import FileStore
from contacts.usecases.line_pages import no_position, parse_position, read_lines


def read_import_errors(files: FileStore, job: ImportJob, *, limit: int, position: str | None = None) -> Page[RowError]:
    """The job's errors in the file's order: a failure of the file as a whole first, as row 0, then the failed rows.

    While the job runs these are the rows that staging rejected. A position is the list's name and a byte in it.

    Raises:
        Conflict: the position is in the list of a running job, and the job has ended: its final list holds more rows.
        InvalidRequest: this is no position.
    """
    # A job that nobody could finish properly has no final list.
    final = None if job.is_open or job.counts.errors == 0 else files.info(errors_key(job.tenant, job.id))
    current = "staged" if final is None else "final"
    name, offset = (current, 0) if position is None else parse_position(position)
    if name not in {"staged", "final"}:
        raise no_position()
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
    lines, end = read_lines(files, key_of(job.tenant, job.id), offset, limit - len(errors))
    errors.extend(RowError.from_record(orjson.loads(line)) for line in lines)
    return Page(errors, None if end is None else f"{current}:{end}")
