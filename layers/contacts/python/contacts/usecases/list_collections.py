"""List a tenant's collections."""

from __future__ import annotations

from contacts.bulk_ports import CollectionStore
from contacts.domain.collection import Collection
from contacts.domain.paging import Page


class ListCollections:
    def __init__(self, *, collections: CollectionStore) -> None:
        self._collections = collections

    def __call__(self, tenant: str, *, limit: int, position: str | None) -> Page[Collection]:
        """The tenant's collections in no particular order."""
        return self._collections.list_collections(tenant, limit=limit, position=position)
