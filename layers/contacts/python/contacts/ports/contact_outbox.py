"""Contacts whose creation has to be announced, noted before they are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutboxNote:
    """A contact that somebody set out to create. `key` names the note; each has its own."""

    key: str
    tenant: str
    contact_id: str


class ContactOutbox(Protocol):
    """Notes of announcements that may be due. A note outlives whoever made it; it goes when it is removed."""

    def add(self, tenant: str, contact_id: str) -> OutboxNote:
        """Note that a contact is about to be made; each call makes a note of its own."""
        ...

    def remove(self, note: OutboxNote) -> None:
        """Forget a note; nothing happens where it is gone."""
        ...

    def added_before(self, moment: str) -> Iterator[OutboxNote]:
        """The notes that are older than a moment, the oldest first; strongly consistent. The caller may remove what
        it was given while it goes on."""
        ...
