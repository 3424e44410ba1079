"""The items of the contacts table: contacts, and what they leave behind at their own place.

- a *contact* bears `id` and its fields by their public names;
- a *forward* stands where a contact's id points to and names the place to which a changed e-mail has moved it; one
  that has come to the slot of its id leaves a forward to there for two days, see `contact_moves`;
- a *trace* stands there for two days after a young contact was deleted, and keeps the marks of who wrote it.

Attribute values are the low-level client's. Own code, because boto3's serialiser costs more than all the rest of a
write together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys
from contacts.domain.contact import Contact, FieldValue, Mark
from contacts.domain.contact_fields import EDITABLE_FIELDS

Attribute: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, Attribute]

#: How long a deleted contact's trace is kept, and how young a contact has to be to leave one: longer than any retry
#: of the job that wrote it can come.
TRACE_SECONDS = 48 * 3600

#: How long a forward to the slot of its own id is kept: longer than any scan takes from a slot to the ids behind it.
HOME_FORWARD_SECONDS = 48 * 3600

_FIELDS = frozenset(EDITABLE_FIELDS)


def contact_to_item(keys: TenantKeys, key: Key, contact: Contact) -> Item:
    """The item of a contact that lives at `key`. Its fields have been checked; see `contact_checks`."""
    texts, others = contact_attributes(keys, key, contact)
    return {name: {"S": text} for name, text in texts.items()} | others


def contact_attributes(keys: TenantKeys, key: Key, contact: Contact) -> tuple[dict[str, str], Item]:
    """The same item: its attributes of type S as the texts that they are, and the other ones."""
    texts = {
        "pk": key.pk,
        "sk": key.sk,
        "id": contact.id,
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
        "createdBy": _mark_to_text(contact.created_by),
    }
    others: Item = {"version": {"N": str(contact.version)}}
    for name, value in contact.values.items():
        if type(value) is str:
            texts[name] = value
        else:
            others[name] = to_attribute(value)
    others.update(_bookkeeping(keys, contact))
    return texts, others


def item_to_contact(item: Mapping[str, Attribute]) -> Contact:
    """The inverse of `contact_to_item`."""
    values: dict[str, FieldValue] = {}
    for name, attribute in item.items():
        if name in _FIELDS:
            values[name] = attribute["S"] if "S" in attribute else from_attribute(attribute)
    external_source = item.get("externalSource")
    return Contact(
        id=item["id"]["S"],
        values=values,
        version=int(item["version"]["N"]),
        created_at=item["createdAt"]["S"],
        updated_at=item["updatedAt"]["S"],
        created_by=_mark_from_text(item["createdBy"]["S"]),
        written_by=_marks(item["writtenBy"]) if "writtenBy" in item else (),
        external_source=None if external_source is None else external_source["S"],
        segments=tuple(each["S"] for each in item["segments"]["L"]) if "segments" in item else (),
    )


def is_contact(item: Mapping[str, Attribute] | None) -> bool:
    """Whether a contact lives there, rather than a forward, a trace or nothing."""
    return item is not None and "id" in item


def changed_attributes(keys: TenantKeys, before: Contact, after: Contact) -> tuple[Item, list[str]]:
    """What to set and what to remove to make `after` of `before`. `version` is always among the first."""
    to_set: Item = {"version": {"N": str(after.version)}, "updatedAt": {"S": after.updated_at}}
    for name, value in after.values.items():
        if before.values.get(name) != value:
            to_set[name] = to_attribute(value)
    old, new = _bookkeeping(keys, before), _bookkeeping(keys, after)
    to_set.update((name, attribute) for name, attribute in new.items() if old.get(name) != attribute)
    removed = [name for name in before.values if name not in after.values]
    return to_set, [*removed, *(name for name in old if name not in new)]


def forward_item(own: Key, target: Key) -> Item:
    """Says at a contact's own place where it lives now."""
    return {**_key_attributes(own), "movedToPk": {"S": target.pk}, "movedToSk": {"S": target.sk}}


def home_forward_item(own: Key, home: Key, now_seconds: int) -> Item:
    """Says for two days at the own place of a contact that it has come to the slot of its id."""
    return {**forward_item(own, home), "expiresAt": {"N": str(now_seconds + HOME_FORWARD_SECONDS)}}


def forward_target(item: Mapping[str, Attribute] | None) -> Key | None:
    """The place that a forward names; None where the item is no forward. Past its time it still tells the truth."""
    if item is None or "movedToPk" not in item:
        return None
    return Key(item["movedToPk"]["S"], item["movedToSk"]["S"])


def trace_item(own: Key, contact: Contact, now_seconds: int) -> Item:
    """What is left of a deleted contact: nothing but the marks of those who wrote it."""
    marks = dict.fromkeys((contact.created_by, *contact.written_by))
    return {
        **_key_attributes(own),
        "trace": {"BOOL": True},
        "marks": {"L": [{"S": _mark_to_text(mark)} for mark in marks]},
        "expiresAt": {"N": str(now_seconds + TRACE_SECONDS)},
    }


def trace_marks(item: Mapping[str, Attribute] | None) -> tuple[Mark, ...] | None:
    """The marks of a trace; None where the item is no trace.

    A trace past its time that DynamoDB has not removed yet still tells the truth, so its age is not looked at.
    """
    if item is None or "trace" not in item:
        return None
    return _marks(item["marks"])


def to_attribute(value: Any) -> Attribute:
    """A JSON value as an attribute value."""
    # Exact types: three times as fast as isinstance, and JSON has no others.
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is dict:
        return {"M": {name: {"S": each} if type(each) is str else to_attribute(each) for name, each in value.items()}}
    if kind is list or kind is tuple:
        return {"L": [{"S": each} if type(each) is str else to_attribute(each) for each in value]}
    if kind is bool:
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    if kind is int or kind is float:
        return {"N": repr(value)}
    raise TypeError(f"a contact holds JSON values, not {kind.__name__}")


def from_attribute(attribute: Attribute) -> Any:
    """The inverse of `to_attribute`. A whole number comes back as an int, also where it was a float."""
    ((kind, value),) = attribute.items()
    if kind == "S" or kind == "BOOL":  # noqa: PLR1714 - this is the hottest of all paths
        return value
    if kind == "M":
        return {name: each["S"] if "S" in each else from_attribute(each) for name, each in value.items()}
    if kind == "L":
        return [each["S"] if "S" in each else from_attribute(each) for each in value]
    if kind == "N":
        return _number(value)
    if kind == "NULL":
        return None
    raise TypeError(f"no contact is stored with an attribute of type {kind}")


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _bookkeeping(keys: TenantKeys, contact: Contact) -> Item:
    """What a contact has beside its fields and may get, change or lose. Absent where empty, the index stays sparse."""
    item: Item = {}
    if contact.written_by:
        item["writtenBy"] = {"L": [{"S": _mark_to_text(mark)} for mark in contact.written_by]}
    if contact.segments:
        item["segments"] = {"L": [{"S": segment} for segment in contact.segments]}
    if contact.external_source is not None:
        item["externalSource"] = {"S": contact.external_source}
        item["externalSourceKey"] = {"S": keys.external_source(contact.external_source)}
    return item


def _key_attributes(key: Key) -> Item:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _marks(attribute: Attribute) -> tuple[Mark, ...]:
    return tuple(_mark_from_text(each["S"]) for each in attribute["L"])


def _mark_to_text(mark: Mark) -> str:
    return f"{mark[0]}:{mark[1]}"


def _mark_from_text(text: str) -> Mark:
    job, _, row = text.rpartition(":")
    return Mark(job, int(row))
