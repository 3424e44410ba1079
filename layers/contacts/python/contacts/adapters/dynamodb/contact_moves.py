"""What has to change together when a twin arrives, a contact goes, or a changed e-mail moves it.

The rules that hold after each of these, and that every later write relies on:

- whoever holds an e-mail lives in its slot, and as long as there are twins it is flagged `twins`;
- a twin, and a contact without e-mail, lives at its own place, under its id;
- a contact that lives neither there nor in the slot that its id begins with has a forward at its own place;
- one that comes to that slot, from wherever, leaves a forward to it at its own place, for two days.

The last is for `contact_scan`, which reads the slot first and the own places after: of a contact that is on its way
from one to the other meanwhile something is at its own place, if it was not in the slot. Once the contact is deleted
such a forward leads to a slot where it is not, and means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contacts.adapters.dynamodb.contact_items import (
    Item,
    contact_to_item,
    forward_item,
    home_forward_item,
    item_to_contact,
)
from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys, normalised_email
from contacts.adapters.dynamodb.contact_transactions import Condition, Put, Remove, Unit
from contacts.domain.contact import Contact
from contacts.domain.contact_fields import values_size

#: Keys, marks, times and conditions beside a contact's values, in bytes, generously.
_OVERHEAD = 2_000

_NO_ITEM = Condition("attribute_not_exists(pk)")
_NO_CONTACT = Condition("attribute_not_exists(id)")


@dataclass(frozen=True, slots=True)
class Stored:
    """A contact as it was read, with where it lives."""

    key: Key
    item: Item
    contact: Contact

    @classmethod
    def from_item(cls, item: Item) -> Stored:
        return cls(Key(item["pk"]["S"], item["sk"]["S"]), item, item_to_contact(item))

    @property
    def has_twins(self) -> bool:
        """Whether twins were put beside it. They may be gone since: only a query tells."""
        return "twins" in self.item


def seniority(stored: Stored) -> tuple[str, str]:
    """By which twins are ordered: the oldest inherits."""
    return stored.contact.created_at, stored.contact.id


def twin_unit(keys: TenantKeys, after: Contact) -> Unit:
    """A new contact beside the one that holds its e-mail."""
    own = keys.own(after.id)
    item = contact_to_item(keys, own, after)
    return Unit({own: Put(item, _NO_ITEM)}, _size(after), holder=keys.home(after.id), twin_id=after.id)


def young_deletion_unit(keys: TenantKeys, before: Contact, trace: Item) -> Unit:
    """A contact that is taken to live in its slot, or without e-mail at its own place, and to have no twins."""
    condition = Condition("version = :version AND id = :id AND attribute_not_exists(twins)", _values(before))
    place, own = keys.place(before), keys.own(before.id)
    if place == own:
        return Unit({own: Put(trace, condition)}, _OVERHEAD)
    return Unit({place: Remove(condition), own: Put(trace)}, _OVERHEAD)


def deletion_unit(
    keys: TenantKeys, stored: Stored, heirs: Sequence[Stored], trace: Item | None, now_seconds: int
) -> Unit:
    """A contact goes from where it was found; its oldest heir takes its slot."""
    actions = _vacate(stored, heirs, now_seconds)
    own = keys.own(stored.contact.id)
    if trace is not None:
        actions[own] = Put(trace, _unchanged(stored) if own == stored.key else None)
    elif stored.key not in (own, keys.home(stored.contact.id)):
        actions[own] = Remove()
    return Unit(actions, _size(stored.contact, *(heir.contact for heir in heirs)))


def move_unit(keys: TenantKeys, stored: Stored, heirs: Sequence[Stored], after: Contact, now_seconds: int) -> Unit:
    """A contact whose e-mail changes goes to the place of the new one; refused where that is taken.

    Its id goes on leading to it, by a forward where it does not come to live at its own place.
    """
    own, home, target = keys.own(after.id), keys.home(after.id), keys.place(after)
    actions = _vacate(stored, heirs, now_seconds)
    actions[target] = Put(contact_to_item(keys, target, after), _NO_CONTACT)
    if target != own:
        forward = home_forward_item(own, home, now_seconds) if target == home else forward_item(own, target)
        actions[own] = Put(forward, _unchanged(stored) if own == stored.key else None)
    return Unit(actions, _size(stored.contact, after, *(heir.contact for heir in heirs)))


def changes_place(before: Contact, after: Contact) -> bool:
    """Whether an update changes the e-mail by which the contact is found."""
    return normalised_email(before) != normalised_email(after)


def _vacate(stored: Stored, heirs: Sequence[Stored], now_seconds: int) -> dict[Key, Put | Remove]:
    """Empty a contact's place, or hand it to the oldest heir, who stays flagged as long as there are others."""
    if not heirs:
        return {stored.key: Remove(_unchanged(stored))}
    heir = min(heirs, key=seniority)
    item: Item = {**heir.item, "pk": {"S": stored.key.pk}, "sk": {"S": stored.key.sk}}
    if len(heirs) > 1:
        item["twins"] = {"BOOL": True}
    # An heir is a twin: it leaves its own place for the slot that its id begins with.
    forward = home_forward_item(heir.key, stored.key, now_seconds)
    return {stored.key: Put(item, _unchanged(stored)), heir.key: Put(forward, _unchanged(heir))}


def _unchanged(stored: Stored) -> Condition:
    """The same contact in the same version lives there still, and no twin has arrived since it was read."""
    values = _values(stored.contact)
    if "rev" not in stored.item:
        return Condition("version = :version AND id = :id AND attribute_not_exists(rev)", values)
    return Condition("version = :version AND id = :id AND rev = :rev", {**values, ":rev": stored.item["rev"]})


def _values(contact: Contact) -> Item:
    return {":version": {"N": str(contact.version)}, ":id": {"S": contact.id}}


def _size(*contacts: Contact) -> int:
    return sum(values_size(contact.values) + _OVERHEAD for contact in contacts)
