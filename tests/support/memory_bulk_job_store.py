"""A `BulkJobStore` in dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from contacts.domain.bulk_job import (
    LISTED_FOR,
    BulkCounts,
    BulkJob,
    BulkKind,
    BulkStatus,
    SliceRecord,
    WaitingSlice,
    line_of,
    waiting_slice,
)
from contacts.domain.errors import Problem
from contacts.ports import Clock
from tests.support.memory_jobs_table import MemoryJobsTable


class MemoryBulkJobStore:
    """Without a clock nothing expires.

    For tests that look inside, `records` holds (job, slice) -> record, and `lines` the waiting slices by (tenant,
    position); each stands beside the time from which it expires.
    """

    def __init__(self, *, clock: Clock | None = None, table: MemoryJobsTable | None = None) -> None:
        self._table = table or MemoryJobsTable(clock=clock)
        self._lock = self._table.lock
        self.jobs = self._table.jobs
        self.records: dict[tuple[str, int], tuple[SliceRecord, str]] = {}
        self.lines: dict[tuple[str, str], tuple[WaitingSlice, str]] = {}

    def create_job(self, job: BulkJob) -> bool:
        with self._lock:
            if not self._table.create(job):
                return False
            self.lines |= {(job.tenant, each.position): (each, job.changed_at) for each in line_of(job)}
            return True

    def find_job(self, kind: BulkKind, job_id: str) -> BulkJob | None:
        job = self._find(job_id)
        return job if job is not None and job.kind is kind else None

    def start_job(self, job_id: str, at: str) -> None:
        with self._lock:
            job = self._find(job_id)
            if job is not None and job.status is BulkStatus.QUEUED:
                self._keep(replace(job, status=BulkStatus.PROCESSING, started_at=at, changed_at=at))

    def record_slice(self, job: BulkJob, record: SliceRecord, at: str) -> bool:
        with self._lock:
            current = self._find_open(job.id)
            if current is None or self.has_slice(job.id, record.slice):
                return False
            self.records[job.id, record.slice] = (record, at)
            self.lines.pop((job.tenant, waiting_slice(job, record.slice).position), None)
            counts = _sum(current.counts, record.counts)
            self._keep(replace(current, counts=counts, slices_done=current.slices_done + 1, changed_at=at))
            return True

    def has_slice(self, job_id: str, slice_: int) -> bool:
        record = self.records.get((job_id, slice_))
        return record is not None and not self._is_over(record[1])

    def slices(self, job_id: str) -> Sequence[int]:
        with self._lock:
            return sorted(slice_ for job, slice_ in self.records if job == job_id and self.has_slice(job, slice_))

    def close_job(
        self, job_id: str, status: BulkStatus, at: str, *, problem: Problem | None = None, lost: int = 0
    ) -> BulkJob | None:
        with self._lock:
            job = self._find_open(job_id)
            if job is None:
                return None
            counts = _sum(job.counts, BulkCounts(failed=lost))
            closed = replace(job, status=status, counts=counts, completed_at=at, changed_at=at)
            return self._keep(replace(closed, collection_problem=problem))

    def give_up_job(self, job_id: str, at: str) -> None:
        with self._lock:
            job = self._find_open(job_id)
            if job is not None:
                self._keep(replace(job, given_up_at=job.given_up_at or at, changed_at=at))

    def settle_collection(self, job_id: str, status: BulkStatus, at: str) -> BulkJob | None:
        with self._lock:
            job = self._find(job_id)
            if job is None or job.is_open or job.collection_problem is None:
                return None
            return self._keep(replace(job, status=status, collection_problem=None, changed_at=at))

    def line(self, tenant: str, limit: int) -> Sequence[WaitingSlice]:
        with self._lock:
            positions = sorted(
                key for key, (_, since) in self.lines.items() if key[0] == tenant and not self._is_over(since)
            )
            return [self.lines[key][0] for key in positions[:limit]]

    def mark_sent(self, waiting: WaitingSlice, at: str) -> bool:
        with self._lock:
            key = (waiting.tenant, waiting.position)
            if key not in self.lines or self.lines[key][0].sendings != waiting.sendings:
                return False
            current, since = self.lines[key]
            self.lines[key] = (replace(current, sendings=current.sendings + 1, sent_at=at), since)
            return True

    def unmark_sent(self, waiting: WaitingSlice, at: str) -> None:
        with self._lock:
            key = (waiting.tenant, waiting.position)
            current, since = self.lines.get(key, (None, ""))
            if current == replace(waiting, sendings=waiting.sendings + 1, sent_at=at):
                self.lines[key] = (waiting, since)

    def leave_line(self, waiting: WaitingSlice) -> None:
        with self._lock:
            self.lines.pop((waiting.tenant, waiting.position), None)

    def _find(self, job_id: str) -> BulkJob | None:
        job = self._table.find(job_id)
        return job if isinstance(job, BulkJob) else None

    def _find_open(self, job_id: str) -> BulkJob | None:
        job = self._find(job_id)
        return job if job is not None and job.is_open else None

    def _keep(self, job: BulkJob) -> BulkJob:
        self.jobs[job.id] = job
        return job

    def _is_over(self, since: str) -> bool:
        return self._table.is_expired(since, LISTED_FOR)


def _sum(one: BulkCounts, other: BulkCounts) -> BulkCounts:
    return BulkCounts(
        succeeded=one.succeeded + other.succeeded,
        skipped=one.skipped + other.skipped,
        failed=one.failed + other.failed,
        not_found=one.not_found + other.not_found,
        forbidden=one.forbidden + other.forbidden,
    )
