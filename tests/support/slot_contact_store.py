"""A `MemoryContactStore` that knows no better than a table does when it inserts."""

from __future__ import annotations

from typing import Any

from contacts.adapters.dynamodb.contact_keys import normalised_email
from contacts.domain.contact_write import ContactWrite, Insert, WriteResult
from tests.support.memory_contact_store import Lost, MemoryContactStore


class SlotContactStore(MemoryContactStore):
    """Refuses an insert only where its e-mail is held, as one conditional write of one key can.

    The plain in-memory store also refuses to make a contact again that was moved or deleted. On DynamoDB such an insert
    succeeds, because the slot is free: whoever repeats a write has to look first.
    """

    def _write(self, of: Any, write: ContactWrite) -> WriteResult:
        lost = self.lose_answer(write)
        if lost is Lost.BEFORE:
            return WriteResult.UNKNOWN
        if isinstance(write, Insert) and normalised_email(write.after) not in of.holders:
            of.gone.pop(write.after.id, None)
            moved = of.contacts.pop(write.after.id, None)
            if moved is not None:
                of.holders.pop(normalised_email(moved), None)
        result = self._without_loss(of, write)
        return WriteResult.UNKNOWN if lost is Lost.AFTER else result

    def _without_loss(self, of: Any, write: ContactWrite) -> WriteResult:
        lose_answer, self.lose_answer = self.lose_answer, lambda _write: None
        try:
            return super()._write(of, write)
        finally:
            self.lose_answer = lose_answer
