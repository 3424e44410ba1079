"""Tell other systems that an import has ended."""

from __future__ import annotations

from contacts.domain.import_job import ImportJob, ImportStatus
from contacts.ports import Clock, EventPublisher, JobStore


class AnnounceImport:
    """Publishes the closing event, then notes that it went out. A crash between the two sends it again, under the
    same `eventId`, so that receivers can tell."""

    def __init__(self, *, jobs: JobStore, events: EventPublisher, clock: Clock) -> None:
        self._jobs = jobs
        self._events = events
        self._clock = clock

    def __call__(self, job: ImportJob) -> None:
        # How it was closed: by the time that a lost event is made up for, a rollback can have changed the status.
        status = ImportStatus.COMPLETED if job.file_error is None else ImportStatus.FAILED
        completed = status is ImportStatus.COMPLETED
        self._events.publish(
            "ContactsImportCompleted" if completed else "ContactsImportFailed",
            {
                "eventId": f"import-{job.id}-{'completed' if completed else 'failed'}",
                "jobId": job.id,
                "tenantId": job.tenant,
                "status": status.value,
                "totalRows": job.staged.total_rows if job.staged else 0,
                "importedCount": job.counts.imported,
                "createdCount": job.counts.created,
                "updatedCount": job.counts.updated,
                "skippedCount": job.counts.skipped,
                "errorCount": job.counts.errors,
                "errorCode": job.file_error.code if job.file_error else None,
                "completedAt": job.completed_at,
            },
        )
        self._jobs.mark_announced(job.id, self._clock())
