"""Close a bulk job whose slices are all done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_entries import DeleteOutcome
from contacts.domain.bulk_job import BulkJob, BulkKind, final_status, line_of
from contacts.domain.errors import DomainError, Problem
from contacts.domain.object_keys import deletions_key
from contacts.ports import Clock, FileStore
from contacts.usecases.bulk_slices import load_delete_outcomes
from contacts.usecases.fill_collection import FillCollection

#: Code of a job whose collection could not be filled because of a fault of ours.
COLLECTION_NOT_FILLED = "COLLECTION_NOT_FILLED"


class FinishBulkJob:
    """Called by whoever finds all slices done, by several at once too; every step can be repeated."""

    def __init__(
        self,
        *,
        jobs: BulkJobStore,
        files: FileStore,
        fill_collection: FillCollection,
        clock: Clock,
        on_error: Callable[[str, Exception], None],
    ) -> None:
        """`on_error` is told of trouble that a job ends in spite of: its id, and the exception."""
        self._jobs = jobs
        self._files = files
        self._fill_collection = fill_collection
        self._clock = clock
        self._on_error = on_error

    def __call__(self, job: BulkJob, *, for_good: bool = False) -> BulkJob | None:
        """Do what comes last, and end the job; None where somebody else has.

        Args:
            job: as it is, all slices done.
            for_good: whether nobody will try again: then trouble on our side leaves a problem and not an open job.
        """
        problem = None
        if job.kind is BulkKind.CREATE:
            problem = self._fill(job, for_good=for_good)
        else:
            self._files.put(deletions_key(job.tenant, job.id), orjson.dumps(self._deletions(job)))
        status = final_status(job.counts, problem)
        return self._jobs.close_job(job.id, status, self._clock(), problem=problem)

    def give_up(self, job: BulkJob) -> None:
        """Keep everybody from a job that can't be closed: workers who begin with a slice of it from now on, and who
        close one, do nothing. When those have ended that had begun, `end_given_up` ends the job."""
        self._jobs.give_up_job(job.id, self._clock())

    def end_given_up(self, job: BulkJob) -> None:
        """End a job that was given up a worker's life ago, without its last slices and lists: their entries have
        failed. What is left of it goes out of the line."""
        current = self._jobs.find_job(job.kind, job.id)
        if current is not None and current.is_open:
            self._close_without_lists(current)
        for waiting in line_of(job):
            self._jobs.leave_line(waiting)

    def _close_without_lists(self, job: BulkJob) -> None:
        lost = job.total - job.counts.processed
        problem = Problem(COLLECTION_NOT_FILLED, _NOT_FILLED, "collectionId") if job.collection_id else None
        status = final_status(replace(job.counts, failed=job.counts.failed + lost), problem)
        self._jobs.close_job(job.id, status, self._clock(), problem=problem, lost=lost)

    def _fill(self, job: BulkJob, *, for_good: bool) -> Problem | None:
        if job.collection_id is None:
            return None
        try:
            slices = self._jobs.slices(job.id)
            self._fill_collection(job, slices, job.created_by, is_admin=job.collection_editor)
        except DomainError as refusal:
            return Problem(refusal.code, refusal.message, "collectionId")
        except Exception as error:
            if not for_good:
                raise
            self._on_error(job.id, error)
            return Problem(COLLECTION_NOT_FILLED, _NOT_FILLED, "collectionId")
        return None

    def _deletions(self, job: BulkJob) -> dict[str, Any]:
        """The outcome of a clean-up as operators find it, in one object."""
        items: list[DeleteOutcome] = []
        for slice_ in range(job.slices):
            outcomes = load_delete_outcomes(self._files, job, slice_)
            if outcomes is None:
                raise FileNotFoundError(f"slice {slice_} of job {job.id} has left no outcomes")
            items += outcomes
        return {
            "jobId": job.id,
            "bulkCreateJobId": job.create_job_id,
            "trackingKey": job.tracking_key,
            "dryRun": job.dry_run,
            "createdBy": job.created_by,
            "createdAt": job.created_at,
            "totalCount": job.total,
            "items": [
                {
                    "contactId": item.contact_id,
                    "outcome": item.outcome.value,
                    "edited": item.edited,
                    "code": item.code,
                }
                for item in items
            ],
        }


_NOT_FILLED = "the contacts are there, but could not be put into the collection because of a fault on our side"
