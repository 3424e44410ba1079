"""Say who may change a collection's items."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.bulk_ports import CollectionStore
from contacts.domain.collection import Collection
from contacts.domain.errors import Forbidden
from contacts.usecases.own_bulk_job import Caller
from contacts.usecases.own_collection import collection_not_found, own_collection


class SetCollectionEditors:
    def __init__(self, *, collections: CollectionStore) -> None:
        self._collections = collections

    def __call__(self, caller: Caller, collection_id: str, editors: Sequence[str]) -> Collection:
        """Replace the editors, and return the collection as it is then.

        Raises:
            NotFound: the tenant has no such collection.
            Forbidden: the caller is neither its creator nor an administrator.
        """
        collection = own_collection(self._collections, caller.tenant, collection_id)
        if not collection.may_set_editors(caller.user, is_admin=caller.is_admin):
            raise Forbidden("only its creator and administrators may set the editors", code="COLLECTION_FORBIDDEN")
        changed = self._collections.set_editors(caller.tenant, collection_id, tuple(dict.fromkeys(editors)))
        if changed is None:
            raise collection_not_found()
        return changed
