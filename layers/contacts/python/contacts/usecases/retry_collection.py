"""Put the contacts of a bulk create job into its collection after all."""

from __future__ import annotations

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_job import BulkJob, BulkKind, final_status
from contacts.domain.errors import Conflict
from contacts.ports import Clock
from contacts.usecases.fill_collection import FillCollection
from contacts.usecases.own_bulk_job import Caller, own_bulk_job


class RetryCollection:
    """Runs the collection step again. Where it went well before, nothing changes."""

    def __init__(self, *, jobs: BulkJobStore, fill_collection: FillCollection, clock: Clock) -> None:
        self._jobs = jobs
        self._fill_collection = fill_collection
        self._clock = clock

    def __call__(self, caller: Caller, job_id: str) -> BulkJob:
        """Fill the collection, with the rights that the caller has now, and return the job as it is then.

        Raises:
            NotFound: there is no such job, or its collection is gone.
            Forbidden: the job is not the caller's, or the caller may not change the collection's items.
            Conflict: the job has no collection, or it runs.
        """
        job = own_bulk_job(self._jobs, BulkKind.CREATE, caller, job_id, self._clock())
        if job.collection_id is None:
            raise Conflict("this job was started without a collection", code="NO_COLLECTION")
        if job.is_open:
            raise Conflict("the job still creates contacts", code="JOB_NOT_ENDED")
        if job.collection_problem is None:
            return job
        # A job that was given up has slices without a record: they count as failed.
        self._fill_collection(job, self._jobs.slices(job.id), caller.user, is_admin=caller.is_admin)
        lifted = self._jobs.settle_collection(job.id, final_status(job.counts), self._clock())
        return lifted or own_bulk_job(self._jobs, BulkKind.CREATE, caller, job_id, self._clock())
