"""End a pass of a rollback: with all parts done, undo what they left, write the list, and say what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from contacts.domain.import_job import ImportJob
from contacts.domain.rollback import OnConflict, Rollback, RollbackMode, RollbackStatus
from contacts.ports import Clock, ContactStore, FileStore, JobStore, SegmentStore
from contacts.usecases.import_parts import import_segment_id
from contacts.usecases.rollback_results import WriteRollbackResults
from contacts.usecases.undo_left_contacts import UndoLeftContacts
from contacts.usecases.undo_log import is_whole, parts_with_undo_log


class AfterPass(StrEnum):
    """What comes after a pass."""

    WRITE = "write"
    END = "end"


class FinishRollback:
    """Ends a pass, however it went. Can be run again at any point."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        contacts: ContactStore,
        segments: SegmentStore,
        files: FileStore,
        undo_left: UndoLeftContacts,
        write_results: WriteRollbackResults,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._contacts = contacts
        self._segments = segments
        self._files = files
        self._undo_left = undo_left
        self._write_results = write_results
        self._clock = clock

    def __call__(self, job_id: str, run: int, mode: RollbackMode | None, *, broken_off: bool = False) -> AfterPass:
        """Finish the pass. Call it only when no worker of the pass can be running any more.

        Args:
            job_id: the import.
            run: the rollback.
            mode: the pass; None for the one that the job is at.
            broken_off: whether the execution came off its way: then the run ends as failed even where all parts are
                done, and a new request goes on from there.
        """
        job = self._jobs.find_import(job_id)
        rollback = job.rollback if job else None
        if job is None or rollback is None or rollback.run != run or rollback.status is not RollbackStatus.RUNNING:
            return AfterPass.END
        mode = mode or rollback.mode
        if rollback.mode is not mode:
            # This pass was finished before, and the next one is the job's now.
            return AfterPass.WRITE if rollback.mode is RollbackMode.WRITE else AfterPass.END
        done = self._done(job_id, run, mode)
        parts = parts_with_undo_log(self._files, job)
        missing = set(parts).difference(done)
        if missing or broken_off or not is_whole(job, parts):
            self._write_results(job, rollback, done)
            self._end(job, rollback, RollbackStatus.FAILED, errors=self._undo_left.count(job, rollback, done, missing))
            return AfterPass.END
        if self._undo_left(job, rollback, parts):
            # That counts.
            job = self._jobs.find_import(job_id)
            rollback = job.rollback if job else None
            if job is None or rollback is None:
                return AfterPass.END
            done = self._done(job_id, run, mode)
        self._write_results(job, rollback, done)
        return self._after_looking(job, rollback) if mode is RollbackMode.LOOK else self._after_writing(job, rollback)

    def _done(self, job_id: str, run: int, mode: RollbackMode) -> list[int]:
        """The parts that have a record, those of the end included."""
        return [record.part for record in self._jobs.rollback_parts(job_id, run, mode)]

    def give_up(self, job_id: str, run: int) -> None:
        """End a run that `__call__` has failed to end for long: without its list, so that a new request can go on."""
        self._jobs.end_rollback(job_id, run, RollbackStatus.FAILED, self._clock())

    def _after_looking(self, job: ImportJob, rollback: Rollback) -> AfterPass:
        if rollback.dry_run:
            self._end(job, rollback, RollbackStatus.COMPLETED)
            return AfterPass.END
        if rollback.on_conflict is OnConflict.ABORT and rollback.counts.kept:
            self._end(job, rollback, RollbackStatus.ABORTED)
            return AfterPass.END
        self._jobs.start_rollback_writes(job.id, rollback.run, self._clock())
        return AfterPass.WRITE

    def _after_writing(self, job: ImportJob, rollback: Rollback) -> AfterPass:
        segment = import_segment_id(job)
        if segment:

            def has_member(ids: Sequence[str]) -> bool:
                # Lists of other imports name contacts that have gone since.
                found = self._contacts.find_by_ids(job.tenant, ids)
                return any(segment in contact.segments for contact in found.values())

            self._segments.remove_members(job.tenant, segment, job.id)
            self._segments.remove_if_empty(job.tenant, segment, job.id, has_member=has_member)
        self._end(job, rollback, RollbackStatus.COMPLETED)
        return AfterPass.END

    def _end(self, job: ImportJob, rollback: Rollback, status: RollbackStatus, *, errors: int = 0) -> None:
        self._jobs.end_rollback(job.id, rollback.run, status, self._clock(), errors)
