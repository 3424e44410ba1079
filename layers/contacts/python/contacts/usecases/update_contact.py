"""Change a single contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contacts.domain.contact import Contact
from contacts.domain.contact_edits import edit_values
from contacts.domain.contact_write import Update
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import StaleVersion
from contacts.ports import Clock, ContactStore
from contacts.usecases.get_contact import existing_contact
from contacts.usecases.write_contact import MAX_DECISIONS, ConcurrentChange, EmailTaken, End, write_contact


def check_version(contact: Contact, expected: int | None) -> None:
    """Refuse to touch a contact that is no longer the one that the caller read.

    Raises:
        StaleVersion: the contact has another version than `expected`; None expects any.
    """
    if expected is not None and contact.version != expected:
        raise StaleVersion(f"the contact has version {contact.version}", field="If-Match")


class UpdateContact:
    def __init__(self, *, contacts: ContactStore, clock: Clock) -> None:
        self._contacts = contacts
        self._clock = clock

    def __call__(
        self, tenant: str, contact_id: str, changes: Mapping[str, Any], *, expected_version: int | None
    ) -> Contact:
        """Merge the changes into the contact; where they change nothing, nothing is written.

        Where somebody else writes at the same time, the changes are merged into what they wrote, unless the caller
        expected a version.

        Raises:
            NotFound: the tenant has no such contact.
            StaleVersion: it has another version than the caller expected.
            InvalidRequest: no value would be left, or a limit of the whole contact broken.
            EmailTaken: another contact has the new e-mail.
            ConcurrentChange: others were faster `MAX_DECISIONS` times.
        """
        before = existing_contact(self._contacts, tenant, contact_id)
        for _ in range(MAX_DECISIONS):
            check_version(before, expected_version)
            values = edit_values(before.values, changes)
            if values == before.values:
                return before
            after = replace(before, values=values, version=before.version + 1, updated_at=self._clock())
            if write_contact(self._contacts, tenant, Update(before, after)) is not End.OVERTAKEN:
                return after
            self._refuse_if_taken(tenant, before, after)
            before = existing_contact(self._contacts, tenant, contact_id)
        raise ConcurrentChange

    def _refuse_if_taken(self, tenant: str, before: Contact, after: Contact) -> None:
        email = normalise_email(after.email or "")
        if not email or email == normalise_email(before.email or ""):
            return
        holder = self._contacts.find_by_emails(tenant, [email]).get(email)
        if holder is not None and holder.id != after.id:
            raise EmailTaken(holder.id)
