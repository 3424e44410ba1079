"""Finds out what became of writes that were refused, whose answers were lost, or that an earlier try made."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.adapters.dynamodb.contact_items import forward_target, trace_marks
from contacts.adapters.dynamodb.contact_keys import TenantKeys
from contacts.adapters.dynamodb.contact_moves import Stored
from contacts.adapters.dynamodb.contact_reads import ContactReader, Sighting, contact_seen
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, Settlement, Update


def settle_writes(reader: ContactReader, keys: TenantKeys, writes: Sequence[ContactWrite]) -> list[Settlement]:
    """See `ports.ContactStore.settle`."""
    sightings = reader.sightings(keys, [_id_of(write) for write in writes])
    stored = _contacts(reader, keys, sightings)
    taken = reader.taken(keys, [write for write in writes if isinstance(write, Update)])
    settlements = []
    for write in writes:
        sighting = sightings[_id_of(write)]
        match write:
            case Insert():
                settlements.append(_settle_insert(keys, write, sighting))
            case InsertTwin():
                settlements.append(_settle_twin(write, sighting))
            case Update():
                is_taken = write.before.id in taken
                settlements.append(_settle_update(write, stored.get(write.before.id), sighting, is_taken=is_taken))
            case Delete():
                settlements.append(_settle_delete(write, stored.get(write.before.id)))
    return settlements


def _settle_insert(keys: TenantKeys, write: Insert, sighting: Sighting) -> Settlement:
    if _is_known(write.after.id, sighting):
        return Settlement.DONE
    needs_slot = keys.place(write.after) == keys.home(write.after.id)
    return Settlement.OVERTAKEN if needs_slot and sighting.home is not None else Settlement.OPEN


def _settle_twin(write: InsertTwin, sighting: Sighting) -> Settlement:
    if _is_known(write.after.id, sighting):
        return Settlement.DONE
    return Settlement.OVERTAKEN if sighting.home is None else Settlement.OPEN


def _settle_update(write: Update, stored: Stored | None, sighting: Sighting, *, is_taken: bool) -> Settlement:
    # A mark that was there before says nothing about this write.
    mark = None if write.mark is None or write.before.bears(write.mark) else write.mark
    if stored is None:
        return Settlement.DONE if mark is not None and mark in _marks(sighting) else Settlement.OVERTAKEN
    contact, after = stored.contact, write.after
    if contact.bears(mark) if mark is not None else (contact.version, contact.values) == (after.version, after.values):
        return Settlement.DONE
    return Settlement.OPEN if contact.version == write.before.version and not is_taken else Settlement.OVERTAKEN


def _settle_delete(write: Delete, stored: Stored | None) -> Settlement:
    if stored is None:
        return Settlement.DONE
    return Settlement.OPEN if stored.contact.version == write.before.version else Settlement.OVERTAKEN


def _is_known(contact_id: str, sighting: Sighting) -> bool:
    """Whether the contact was made: it is there, or it has left a forward or a trace. An id is nobody else's."""
    return sighting.own is not None or contact_seen(contact_id, sighting) is not None


def _marks(sighting: Sighting) -> tuple[object, ...]:
    return trace_marks(sighting.own) or ()


def _contacts(reader: ContactReader, keys: TenantKeys, sightings: dict[str, Sighting]) -> dict[str, Stored]:
    """The contacts seen, and those that forwards lead to. Where one was deleted on the way, it is looked at again."""
    seen = {each: contact_seen(each, sighting) for each, sighting in sightings.items()}
    stored = {each: contact for each, contact in seen.items() if contact is not None}
    moved = [each for each in sightings if each not in stored and forward_target(sightings[each].own) is not None]
    if moved:
        followed = reader.contacts(keys, moved)
        sightings.update(reader.sightings(keys, [each for each in moved if each not in followed]))
        stored.update(followed)
    return stored


def _id_of(write: ContactWrite) -> str:
    return write.after.id if isinstance(write, Insert | InsertTwin) else write.before.id
