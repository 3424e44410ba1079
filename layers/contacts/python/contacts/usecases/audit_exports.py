"""Keep on record how data leaves: every export, and every link to a file."""

from __future__ import annotations

from dataclasses import replace

from contacts.domain.export_job import AuditAction, AuditRecord, ExportJob
from contacts.domain.paging import Page
from contacts.export_ports import AuditLog
from contacts.usecases.page_sizes import read_fitting, sent_size


class AuditExports:
    """An export's record is put when it starts and by each try when it knows its number, under the same name. The log
    keeps that of the latest try, which is the one that can complete."""

    def __init__(self, *, log: AuditLog) -> None:
        self._log = log

    def started(self, job: ExportJob) -> None:
        """Keep that this export was asked for. Put it before the export can begin."""
        self._log.put(_of_export(job))

    def written(self, job: ExportJob, contacts: int) -> None:
        """Add how many contacts its file has. Put it before the file can be had."""
        self._log.put(replace(_of_export(job), contacts=contacts, attempt=job.attempt))

    def handed_out(self, job: ExportJob, user: str, at: str, request_id: str) -> None:
        """Keep that this user gets a link. Put it before the link is answered; `request_id` names the request."""
        self._log.put(
            AuditRecord(
                tenant=job.tenant,
                at=at,
                key=f"{job.id}#{AuditAction.DOWNLOAD}#{request_id}",
                action=AuditAction.DOWNLOAD,
                user=user,
                job_id=job.id,
                options=job.options,
                contacts=job.total,
            )
        )

    def records(self, tenant: str, *, limit: int, position: str | None) -> Page[AuditRecord]:
        """A page of up to `limit` of the tenant's records, the newest first; it can be shorter and still have a next
        one."""

        def read(number: int) -> Page[AuditRecord]:
            return self._log.records(tenant, limit=number, position=position)

        return read_fitting(read, limit, _size)


def _size(record: AuditRecord) -> int:
    return sent_size([record.options.filters, record.options.selected_fields])


def _of_export(job: ExportJob) -> AuditRecord:
    return AuditRecord(
        tenant=job.tenant,
        at=job.created_at,
        key=f"{job.id}#{AuditAction.EXPORT}",
        action=AuditAction.EXPORT,
        user=job.created_by,
        job_id=job.id,
        options=job.options,
    )
