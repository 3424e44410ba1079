"""A `JobStore` in a dictionary."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from contacts.domain.import_job import OPEN_STATUSES, FileError, ImportJob, ImportStatus, PartRecord, StagedFile
from contacts.domain.paging import Page
from contacts.ports import Clock, OpenJob

KIND = "import"


class MemoryJobStore:
    """Without a clock nothing expires. `records` holds (job, part) -> record, for tests that look inside."""

    def __init__(self, *, clock: Clock | None = None, retention_days: int = 90) -> None:
        self._clock = clock
        self._retention = timedelta(days=retention_days)
        self._lock = threading.RLock()
        self.jobs: dict[str, ImportJob] = {}
        self.records: dict[tuple[str, int], tuple[PartRecord, str]] = {}

    def create_import(self, job: ImportJob) -> bool:
        with self._lock:
            if self.find_import(job.id) is not None:
                return False
            self.jobs[job.id] = job
            return True

    def find_import(self, job_id: str) -> ImportJob | None:
        job = self.jobs.get(job_id)
        return None if job is None or self._expired(job.changed_at) else job

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
        return record is not None and not self._expired(record[1])

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

    def open_jobs(self, changed_before: str) -> Iterator[OpenJob]:
        with self._lock:
            jobs = sorted(self.jobs.values(), key=lambda job: job.changed_at)
        for job in jobs:
            if job.changed_at < changed_before and not job.announced:
                yield OpenJob(job.id, job.changed_at)

    def list_jobs(
        self,
        tenant: str,
        *,
        limit: int,
        position: str | None = None,
        status: str | None = None,
        kind: str | None = None,
    ) -> Page[ImportJob]:
        with self._lock:
            jobs = {
                f"{job.created_at}#{job.id}": job
                for job in self.jobs.values()
                if job.tenant == tenant
                and not self._expired(job.changed_at)
                and status in {None, job.status.value}
                and kind in {None, KIND}
            }
        keys = sorted((key for key in jobs if position is None or key < position), reverse=True)
        taken = keys[:limit]
        return Page([jobs[key] for key in taken], taken[-1] if len(keys) > limit else None)

    def _find_open(self, job_id: str) -> ImportJob | None:
        job = self.find_import(job_id)
        return job if job is not None and job.status in OPEN_STATUSES else None

    def _find_processing(self, job_id: str) -> ImportJob | None:
        job = self.find_import(job_id)
        return job if job is not None and job.status is ImportStatus.PROCESSING else None

    def _keep(self, job: ImportJob) -> ImportJob:
        self.jobs[job.id] = job
        return job

    def _expired(self, changed_at: str) -> bool:
        if self._clock is None:
            return False
        return datetime.fromisoformat(changed_at) + self._retention <= datetime.fromisoformat(self._clock())
