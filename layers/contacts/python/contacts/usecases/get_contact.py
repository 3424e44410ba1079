"""Show a contact."""

from __future__ import annotations

from contacts.domain.contact import Contact
from contacts.domain.errors import NotFound
from contacts.domain.seeded_ids import may_be_an_id
from contacts.ports import ContactStore


def existing_contact(contacts: ContactStore, tenant: str, contact_id: str) -> Contact:
    """The tenant's contact of this id.

    Raises:
        NotFound: the tenant has none.
    """
    contact = find_contact(contacts, tenant, contact_id)
    if contact is None:
        raise NotFound("there is no contact of this id", code="CONTACT_NOT_FOUND")
    return contact


def find_contact(contacts: ContactStore, tenant: str, contact_id: str) -> Contact | None:
    """The tenant's contact of this id, if there is one."""
    return contacts.find_by_ids(tenant, [contact_id]).get(contact_id) if may_be_an_id(contact_id) else None


class GetContact:
    def __init__(self, *, contacts: ContactStore) -> None:
        self._contacts = contacts

    def __call__(self, tenant: str, contact_id: str) -> Contact:
        """See `existing_contact`."""
        return existing_contact(self._contacts, tenant, contact_id)
