"""List the contacts of a collection."""

from __future__ import annotations

from contacts.bulk_ports import CollectionStore
from contacts.domain.contact import Contact
from contacts.domain.paging import Page
from contacts.ports import ContactStore
from contacts.usecases.member_pages import page_of_members
from contacts.usecases.own_collection import own_collection


class ListCollectionItems:
    def __init__(self, *, collections: CollectionStore, contacts: ContactStore) -> None:
        self._collections = collections
        self._contacts = contacts

    def __call__(self, tenant: str, collection_id: str, *, limit: int, position: str | None) -> Page[Contact]:
        """A page of up to `limit` contacts; it can be shorter, even empty, and still have a next one.

        Raises:
            NotFound: the tenant has no such collection.
            InvalidRequest: the position is none.
        """
        own_collection(self._collections, tenant, collection_id)
        return page_of_members(
            lambda ids_position: self._collections.items(tenant, collection_id, position=ids_position),
            lambda ids: self._contacts.find_by_ids(tenant, ids),
            limit=limit,
            position=position,
        )
