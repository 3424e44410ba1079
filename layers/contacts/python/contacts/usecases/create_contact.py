"""Create a single contact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_edits import edit_values
from contacts.domain.contact_write import Insert, InsertTwin
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import Conflict
from contacts.ports import Clock, ContactOutbox, ContactStore
from contacts.usecases.announce_contacts import AnnounceContacts
from contacts.usecases.write_contact import MAX_DECISIONS, ConcurrentChange, EmailTaken, End, write_contact


class CreateContact:
    """Creates one contact and announces it. With the same seed it creates the same one, once."""

    def __init__(
        self,
        *,
        contacts: ContactStore,
        outbox: ContactOutbox,
        announce: AnnounceContacts,
        clock: Clock,
        on_not_announced: Callable[[str, Exception], None],
    ) -> None:
        """`on_not_announced` is told which contact the sweeper has to announce, and why."""
        self._contacts = contacts
        self._outbox = outbox
        self._announce = announce
        self._clock = clock
        self._on_not_announced = on_not_announced

    def __call__(self, tenant: str, fields: Mapping[str, Any], seed: str, *, allow_duplicate: bool) -> Contact:
        """Create a contact with these values.

        The outbox knows of it before it is there: whatever kills this, or keeps the event from the bus, the sweeper
        announces what was created. So a contact that is there is answered as created, announced or not.

        Args:
            tenant: whose contact it is.
            fields: by their public names, checked one by one already.
            seed: names the creation, so that a repeated one recognises its own write.
            allow_duplicate: create another contact where one has the e-mail already.

        Raises:
            InvalidRequest: no value at all, or a limit of the whole contact broken.
            EmailTaken: another contact has the e-mail.
            ConcurrentChange: other contacts with the e-mail kept coming and going.
        """
        contact = self._new_contact(tenant, fields, seed)
        note = self._outbox.add(tenant, contact.id)
        try:
            created = self._create(tenant, contact, allow_duplicate=allow_duplicate)
        except Conflict:
            # Nothing was written, for certain. After any other end something may have been: the note stays.
            self._outbox.remove(note)
            raise
        try:
            self._announce.single(tenant, created.id)
            self._outbox.remove(note)
        except Exception as error:  # noqa: BLE001 - whatever it is, it takes no contact back; it is told, and noted
            self._on_not_announced(created.id, error)
        return created

    def _create(self, tenant: str, after: Contact, *, allow_duplicate: bool) -> Contact:
        for _ in range(MAX_DECISIONS):
            end = write_contact(self._contacts, tenant, Insert(after))
            if end is End.OVERTAKEN and allow_duplicate:
                end = write_contact(self._contacts, tenant, InsertTwin(after))
            if end is End.WRITTEN:
                return after
            if end is End.FOUND:
                return self._contacts.find_by_ids(tenant, [after.id]).get(after.id, after)
            if not allow_duplicate:
                self._refuse_if_taken(tenant, after)
        raise ConcurrentChange

    def _new_contact(self, tenant: str, fields: Mapping[str, Any], seed: str) -> Contact:
        values = edit_values({}, fields)
        mark = Mark(f"api:{seed}", 0)
        now = self._clock()
        email = values.get("email")
        id_ = self._contacts.addressing(tenant).contact_id(normalise_email(email) if email else None, mark)
        return Contact(id=id_, values=values, version=1, created_at=now, updated_at=now, created_by=mark)

    def _refuse_if_taken(self, tenant: str, contact: Contact) -> None:
        email = normalise_email(contact.email or "")
        holder = self._contacts.find_by_emails(tenant, [email]).get(email)
        if holder is not None:
            raise EmailTaken(holder.id)
