"""Delete a single contact."""

from __future__ import annotations

from contacts.domain.contact_write import Delete
from contacts.ports import ContactStore
from contacts.usecases.get_contact import existing_contact, find_contact
from contacts.usecases.update_contact import check_version
from contacts.usecases.write_contact import MAX_DECISIONS, ConcurrentChange, End, write_contact


class DeleteContact:
    def __init__(self, *, contacts: ContactStore) -> None:
        self._contacts = contacts

    def __call__(self, tenant: str, contact_id: str, *, expected_version: int | None) -> None:
        """Delete the contact, whatever others write at the same time, unless the caller expected a version.

        Raises:
            NotFound: the tenant has no such contact.
            StaleVersion: it has another version than the caller expected.
            ConcurrentChange: others were faster `MAX_DECISIONS` times.
        """
        before = existing_contact(self._contacts, tenant, contact_id)
        for _ in range(MAX_DECISIONS):
            check_version(before, expected_version)
            if write_contact(self._contacts, tenant, Delete(before)) is not End.OVERTAKEN:
                return
            found = find_contact(self._contacts, tenant, contact_id)
            if found is None:
                return
            before = found
        raise ConcurrentChange
