"""Who holds e-mails: as it is, or as a look foresees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from contacts.domain.contact_write import ContactWrite, Delete, Update
from contacts.domain.email_address import normalise_email
from contacts.ports import ContactStore
from contacts.usecases.left_contact_spool import LeftContactSpool


class EmailPlaces(Protocol):
    """The places that e-mails are."""

    def holders(self, emails: Collection[str]) -> dict[str, str]:
        """The id of the contact that holds each of these normalised e-mails; those that nobody holds are left out."""
        ...


class StoredPlaces:
    """As it is."""

    def __init__(self, contacts: ContactStore, tenant: str) -> None:
        self._contacts = contacts
        self._tenant = tenant

    def holders(self, emails: Collection[str]) -> dict[str, str]:
        found = self._contacts.find_by_emails(self._tenant, emails) if emails else {}
        return {email: contact.id for email, contact in found.items()}


class ForeseenPlaces:
    """As it would be if all that was foreseen were done."""

    def __init__(self, contacts: ContactStore, tenant: str, spool: LeftContactSpool) -> None:
        self._contacts = contacts
        self._tenant = tenant
        self._spool = spool
        self._stored = StoredPlaces(contacts, tenant)

    def holders(self, emails: Collection[str]) -> dict[str, str]:
        stored = self._stored.holders(emails)
        gone = self._spool.gone_among(set(stored.values()))
        found: dict[str, str] = {}
        for email in emails:
            # Who will come to a place is gone from another one, not from this.
            holder = self._spool.foreseen_place(email)
            if holder is None:
                holder = stored.get(email)
                if holder in gone:
                    holder = self._heir(email)
            if holder is not None:
                found[email] = holder
        return found

    def foresee(self, writes: Iterable[ContactWrite]) -> None:
        """Take it that these writes happen."""
        for write in writes:
            if isinstance(write, Delete):
                self._spool.foresee_gone([write.before.id])
            elif isinstance(write, Update):
                before, after = (normalise_email(each.email or "") for each in (write.before, write.after))
                if before != after:
                    self._spool.foresee_gone([write.before.id])
                    if after:
                        self._spool.foresee_place(after, write.after.id)

    def _heir(self, email: str) -> str | None:
        """The oldest twin that stays."""
        ids = [contact.id for contact in self._contacts.find_all_by_email(self._tenant, email)]
        gone = self._spool.gone_among(ids)
        return next((id_ for id_ in ids if id_ not in gone), None)
