"""A `CollectionStore` in dictionaries."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from contacts.domain.collection import Collection
from contacts.domain.paging import Page
from tests.support.memory_members import MemoryMembers


class MemoryCollectionStore:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.collections: dict[tuple[str, str], Collection] = {}
        self._members = MemoryMembers()

    def create_collection(self, collection: Collection) -> bool:
        with self._lock:
            key = (collection.tenant, collection.id)
            if key in self.collections:
                return False
            self.collections[key] = collection
            return True

    def find_collection(self, tenant: str, collection_id: str) -> Collection | None:
        return self.collections.get((tenant, collection_id))

    def list_collections(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Collection]:
        with self._lock:
            ids = sorted(
                id_ for owner, id_ in self.collections if owner == tenant and (position is None or id_ > position)
            )
            taken = ids[:limit]
            return Page([self.collections[tenant, id_] for id_ in taken], taken[-1] if len(ids) > limit else None)

    def set_editors(self, tenant: str, collection_id: str, editors: Sequence[str]) -> Collection | None:
        with self._lock:
            collection = self.collections.get((tenant, collection_id))
            if collection is None:
                return None
            changed = replace(collection, editors=tuple(editors))
            self.collections[tenant, collection_id] = changed
            return changed

    def put_items(self, tenant: str, collection_id: str, job: str, slice_: int, contact_ids: Sequence[str]) -> None:
        self._members.put((tenant, collection_id), job, slice_, contact_ids)

    def items(self, tenant: str, collection_id: str, *, position: str | None = None) -> Page[str]:
        return self._members.page((tenant, collection_id), position)
