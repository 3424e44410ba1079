"""Show a collection."""

from __future__ import annotations

from contacts.bulk_ports import CollectionStore
from contacts.domain.collection import Collection
from contacts.usecases.own_collection import own_collection


class GetCollection:
    def __init__(self, *, collections: CollectionStore) -> None:
        self._collections = collections

    def __call__(self, tenant: str, collection_id: str) -> Collection:
        """See `own_collection`."""
        return own_collection(self._collections, tenant, collection_id)
