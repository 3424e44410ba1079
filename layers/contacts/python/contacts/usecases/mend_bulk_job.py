"""Look after a bulk job that a crash left behind, and after its tenant's line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_job import BulkJob, BulkKind, WaitingSlice
from contacts.usecases.dispatch_slices import LINE_IN_SIGHT, DispatchSlices
from contacts.usecases.finish_bulk_job import FinishBulkJob
from contacts.usecases.sweep_jobs import GIVE_UP_AFTER, Mended
from contacts.usecases.unit_of_work import UnitStillWrittenError
from contacts.usecases.work_bulk_slice import WorkBulkSlice

#: Longer than a message can be on its way: five deliveries, each invisible for six minutes (template, slice queues).
#: After it the message has led to a record, has ended in the dead-letter queue, or was never sent.
OVERDUE_AFTER = timedelta(minutes=35)
#: How often a slice is sent before it is closed from what is there.
MAX_SENDINGS = 3


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

    def __call__(self, kind: BulkKind, job_id: str, now: datetime) -> Iterator[Mended]:
        job = self._jobs.find_job(kind, job_id)
        if job is None or not job.is_open:
            return
        if job.is_done:
            with self._or_give_up(job, now):
                self._finish(job, for_good=_is_hopeless(job, now))
            yield Mended.CLOSED
        yield from self._mend_line(job.tenant, now)

    def _mend_line(self, tenant: str, now: datetime) -> Iterator[Mended]:
        """All of the tenant that is on its way: whatever it is, this job waits behind it."""
        trouble: Exception | None = None
        for waiting in self._jobs.line(tenant, LINE_IN_SIGHT):
            if waiting.sent_at is None or not _is_overdue(waiting.sent_at, now):
                continue
            try:
                yield from self._mend_slice(waiting, now)
            except Exception as error:  # noqa: BLE001 - other slices, often other jobs', must not wait for this one
                trouble = trouble or error
        if self._dispatch(tenant):
            yield Mended.STARTED
        if trouble is not None:
            raise trouble

    def _mend_slice(self, waiting: WaitingSlice, now: datetime) -> Iterator[Mended]:
        job = self._jobs.find_job(waiting.kind, waiting.job_id)
        if job is None or not job.is_open:
            self._jobs.leave_line(waiting)
        elif waiting.sendings >= MAX_SENDINGS:
            try:
                with self._or_give_up(job, now):
                    self._workers[waiting.kind].close(waiting.job_id, waiting.slice)
            except UnitStillWrittenError:
                # Sealed, and overdue still: the next sweep closes it.
                return
            yield Mended.CLOSED
        elif self._dispatch.send([waiting]):
            yield Mended.STARTED

    @contextmanager
    def _or_give_up(self, job: BulkJob, now: datetime) -> Iterator[None]:
        """Try; what fails is told either way, and ended without its lists where nothing has gone on for long."""
        try:
            yield
        except UnitStillWrittenError:
            raise
        except Exception:
            if _is_hopeless(job, now):
                self._finish.give_up(job)
            raise


def _is_overdue(sent_at: str, now: datetime) -> bool:
    return datetime.fromisoformat(sent_at) < now - OVERDUE_AFTER


def _is_hopeless(job: BulkJob, now: datetime) -> bool:
    return datetime.fromisoformat(job.changed_at) < now - GIVE_UP_AFTER
