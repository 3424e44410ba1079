"""What bulk jobs and collections ask of the world, as Protocols; see `ports`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from contacts.domain.bulk_job import BulkJob, BulkKind, BulkStatus, SliceRecord, WaitingSlice
from contacts.domain.collection import Collection
from contacts.domain.errors import Problem
from contacts.domain.paging import Page


class BulkJobStore(Protocol):
    """Bulk jobs, the records of their slices, and the line in which each tenant's slices wait. Status never goes back.

    A job stays for 90 days after its last change, as a summary line; `BulkJob.is_shown` tells whether it may still be
    asked for.
    """

    def create_job(self, job: BulkJob) -> bool:
        """Store a new job and put its slices into the tenant's line, both or neither; False if a job with this id is
        there already."""
        ...

    def find_job(self, kind: BulkKind, job_id: str) -> BulkJob | None:
        """The job; None where there is none of this kind. Strongly consistent."""
        ...

    def start_job(self, job_id: str, at: str) -> None:
        """Move a queued job to processing; one that is further stays as it is."""
        ...

    def record_slice(self, job: BulkJob, record: SliceRecord, at: str) -> bool:
        """Keep a slice's record, add its counts to the job's and take it out of the line, all or nothing, and once
        however often it is called. False if the record stands there already or the job has ended. Conflicts with
        other slices are tried again."""
        ...

    def has_slice(self, job_id: str, slice_: int) -> bool: ...

    def slices(self, job_id: str) -> Sequence[int]:
        """The numbers of all recorded slices, in order; strongly consistent."""
        ...

    def close_job(
        self, job_id: str, status: BulkStatus, at: str, *, problem: Problem | None = None, lost: int = 0
    ) -> BulkJob | None:
        """End an open job and return it; None if it has ended already or never was.

        `problem` says why its collection could not be filled. `lost` entries are added to those that failed.
        """
        ...

    def give_up_job(self, job_id: str, at: str) -> None:
        """Note that nobody may work on an open job from now on; see `BulkJob.given_up_at`. An earlier note stands."""
        ...

    def settle_collection(self, job_id: str, status: BulkStatus, at: str) -> BulkJob | None:
        """Note that the collection of an ended job is filled after all: its problem goes, and the job has this status.
        None where it has no such problem."""
        ...

    def line(self, tenant: str, limit: int) -> Sequence[WaitingSlice]:
        """The first slices of the tenant's line; strongly consistent."""
        ...

    def mark_sent(self, waiting: WaitingSlice, at: str) -> bool:
        """Note that this slice is about to be sent; False where somebody else does so, or it has left the line."""
        ...

    def unmark_sent(self, waiting: WaitingSlice, at: str) -> None:
        """Take back the mark that was set at that time for a slice as it was read before: its message did not go out.
        Does nothing where the slice has been marked anew or has left the line."""
        ...

    def leave_line(self, waiting: WaitingSlice) -> None:
        """Take a slice out of the line whose job has ended without it."""
        ...


class SliceQueue(Protocol):
    """Messages to the workers. They name a slice and hold nothing of it."""

    def send(self, waiting: Sequence[WaitingSlice]) -> None:
        """Send these slices, each to the workers of its kind; delivered at least once, in any order."""
        ...


class CollectionStore(Protocol):
    """Collections and what is in them."""

    def create_collection(self, collection: Collection) -> bool:
        """Store a new collection; False if one with this id is there already."""
        ...

    def find_collection(self, tenant: str, collection_id: str) -> Collection | None:
        """Strongly consistent."""
        ...

    def list_collections(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Collection]:
        """The tenant's collections, in the order of their ids."""
        ...

    def set_editors(self, tenant: str, collection_id: str, editors: Sequence[str]) -> Collection | None:
        """Replace the editors, and return the collection as it is then; None where there is none."""
        ...

    def put_items(self, tenant: str, collection_id: str, job: str, slice_: int, contact_ids: Sequence[str]) -> None:
        """Set what came into the collection with this slice of this job; the same call again changes nothing."""
        ...

    def items(self, tenant: str, collection_id: str, *, position: str | None = None) -> Page[str]:
        """Ids of contacts that were put in, up to 1,000 a page, each once. Some may be gone."""
        ...
