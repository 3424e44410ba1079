"""List a tenant's collections."""

from __future__ import annotations

from contacts.bulk_ports import CollectionStore
from contacts.domain.collection import Collection
from contacts.domain.paging import Page
from contacts.usecases.page_sizes import read_fitting, sent_size


class ListCollections:
    def __init__(self, *, collections: CollectionStore) -> None:
        self._collections = collections

    def __call__(self, tenant: str, *, limit: int, position: str | None) -> Page[Collection]:
        """A page of up to `limit` of the tenant's collections, in no particular order; it can be shorter and still have
        a next one."""

        def read(number: int) -> Page[Collection]:
            return self._collections.list_collections(tenant, limit=number, position=position)

        return read_fitting(read, limit, lambda collection: sent_size([collection.name, collection.editors]))
