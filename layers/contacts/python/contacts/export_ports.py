"""What exports ask of the world, as Protocols; see `ports`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from contacts.domain.errors import Problem
from contacts.domain.export_job import AuditRecord, ExportFile, ExportJob, ExportOptions
from contacts.domain.paging import Page
from contacts.ports import ExecutionState


class ExportJobStore(Protocol):
    """Export jobs. Status never goes back. A job stays until the clean-up removes it, a week past its expiry at most.

    `list_jobs` and `open_jobs` of `ports.JobStore` tell of them too.
    """

    def create_export(self, job: ExportJob) -> bool:
        """Store a new job; False if a job with this id is there already."""
        ...

    def find_export(self, job_id: str) -> ExportJob | None:
        """The job, expired or not; None where there is none. Strongly consistent."""
        ...

    def begin_attempt(self, job_id: str, at: str) -> ExportJob | None:
        """Count one more try to write the file, from no contact on, and return the job; None if it has ended already
        or never was. Whoever tried before can no longer complete the job."""
        ...

    def report_progress(self, job_id: str, attempt: int, processed: int, at: str) -> bool:
        """Show how many contacts are written; False where this try is no longer the latest of an open job."""
        ...

    def complete_export(self, job_id: str, attempt: int, file: ExportFile, total: int, at: str) -> ExportJob | None:
        """End the job with this file, and return it; None where this try is no longer the latest of an open job.

        Called again with the same file by the try that ended the job it returns the job as it is: an answer was lost.
        """
        ...

    def fail_export(self, job_id: str, problem: Problem, at: str) -> ExportJob | None:
        """End an open job as failed, and return it; None if it has ended already or never was."""
        ...

    def mark_export_announced(self, job_id: str, at: str) -> None:
        """Note that the closing event went out: the sweeper has nothing more to do with the job."""
        ...

    def expired_exports(self, now: str) -> Iterator[str]:
        """Ids of jobs that have expired, the oldest first; eventually consistent."""
        ...

    def remove_export(self, job_id: str, now: str) -> bool:
        """Remove an expired job that has ended; False where it is none."""
        ...


class ExportRunner(Protocol):
    """Starts the state machine of an export. The execution is named after the job: a second start does nothing."""

    def start_export(self, job_id: str) -> None: ...

    def export_state(self, job_id: str) -> ExecutionState: ...


class AuditLog(Protocol):
    """What left, kept for a year."""

    def put(self, record: AuditRecord) -> None:
        """Keep a record in place of what is there under its name, unless that is of a later attempt."""
        ...

    def records(self, tenant: str, *, limit: int, position: str | None = None) -> Page[AuditRecord]:
        """The tenant's records, the newest first."""
        ...


class ExportFileWriter(Protocol):
    """Writes a file of contacts as a stream."""

    def table(
        self, options: ExportOptions, columns: Sequence[str], rows: Iterable[Sequence[str | int | None]]
    ) -> Iterator[bytes]:
        """The bytes of a CSV or XLSX file with these columns, at constant memory."""
        ...

    def objects(self, options: ExportOptions, objects: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        """The bytes of a JSON or JSON Lines file."""
        ...
