"""The contacts of all tenants, as use cases see them."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from typing import Protocol

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import ContactWrite, Settlement, WriteResult
from contacts.domain.paging import Page


class Addressing(Protocol):
    """How one tenant's contacts are named. Fixed for the tenant's life, so that every retry names the same contact."""

    def route(self, email: str) -> int:
        """A number that is the same for the same normalised e-mail, evenly spread over 32 bits."""
        ...

    def contact_id(self, email: str | None, mark: Mark) -> str:
        """The id of the contact that this row of this job makes; `email` is normalised, None for none."""
        ...


class ContactStore(Protocol):
    """The contacts of all tenants. Reads are strongly consistent unless said otherwise. E-mails are normalised."""

    def addressing(self, tenant: str) -> Addressing: ...

    def find_by_emails(self, tenant: str, emails: Collection[str]) -> dict[str, Contact]:
        """The contact that holds each e-mail: the one that matching takes. E-mails nobody holds are left out."""
        ...

    def find_all_by_email(self, tenant: str, email: str) -> list[Contact]:
        """Every contact with this primary e-mail, the holder first, then its twins, oldest first."""
        ...

    def find_by_ids(self, tenant: str, ids: Collection[str]) -> dict[str, Contact]:
        """The contacts with these ids, wherever a changed e-mail has moved them."""
        ...

    def find_ids_by_external_source(
        self, tenant: str, source: str, *, after: str | None = None, limit: int | None = None
    ) -> Iterator[str]:
        """The ids of the contacts with this `external_source`, each once, in the order of the ids; those behind the
        id `after`, and `limit` of them at most, where given.

        Eventually consistent: a contact written moments ago may be missing, one deleted moments ago may be there.
        """
        ...

    def write(self, tenant: str, writes: Sequence[ContactWrite]) -> list[WriteResult]:
        """Try each write, each under its own condition, and say what came of each, in the same order.

        Throttled writes are tried again with back-off. No two writes of one call may be about the same contact.
        A batch whose answer is lost is not sent again: its writes are UNKNOWN, because somebody may have changed a
        contact between the two sendings.
        """
        ...

    def settle(self, tenant: str, writes: Sequence[ContactWrite]) -> list[Settlement]:
        """Look again at writes that were refused, unknown, or made by an earlier try: see `Settlement`.

        A write is recognised by its mark on the contact, under its place, its id, the place it moved to, or the
        trace that a young contact leaves when it is deleted.
        """
        ...

    def list_contacts(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Contact]:
        """The tenant's contacts in no particular order, each once; pages hold up to `limit`.

        A contact whose e-mail changes while somebody pages can show up twice or not at all: see `scan`.
        """
        ...

    def scan(self, tenant: str, *, readers: int = 4) -> Generator[Contact, None, None]:
        """All contacts of the tenant, in no particular order, each as it was at some moment of the scan.

        A contact that exists during the whole scan, from the first `next` to the end, comes exactly once, wherever
        others move it meanwhile; one that is created or deleted meanwhile may or may not come; none comes twice.
        Takes constant memory, however slow the caller is.

        Args:
            readers: how many parts of the store are read at a time, each with one page of read-ahead; at least 1.
                The reading ends with the generator: a caller that stops early closes it.
        """
        ...
