"""Start to create many contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contacts.bulk_ports import CollectionStore
from contacts.domain.bulk_entries import CreateEntry, find_duplicates
from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.seeded_ids import seeded_uuid
from contacts.domain.tracking_key import tracking_key
from contacts.ports import Clock, FileStore
from contacts.usecases.bulk_slices import store_entries
from contacts.usecases.own_collection import editable_collection
from contacts.usecases.submit_bulk_job import SubmitBulkJob


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkCreateRequest:
    """Contacts to create, each checked already. `is_admin` says whether the user may do what others may not."""

    tenant: str
    user: str
    is_admin: bool
    entries: Sequence[CreateEntry]
    collection_id: str | None = None
    client_source: str | None = None
    client_reference_id: str | None = None


class StartBulkCreate:
    """Makes a job and sends its first slices. With the same seed it makes the same job, and finishes what an earlier
    try left half done."""

    def __init__(
        self,
        *,
        collections: CollectionStore,
        files: FileStore,
        submit: SubmitBulkJob,
        clock: Clock,
    ) -> None:
        self._collections = collections
        self._files = files
        self._submit = submit
        self._clock = clock

    @staticmethod
    def job_id(seed: str) -> str:
        """The id of the job that a start with this seed makes."""
        return seeded_uuid(BulkKind.CREATE, seed)

    def __call__(self, request: BulkCreateRequest, seed: str) -> BulkJob:
        """Start, and return the job as it was accepted. Nothing is stored where it refuses.

        Raises:
            NotFound: the tenant has no such collection.
            Forbidden: the user may not change the collection's items.
        """
        if request.collection_id is not None:
            editable_collection(
                self._collections, request.tenant, request.collection_id, request.user, is_admin=request.is_admin
            )
        job_id = self.job_id(seed)
        total = store_entries(
            self._files, request.tenant, job_id, [entry.to_record() for entry in find_duplicates(request.entries)]
        )
        # Read late: jobs stand in the tenant's line by this time, and storing the entries may have taken a while.
        now = self._clock()
        job = BulkJob(
            id=job_id,
            kind=BulkKind.CREATE,
            tenant=request.tenant,
            created_by=request.user,
            created_at=now,
            changed_at=now,
            tracking_key=tracking_key(job_id, request.client_source, request.client_reference_id),
            total=total,
            client_source=request.client_source,
            client_reference_id=request.client_reference_id,
            collection_id=request.collection_id,
            collection_editor=request.is_admin,
        )
        self._submit(job)
        return job
