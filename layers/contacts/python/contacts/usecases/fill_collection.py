"""Put the contacts of a bulk create job into its collection."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.bulk_ports import CollectionStore
from contacts.domain.bulk_entries import created_ids
from contacts.domain.bulk_job import BulkJob
from contacts.ports import FileStore
from contacts.usecases.bulk_slices import load_create_outcomes
from contacts.usecases.own_collection import editable_collection


class FillCollection:
    """Every step can be repeated: a slice's contacts are set, not added."""

    def __init__(self, *, collections: CollectionStore, files: FileStore) -> None:
        self._collections = collections
        self._files = files

    def __call__(self, job: BulkJob, slices: Sequence[int], user: str, *, is_admin: bool) -> None:
        """Put in what the job created; a job without a collection has nothing to do.

        Args:
            job: as it is.
            slices: those of its slices that are recorded.
            user: who asks for it.
            is_admin: whether they may change any collection.

        Raises:
            NotFound: the collection is gone.
            Forbidden: the user may not change its items, or may not any more.
            FileNotFoundError: a recorded slice has left no outcomes.
        """
        if job.collection_id is None:
            return
        editable_collection(self._collections, job.tenant, job.collection_id, user, is_admin=is_admin)
        for slice_ in slices:
            outcomes = load_create_outcomes(self._files, job, slice_)
            if outcomes is None:
                raise FileNotFoundError(f"slice {slice_} of job {job.id} has left no outcomes")
            ids = created_ids(outcomes)
            if ids:
                self._collections.put_items(job.tenant, job.collection_id, job.id, slice_, ids)
