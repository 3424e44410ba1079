"""Find a collection of the caller's tenant."""

from __future__ import annotations

from contacts.bulk_ports import CollectionStore
from contacts.domain.collection import Collection
from contacts.domain.errors import Forbidden, NotFound
from contacts.domain.seeded_ids import may_be_an_id


def own_collection(collections: CollectionStore, tenant: str, collection_id: str) -> Collection:
    """The tenant's collection of this id.

    Raises:
        NotFound: the tenant has none.
    """
    found = collections.find_collection(tenant, collection_id) if may_be_an_id(collection_id) else None
    if found is None:
        raise collection_not_found()
    return found


def collection_not_found() -> NotFound:
    """The tenant has no such collection."""
    return NotFound("there is no collection of this id", code="COLLECTION_NOT_FOUND", field="collectionId")


def editable_collection(
    collections: CollectionStore, tenant: str, collection_id: str, user: str, *, is_admin: bool
) -> Collection:
    """The same, where the user may change its items.

    Raises:
        NotFound: the tenant has none.
        Forbidden: the user is none of those who may.
    """
    found = own_collection(collections, tenant, collection_id)
    if not found.may_edit(user, is_admin=is_admin):
        raise Forbidden(
            "you may not change the items of this collection", code="COLLECTION_FORBIDDEN", field="collectionId"
        )
    return found
