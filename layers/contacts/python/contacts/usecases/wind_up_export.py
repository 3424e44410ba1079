"""What is left to do once an export has ended."""

from __future__ import annotations

from contacts.domain.export_job import ExportJob, ExportStatus
from contacts.domain.object_keys import exports_prefix
from contacts.export_ports import ExportJobStore
from contacts.ports import Clock, EventPublisher, FileStore


class WindUpExport:
    """Removes what other tries have left, publishes the closing event, and notes last that it went out. So whoever
    finds a job without that note does it all again; the event has the same `eventId` then, so that receivers can
    tell."""

    def __init__(self, *, exports: ExportJobStore, files: FileStore, events: EventPublisher, clock: Clock) -> None:
        self._exports = exports
        self._files = files
        self._events = events
        self._clock = clock

    def __call__(self, job: ExportJob) -> None:
        """`job` has ended."""
        kept = job.file.key if job.file else None
        keys = self._files.list_keys(exports_prefix(job.tenant, job.id))
        self._files.delete([key for key in keys if key != kept])
        self._announce(job)
        self._exports.mark_export_announced(job.id, self._clock())

    def _announce(self, job: ExportJob) -> None:
        completed = job.status is ExportStatus.COMPLETED
        self._events.publish(
            "ContactsExportCompleted" if completed else "ContactsExportFailed",
            {
                "eventId": f"export-{job.id}-{'completed' if completed else 'failed'}",
                "jobId": job.id,
                "tenantId": job.tenant,
                "status": job.status.value,
                "exportType": job.options.type.value,
                "fileFormat": job.options.format.value,
                "totalContacts": job.total,
                "fileSize": job.file.size if job.file else None,
                "errorCode": job.problem.code if job.problem else None,
                "completedAt": job.completed_at,
                "expiresAt": job.expires_at,
            },
        )
