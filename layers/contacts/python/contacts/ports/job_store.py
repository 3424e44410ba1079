"""Import jobs with their rollbacks, and the lists of jobs of all kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from contacts.domain.import_job import FileError, ImportJob, ImportStatus, PartRecord, StagedFile
from contacts.domain.jobs import Job
from contacts.domain.paging import Page
from contacts.domain.rollback import Rollback, RollbackMode, RollbackPart, RollbackStatus


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job of any kind that has not ended, or has not been announced, for the sweeper."""

    job_id: str
    changed_at: str
    kind: str


class JobStore(Protocol):
    """Import jobs and the records of their parts. Status never goes back."""

    def create_import(self, job: ImportJob) -> bool:
        """Store a new job; False if a job with this id is there already."""
        ...

    def find_import(self, job_id: str) -> ImportJob | None:
        """The job, or None where there is none or it has expired; strongly consistent."""
        ...

    def start_processing(self, job_id: str, at: str) -> ImportJob | None:
        """Move a pending job to processing, and return it. A job that is processing already stays as it is; None if
        it has ended or never was."""
        ...

    def record_staged(self, job_id: str, staged: StagedFile, at: str) -> bool:
        """Keep what staging found, once, and count the rows that it rejected; False if it stands there already or
        the job has ended."""
        ...

    def record_part(self, job_id: str, part: PartRecord, at: str) -> bool:
        """Keep a part's record and add its counts to the job's, both or neither, and once however often it is
        called. False if the record stands there already or the job has ended. Conflicts with other parts are tried
        again."""
        ...

    def has_part(self, job_id: str, part: int) -> bool: ...

    def parts(self, job_id: str) -> Iterator[PartRecord]:
        """The records of all finished parts, in order of their numbers; strongly consistent."""
        ...

    def close_import(
        self, job_id: str, status: ImportStatus, at: str, error: FileError | None = None
    ) -> ImportJob | None:
        """End an open job as completed or failed, and return it; None if it has ended already or never was."""
        ...

    def mark_announced(self, job_id: str, at: str) -> None:
        """Note that the closing event went out: the sweeper has nothing more to do with the job."""
        ...

    def start_rollback(self, job_id: str, rollback: Rollback, at: str) -> ImportJob | None:
        """Begin a run, or take a failed one up again, and return the job; None where the job's state forbids it.

        A new run needs a job that is completed or failed and has no rollback running. A failed run goes on while the
        job is rolling back. A rollback that begins with writing moves the job to rolling back at once. The job shows
        the run's counts from zero, those of a run that goes on stay. The sweeper sees the job until the run ends.
        Called again for the same run, attempt and request it returns the job as it is: an answer was lost.
        """
        ...

    def start_rollback_writes(self, job_id: str, run: int, at: str) -> bool:
        """Go from looking to writing: the job is rolling back, the counts start from zero. False if this run is not
        running; True again if it writes already."""
        ...

    def record_rollback_part(self, job_id: str, part: RollbackPart, at: str) -> bool:
        """Like `record_part`, for one pass of a running rollback."""
        ...

    def has_rollback_part(self, job_id: str, run: int, mode: RollbackMode, part: int) -> bool: ...

    def rollback_parts(self, job_id: str, run: int, mode: RollbackMode) -> Iterator[RollbackPart]:
        """The records of all finished parts of one pass, in order of their numbers; strongly consistent."""
        ...

    def end_rollback(self, job_id: str, run: int, status: RollbackStatus, at: str, errors: int = 0) -> ImportJob | None:
        """End a running rollback and return the job; None if this run is not running.

        One that completes after writing makes the job rolled back. `errors` replaces the run's count of errors.
        """
        ...

    def open_jobs(self, changed_before: str) -> Iterator[OpenJob]:
        """Jobs that have not ended, or not been announced, and have not changed since; eventually consistent."""
        ...

    def list_jobs(
        self,
        tenant: str,
        *,
        limit: int,
        position: str | None = None,
        status: str | None = None,
        kind: str | None = None,
    ) -> Page[Job]:
        """The tenant's jobs of all kinds, or of one, newest first; eventually consistent. A page can be shorter than
        `limit`, even empty, and still have a next one."""
        ...
