"""Make a collection."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.bulk_ports import CollectionStore
from contacts.domain.collection import Collection
from contacts.domain.seeded_ids import seeded_uuid
from contacts.ports import Clock


class CreateCollection:
    """With the same seed it makes the same collection, once."""

    def __init__(self, *, collections: CollectionStore, clock: Clock) -> None:
        self._collections = collections
        self._clock = clock

    def __call__(self, tenant: str, user: str, name: str, editors: Sequence[str], seed: str) -> Collection:
        """Make a collection of this user's; names need not differ."""
        collection = Collection(
            id=seeded_uuid("collection", seed),
            tenant=tenant,
            name=name,
            created_by=user,
            created_at=self._clock(),
            editors=tuple(dict.fromkeys(editors)),
        )
        if self._collections.create_collection(collection):
            return collection
        return self._collections.find_collection(tenant, collection.id) or collection
