"""A `JobStore` in a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contacts.domain.import_job import OPEN_STATUSES, FileError, ImportJob, ImportStatus, PartRecord, StagedFile
from contacts.domain.jobs import Job
from contacts.domain.paging import Page
from contacts.domain.rollback import Rollback, RollbackCounts, RollbackMode, RollbackPart, RollbackStatus
from contacts.ports import Clock, OpenJob
from tests.support.memory_jobs_table import MemoryJobsTable, is_rolling

_DONE = frozenset({ImportStatus.COMPLETED, ImportStatus.FAILED})


class MemoryJobStore:
    """Without a clock nothing expires. Shares its table with the stores of other kinds of jobs where one is given.

    For tests that look inside, `records` holds (job, part) -> record, and `rollback_records` those of rollbacks by
    (job, run, mode, part); each stands beside the time when it was written.
    """

    def __init__(
        self, *, clock: Clock | None = None, retention_days: int = 90, table: MemoryJobsTable | None = None
    ) -> None:
        self._table = table or MemoryJobsTable(clock=clock, retention_days=retention_days)
        self._lock = self._table.lock
        self.jobs = self._table.jobs
        self.records: dict[tuple[str, int], tuple[PartRecord, str]] = {}
        self.rollback_records: dict[tuple[str, int, RollbackMode, int], tuple[RollbackPart, str]] = {}

    def create_import(self, job: ImportJob) -> bool:
        return self._table.create(job)

    def find_import(self, job_id: str) -> ImportJob | None:
        job = self._table.find(job_id)
        return job if isinstance(job, ImportJob) else None

    def start_processing(self, job_id: str, at: str) -> ImportJob | None:
        with self._lock:
            job = self._find_open(job_id)
            if job is None or job.status is ImportStatus.PROCESSING:
                return job
            return self._keep(replace(job, status=ImportStatus.PROCESSING, started_at=at, changed_at=at))

    def record_staged(self, job_id: str, staged: StagedFile, at: str) -> bool:
        with self._lock:
            job = self._find_processing(job_id)
            if job is None or job.staged is not None:
                return False
            self._keep(replace(job, staged=staged, counts=job.counts + staged.rejected, changed_at=at))
            return True

    def record_part(self, job_id: str, part: PartRecord, at: str) -> bool:
        with self._lock:
            job = self._find_processing(job_id)
            if job is None or self.has_part(job_id, part.part):
                return False
            self.records[job_id, part.part] = (part, at)
            self._keep(replace(job, counts=job.counts + part.counts, changed_at=at))
            return True

    def has_part(self, job_id: str, part: int) -> bool:
        record = self.records.get((job_id, part))
        return record is not None and not self._table.is_expired(record[1])

    def parts(self, job_id: str) -> Iterator[PartRecord]:
        with self._lock:
            found = sorted(key for key in self.records if key[0] == job_id and self.has_part(*key))
            records = [self.records[key][0] for key in found]
        yield from records

    def close_import(
        self, job_id: str, status: ImportStatus, at: str, error: FileError | None = None
    ) -> ImportJob | None:
        with self._lock:
            job = self._find_open(job_id)
            if job is None:
                return None
            return self._keep(replace(job, status=status, completed_at=at, changed_at=at, file_error=error))

    def mark_announced(self, job_id: str, at: str) -> None:
        with self._lock:
            job = self.find_import(job_id)
            if job is not None and not job.is_open and not job.announced:
                self._keep(replace(job, announced=True, changed_at=at))

    def start_rollback(self, job_id: str, rollback: Rollback, at: str) -> ImportJob | None:
        with self._lock:
            job = self.find_import(job_id)
            if job is None:
                return None
            if job.rollback is not None and _same_request(job.rollback, rollback):
                return job
            return self._begin_run(job, rollback, at) if rollback.attempt == 1 else self._go_on(job, rollback, at)

    def start_rollback_writes(self, job_id: str, run: int, at: str) -> bool:
        with self._lock:
            job = self._find_rolling(job_id, run)
            if job is None or job.rollback is None:
                return False
            if job.rollback.mode is RollbackMode.LOOK:
                writing = replace(job.rollback, mode=RollbackMode.WRITE, counts=RollbackCounts())
                self._keep(replace(job, status=ImportStatus.ROLLING_BACK, rollback=writing, changed_at=at))
            return True

    def record_rollback_part(self, job_id: str, part: RollbackPart, at: str) -> bool:
        with self._lock:
            job = self._find_rolling(job_id, part.run)
            if job is None or job.rollback is None or job.rollback.mode is not part.mode:
                return False
            if self.has_rollback_part(job_id, part.run, part.mode, part.part):
                return False
            self.rollback_records[job_id, part.run, part.mode, part.part] = (part, at)
            counted = replace(job.rollback, counts=job.rollback.counts + part.counts)
            self._keep(replace(job, rollback=counted, changed_at=at))
            return True

    def has_rollback_part(self, job_id: str, run: int, mode: RollbackMode, part: int) -> bool:
        record = self.rollback_records.get((job_id, run, mode, part))
        return record is not None and not self._table.is_expired(record[1])

    def rollback_parts(self, job_id: str, run: int, mode: RollbackMode) -> Iterator[RollbackPart]:
        with self._lock:
            found = sorted(key for key in self.rollback_records if key[:3] == (job_id, run, mode))
            records = [self.rollback_records[key][0] for key in found if self.has_rollback_part(*key)]
        yield from records

    def end_rollback(self, job_id: str, run: int, status: RollbackStatus, at: str, errors: int = 0) -> ImportJob | None:
        with self._lock:
            job = self._find_rolling(job_id, run)
            if job is None or job.rollback is None:
                return None
            rollback = replace(
                job.rollback, status=status, counts=replace(job.rollback.counts, errors=errors), ended_at=at
            )
            ended = replace(job, rollback=rollback, changed_at=at)
            if status is RollbackStatus.COMPLETED and rollback.mode is RollbackMode.WRITE:
                ended = replace(ended, status=ImportStatus.ROLLED_BACK, rolled_back_at=at)
            return self._keep(ended)

    def open_jobs(self, changed_before: str) -> Iterator[OpenJob]:
        return self._table.open_jobs(changed_before)

    def list_jobs(
        self,
        tenant: str,
        *,
        limit: int,
        position: str | None = None,
        status: str | None = None,
        kind: str | None = None,
    ) -> Page[Job]:
        return self._table.list_jobs(tenant, limit=limit, position=position, status=status, kind=kind)

    def _begin_run(self, job: ImportJob, rollback: Rollback, at: str) -> ImportJob | None:
        last = job.rollback
        follows = last is None or last.status is not RollbackStatus.RUNNING
        if job.status not in _DONE or not follows or rollback.run != (last.run if last else 0) + 1:
            return None
        mode = rollback.starts_with
        begun = replace(rollback, status=RollbackStatus.RUNNING, mode=mode, counts=RollbackCounts(), ended_at=None)
        status = ImportStatus.ROLLING_BACK if mode is RollbackMode.WRITE else job.status
        return self._keep(replace(job, status=status, rollback=begun, changed_at=at))

    def _go_on(self, job: ImportJob, rollback: Rollback, at: str) -> ImportJob | None:
        last = job.rollback
        if job.status is not ImportStatus.ROLLING_BACK or last is None or last.status is not RollbackStatus.FAILED:
            return None
        if (last.run, last.attempt) != (rollback.run, rollback.attempt - 1):
            return None
        begun = replace(
            last,
            attempt=rollback.attempt,
            requested_by=rollback.requested_by,
            request=rollback.request,
            status=RollbackStatus.RUNNING,
            counts=replace(last.counts, errors=0),
            ended_at=None,
        )
        return self._keep(replace(job, rollback=begun, changed_at=at))

    def _find_open(self, job_id: str) -> ImportJob | None:
        job = self.find_import(job_id)
        return job if job is not None and job.status in OPEN_STATUSES else None

    def _find_processing(self, job_id: str) -> ImportJob | None:
        job = self.find_import(job_id)
        return job if job is not None and job.status is ImportStatus.PROCESSING else None

    def _find_rolling(self, job_id: str, run: int) -> ImportJob | None:
        job = self.find_import(job_id)
        return job if job and job.rollback and job.rollback.run == run and is_rolling(job) else None

    def _keep(self, job: ImportJob) -> ImportJob:
        self.jobs[job.id] = job
        return job


def _same_request(one: Rollback, other: Rollback) -> bool:
    return (one.run, one.attempt, one.request) == (other.run, other.attempt, other.request)
