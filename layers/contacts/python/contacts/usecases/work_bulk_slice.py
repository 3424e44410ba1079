"""What a worker does with a message that names a slice, and what is done when no worker could."""

from __future__ import annotations

from typing import Protocol

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_job import BulkJob, BulkKind, BulkStatus, waiting_slice
from contacts.ports import Clock
from contacts.usecases.bulk_slices import SliceItems
from contacts.usecases.dispatch_slices import DispatchSlices
from contacts.usecases.end_bulk_slice import EndBulkSlice
from contacts.usecases.finish_bulk_job import FinishBulkJob
from contacts.usecases.unit_of_work import UnitSealedError


class SliceWork(Protocol):
    """What one kind of job does with a slice. Both tell what became of its entries."""

    def run(self, job: BulkJob, slice_: int) -> SliceItems: ...

    def close(self, job: BulkJob, slice_: int) -> SliceItems: ...


class WorkBulkSlice:
    """Brings a slice to its end, and the job with its last one, and sends the tenant's next ones."""

    def __init__(
        self,
        *,
        kind: BulkKind,
        work: SliceWork,
        end_slice: EndBulkSlice,
        jobs: BulkJobStore,
        finish: FinishBulkJob,
        dispatch: DispatchSlices,
        clock: Clock,
    ) -> None:
        self._kind = kind
        self._work = work
        self._end_slice = end_slice
        self._jobs = jobs
        self._finish = finish
        self._dispatch = dispatch
        self._clock = clock

    def __call__(self, job_id: str, slice_: int) -> bool:
        """Carry the slice out; False where nothing was left to do. Delivered again, it goes on where it stopped."""
        job = self._jobs.find_job(self._kind, job_id)
        if job is None:
            return False
        fresh = job.is_workable and not self._jobs.has_slice(job.id, slice_)
        if fresh:
            if job.status is BulkStatus.QUEUED:
                self._jobs.start_job(job.id, self._clock())
            try:
                self._end_slice(job, slice_, self._work.run, reconciled=False)
            except UnitSealedError:
                # Somebody closes it, and comes again until that is done.
                fresh = False
        self._go_on(job, slice_, for_good=False)
        return fresh

    def close(self, job_id: str, slice_: int) -> bool:
        """End a slice that no worker could end; False where nothing was left to do.

        Raises:
            UnitStillWrittenError: a worker may still be at it. None will begin any more; call again in a few minutes.
        """
        job = self._jobs.find_job(self._kind, job_id)
        if job is None:
            return False
        fresh = job.is_workable and not self._jobs.has_slice(job.id, slice_)
        if fresh:
            self._end_slice(job, slice_, self._work.close, reconciled=True)
        self._go_on(job, slice_, for_good=True)
        return fresh

    def _go_on(self, job: BulkJob, slice_: int, *, for_good: bool) -> None:
        """Also where the slice was done before: whoever did it may have died right after."""
        if not job.is_open:
            # One that was given up may have left slices in the line, where they stand in the others' way.
            self._jobs.leave_line(waiting_slice(job, slice_))
        # Before the end of the job, so that its trouble keeps no other one waiting.
        self._dispatch(job.tenant)
        current = self._jobs.find_job(self._kind, job.id)
        if current is not None and current.is_open and current.is_done:
            self._finish(current, for_good=for_good)
