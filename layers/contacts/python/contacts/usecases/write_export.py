"""Write the file of an export."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator

from contacts.domain.contact import Contact
from contacts.domain.errors import DomainError, InvalidRequest, Problem
from contacts.domain.export_columns import DEFAULT_COLUMNS, ExportColumns, object_of, row_of
from contacts.domain.export_job import ExportFile, ExportFormat, ExportJob
from contacts.domain.object_keys import export_key
from contacts.export_ports import ExportFileWriter, ExportJobStore
from contacts.ports import Clock, FileStore
from contacts.usecases.audit_exports import AuditExports
from contacts.usecases.contact_spool import ContactSpool
from contacts.usecases.contacts_to_export import ContactsToExport
from contacts.usecases.wind_up_export import WindUpExport

#: After so many contacts the job shows how far it is, and the attempt looks whether it is still the latest.
PROGRESS_EVERY = 5_000
#: Excel's limit (Microsoft, "Excel specifications and limits").
MAX_SHEET_COLUMNS = 16_384
#: Of the file on disk: a hundred contacts or so are written and read at a time.
_SPOOL_BUFFER_BYTES = 64 * 1024


class Superseded(Exception):
    """A later attempt writes the file, or the job has ended: this one has nothing more to do."""


class WriteExport:
    """Each try writes a file of its own, under its own name; the job takes the one whose try is still the latest when
    it is whole. So a retry after a crash gives one file, and never half of it."""

    def __init__(
        self,
        *,
        exports: ExportJobStore,
        contacts: ContactsToExport,
        files: FileStore,
        writer: ExportFileWriter,
        audit: AuditExports,
        wind_up: WindUpExport,
        clock: Clock,
    ) -> None:
        self._exports = exports
        self._contacts = contacts
        self._files = files
        self._writer = writer
        self._audit = audit
        self._wind_up = wind_up
        self._clock = clock

    def __call__(self, job_id: str) -> bool:
        """Write the file and end the job; False where another try does, or has. Memory does not grow with the file."""
        job = self._exports.begin_attempt(job_id, self._clock())
        if job is None:
            self._wind_up_if_need_be(job_id)
            return False
        try:
            file, total = self._write(job)
        except Superseded:
            return False
        except DomainError as refusal:
            # What no later try would change: the segment or collection has gone, the columns are too many.
            failed = self._exports.fail_export(job.id, Problem(refusal.code, refusal.message), self._clock())
            if failed is not None:
                self._wind_up(failed)
            return False
        # Before the file can be had. Where a later try wins all the same, its own number counts.
        self._audit.written(job, total)
        completed = self._exports.complete_export(job.id, job.attempt, file, total, self._clock())
        if completed is None:
            self._files.delete([file.key])
            return False
        self._wind_up(completed)
        return True

    def _write(self, job: ExportJob) -> tuple[ExportFile, int]:
        count = _Count()
        contacts = self._counted(job, count)
        key = export_key(job.tenant, job.id, job.attempt, job.options.format)
        digest = hashlib.sha256()
        with tempfile.TemporaryFile(prefix="export-", buffering=_SPOOL_BUFFER_BYTES) as file:
            chunks = self._chunks(job, contacts, ContactSpool(file))
            size = self._files.put_stream(key, _hashed(chunks, digest))
        return ExportFile(key, size, digest.hexdigest()), count.value

    def _chunks(self, job: ExportJob, contacts: Iterable[Contact], spool: ContactSpool) -> Iterator[bytes]:
        options = job.options
        # Not checked again: a job is written as it was accepted, whatever today's limits are.
        columns = ExportColumns(
            selected=DEFAULT_COLUMNS if options.selected_fields is None else options.selected_fields,
            custom_fields=options.include_custom_fields,
            engagement=options.include_engagement_metrics,
        )
        if not options.is_table:
            return self._writer.objects(options, map(object_of(columns), contacts))
        names, contacts = _with_columns(columns, contacts, spool)
        if options.format is ExportFormat.XLSX and len(names) > MAX_SHEET_COLUMNS:
            message = (
                f"the file would have {len(names)} columns, a sheet has at most {MAX_SHEET_COLUMNS}; export as CSV"
            )
            raise InvalidRequest(message, code="TOO_MANY_COLUMNS", field="includeCustomFields")
        return self._writer.table(options, names, map(row_of(names), contacts))

    def _counted(self, job: ExportJob, count: _Count) -> Iterator[Contact]:
        for contact in self._contacts(job.tenant, job.options):
            yield contact
            count.value += 1
            if count.value % PROGRESS_EVERY == 0 and not self._exports.report_progress(
                job.id, job.attempt, count.value, self._clock()
            ):
                raise Superseded

    def _wind_up_if_need_be(self, job_id: str) -> None:
        job = self._exports.find_export(job_id)
        if job is not None and not job.is_open and not job.announced:
            self._wind_up(job)


class _Count:
    """How many contacts went by."""

    value = 0


def _with_columns(
    columns: ExportColumns, contacts: Iterable[Contact], spool: ContactSpool
) -> tuple[tuple[str, ...], Iterable[Contact]]:
    """The columns' names, and the contacts: twice read where the contacts tell the columns."""
    if not columns.custom_fields:
        return columns.fixed, contacts
    spool.fill(contacts)
    return columns.resolve(spool.custom_names), spool.contacts()


def _hashed(chunks: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
