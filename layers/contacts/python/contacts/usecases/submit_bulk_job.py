"""Accept a bulk job: store it and send its first slices."""

from __future__ import annotations

from collections.abc import Callable

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_job import BulkJob
from contacts.usecases.dispatch_slices import DispatchSlices


class SubmitBulkJob:
    """A job that is stored is accepted, whatever comes of the sending: the sweeper sends what waits in a line."""

    def __init__(
        self, *, jobs: BulkJobStore, dispatch: DispatchSlices, on_not_dispatched: Callable[[str, Exception], None]
    ) -> None:
        """`on_not_dispatched` is told which job could not be sent, and why."""
        self._jobs = jobs
        self._dispatch = dispatch
        self._on_not_dispatched = on_not_dispatched

    def __call__(self, job: BulkJob) -> None:
        """Store and send. Where the job is there already, an earlier try with its seed made it, and may have died
        before the sending."""
        self._jobs.create_job(job)
        try:
            self._dispatch(job.tenant)
        except Exception as error:  # noqa: BLE001 - whatever it is, it takes nothing back; it is told
            self._on_not_dispatched(job.id, error)
