"""An `ExportJobStore` in a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contacts.domain.errors import Problem
from contacts.domain.export_job import ExportFile, ExportJob, ExportStatus
from contacts.ports import Clock
from tests.support.memory_jobs_table import MemoryJobsTable


class MemoryExportJobStore:
    """Without a clock nothing expires."""

    def __init__(self, *, clock: Clock | None = None, table: MemoryJobsTable | None = None) -> None:
        self._table = table or MemoryJobsTable(clock=clock)
        self._lock = self._table.lock
        self.jobs = self._table.jobs

    def create_export(self, job: ExportJob) -> bool:
        return self._table.create(job)

    def find_export(self, job_id: str) -> ExportJob | None:
        job = self._table.find(job_id)
        return job if isinstance(job, ExportJob) else None

    def begin_attempt(self, job_id: str, at: str) -> ExportJob | None:
        with self._lock:
            job = self._find_open(job_id)
            if job is None:
                return None
            begun = replace(job, status=ExportStatus.PROCESSING, attempt=job.attempt + 1, processed=0)
            return self._keep(replace(begun, started_at=job.started_at or at, changed_at=at))

    def report_progress(self, job_id: str, attempt: int, processed: int, at: str) -> bool:
        with self._lock:
            job = self._find_attempt(job_id, attempt)
            if job is None:
                return False
            self._keep(replace(job, processed=processed, changed_at=at))
            return True

    def complete_export(self, job_id: str, attempt: int, file: ExportFile, total: int, at: str) -> ExportJob | None:
        with self._lock:
            job = self.find_export(job_id)
            if job is not None and job.status is ExportStatus.COMPLETED and (job.attempt, job.file) == (attempt, file):
                return job
            job = self._find_attempt(job_id, attempt)
            if job is None:
                return None
            done = replace(job, status=ExportStatus.COMPLETED, file=file, total=total, processed=total)
            return self._keep(replace(done, completed_at=at, changed_at=at))

    def fail_export(self, job_id: str, problem: Problem, at: str) -> ExportJob | None:
        with self._lock:
            job = self._find_open(job_id)
            if job is None:
                return None
            return self._keep(replace(job, status=ExportStatus.FAILED, problem=problem, completed_at=at, changed_at=at))

    def mark_export_announced(self, job_id: str, at: str) -> None:
        with self._lock:
            job = self.find_export(job_id)
            if job is not None and not job.is_open and not job.announced:
                self._keep(replace(job, announced=True, changed_at=at))

    def expired_exports(self, now: str) -> Iterator[str]:
        with self._lock:
            expired = [job for job in self.jobs.values() if isinstance(job, ExportJob) and job.is_expired(now)]
        yield from [job.id for job in sorted(expired, key=lambda job: job.expires_at)]

    def remove_export(self, job_id: str, now: str) -> bool:
        with self._lock:
            job = self.jobs.get(job_id)
            if not isinstance(job, ExportJob) or job.is_open or not job.is_expired(now):
                return False
            del self.jobs[job_id]
            return True

    def _find_open(self, job_id: str) -> ExportJob | None:
        job = self.find_export(job_id)
        return job if job is not None and job.is_open else None

    def _find_attempt(self, job_id: str, attempt: int) -> ExportJob | None:
        job = self.find_export(job_id)
        latest = job is not None and job.status is ExportStatus.PROCESSING and job.attempt == attempt
        return job if latest else None

    def _keep(self, job: ExportJob) -> ExportJob:
        self.jobs[job.id] = job
        return job
