"""Look after a bulk job that a crash left behind, and after its tenant's line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_job import BulkJob, BulkKind, WaitingSlice
from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE
from contacts.usecases.dispatch_slices import LINE_IN_SIGHT, MAX_SENDINGS, DispatchSlices
from contacts.usecases.finish_bulk_job import FinishBulkJob
from contacts.usecases.sweep_jobs import Closing, Found, Mended, Shared
from contacts.usecases.work_bulk_slice import WorkBulkSlice

#: Longer than a message can be on its way: five deliveries, each invisible for six minutes (template, slice queues).
#: After it the message has led to a record, has ended in the dead-letter queue, or was never sent.
OVERDUE_AFTER = timedelta(minutes=35)


class MendBulkJob:
    """Sends slices again that got lost, closes those that nobody could end, and with them the job."""

    def __init__(
        self,
        *,
        jobs: BulkJobStore,
        workers: Mapping[BulkKind, WorkBulkSlice],
        finish: FinishBulkJob,
        dispatch: DispatchSlices,
    ) -> None:
        self._jobs = jobs
        self._workers = workers
        self._finish = finish
        self._dispatch = dispatch

    def __call__(self, kind: BulkKind, job_id: str, now: datetime) -> Iterator[Found]:
        job = self._jobs.find_job(kind, job_id)
        if job is None or not job.is_open:
            return
        if job.given_up_at is not None:
            if datetime.fromisoformat(job.given_up_at) < now - SLICE_WORKER_LIFE:
                self._finish.end_given_up(job)
                yield Mended.CLOSED
        elif job.is_done:
            yield Closing(
                job_id=job.id, what="job", close=partial(self._finish, job), give_up=partial(self._give_up, job)
            )
        # Whatever is on its way there, this job waits behind it. Where a hundred of its jobs do, one look suffices.
        yield Shared(name=f"line of {job.tenant}", mend=partial(self._mend_line, job.tenant, now))

    def _mend_line(self, tenant: str, now: datetime) -> Iterator[Mended | Closing]:
        trouble: Exception | None = None
        for waiting in self._jobs.line(tenant, LINE_IN_SIGHT):
            if waiting.sent_at is None or not _is_overdue(waiting.sent_at, now):
                continue
            try:
                yield from self._mend_slice(waiting)
            except Exception as error:  # noqa: BLE001 - other slices, often other jobs', must not wait for this one
                trouble = trouble or error
        if self._dispatch(tenant):
            yield Mended.STARTED
        if trouble is not None:
            raise trouble

    def _mend_slice(self, waiting: WaitingSlice) -> Iterator[Mended | Closing]:
        job = self._jobs.find_job(waiting.kind, waiting.job_id)
        if job is None or not job.is_open:
            self._jobs.leave_line(waiting)
        elif job.given_up_at is not None:
            return  # it leaves the line with its job
        elif waiting.sendings >= MAX_SENDINGS:
            yield Closing(
                job_id=job.id,
                what=f"slice {waiting.slice}",
                close=partial(self._workers[waiting.kind].close, job.id, waiting.slice),
                give_up=partial(self._give_up, job),
            )
        elif self._dispatch.send([waiting]):
            yield Mended.STARTED

    def _give_up(self, job: BulkJob) -> None:
        """In two steps: other slices' messages may be on their way, and workers at them. None begins after the first
        step; the second is taken by a later sweep, when those have ended that had begun."""
        self._finish.give_up(job)


def _is_overdue(sent_at: str, now: datetime) -> bool:
    return datetime.fromisoformat(sent_at) < now - OVERDUE_AFTER
