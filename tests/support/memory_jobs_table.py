"""The jobs of all kinds in one dictionary, as they share one table: what the in-memory job stores stand on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

from contacts.domain.bulk_job import LISTED_FOR, BulkJob
from contacts.domain.export_job import EXPORT_KIND, KEPT_AFTER_EXPIRY, ExportJob
from contacts.domain.import_job import ImportJob
from contacts.domain.jobs import IMPORT_KIND, Job
from contacts.domain.paging import Page
from contacts.domain.rollback import RollbackStatus
from contacts.ports import Clock, OpenJob


class MemoryJobsTable:
    """Give one to several stores and `MemoryJobStore` lists the jobs of all. Without a clock nothing expires."""

    def __init__(self, *, clock: Clock | None = None, retention_days: int = 90) -> None:
        self._clock = clock
        self._retention = timedelta(days=retention_days)
        self.lock = threading.RLock()
        self.jobs: dict[str, Job] = {}

    def create(self, job: Job) -> bool:
        with self.lock:
            if self.find(job.id) is not None:
                return False
            self.jobs[job.id] = job
            return True

    def find(self, job_id: str) -> Job | None:
        """The job of any kind, unless it has expired."""
        job = self.jobs.get(job_id)
        return None if job is None or self._is_over(job) else job

    def is_expired(self, at: str, kept_for: timedelta | None = None) -> bool:
        """Whether something from then has outlived its time: by default that of an import."""
        if self._clock is None:
            return False
        kept_for = self._retention if kept_for is None else kept_for
        return datetime.fromisoformat(at) + kept_for <= datetime.fromisoformat(self._clock())

    def open_jobs(self, changed_before: str) -> Iterator[OpenJob]:
        with self.lock:
            jobs = sorted(self.jobs.values(), key=lambda job: job.changed_at)
        for job in jobs:
            if job.changed_at < changed_before and is_watched(job):
                yield OpenJob(job.id, job.changed_at, kind_of(job))

    def list_jobs(
        self,
        tenant: str,
        *,
        limit: int,
        position: str | None = None,
        status: str | None = None,
        kind: str | None = None,
    ) -> Page[Job]:
        with self.lock:
            jobs = {
                f"{job.created_at}#{job.id}": job
                for job in self.jobs.values()
                if job.tenant == tenant
                and not self._is_over(job)
                and status in {None, job.status.value}
                and kind in {None, kind_of(job)}
            }
        keys = sorted((key for key in jobs if position is None or key < position), reverse=True)
        taken = keys[:limit]
        return Page([jobs[key] for key in taken], taken[-1] if len(keys) > limit else None)

    def _is_over(self, job: Job) -> bool:
        if isinstance(job, ExportJob):
            return self.is_expired(job.expires_at, KEPT_AFTER_EXPIRY)
        return self.is_expired(job.changed_at, LISTED_FOR if isinstance(job, BulkJob) else None)


def kind_of(job: Job) -> str:
    if isinstance(job, BulkJob):
        return job.kind.value
    return EXPORT_KIND if isinstance(job, ExportJob) else IMPORT_KIND


def is_rolling(job: ImportJob) -> bool:
    return job.rollback is not None and job.rollback.status is RollbackStatus.RUNNING


def is_watched(job: Job) -> bool:
    """Whether the sweeper has something to look after."""
    if isinstance(job, BulkJob):
        return job.is_open
    return not job.announced or (isinstance(job, ImportJob) and is_rolling(job))
