"""A `ContactOutbox` in a dictionary."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from contacts.ports import Clock, OutboxNote


class MemoryContactOutbox:
    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self.notes: dict[str, OutboxNote] = {}

    def add(self, tenant: str, contact_id: str) -> OutboxNote:
        note = OutboxNote(f"{self._clock()}#{next(self._numbers):08d}", tenant, contact_id)
        self.notes[note.key] = note
        return note

    def remove(self, note: OutboxNote) -> None:
        self.notes.pop(note.key, None)

    def added_before(self, moment: str) -> Iterator[OutboxNote]:
        return iter([self.notes[key] for key in sorted(self.notes) if key < moment])
