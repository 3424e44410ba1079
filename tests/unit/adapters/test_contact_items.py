"""Contacts as items, and what of an item changes."""

from __future__ import annotations

from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from contacts.adapters.dynamodb.contact_items import (
    changed_attributes,
    contact_to_item,
    forward_item,
    forward_target,
    from_attribute,
    is_contact,
    item_to_contact,
    to_attribute,
    trace_item,
    trace_marks,
)
from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys
from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_fields import EDITABLE_FIELDS

KEYS = TenantKeys("tenant", b"salt", 8)
KEY = Key("tenant#00", "slot")

json_values: st.SearchStrategy[Any] = st.recursive(
    st.text() | st.booleans() | st.none() | st.integers(-(10**37), 10**37) | st.floats(-1e100, 1e100),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=20,
)
values = st.dictionaries(
    st.sampled_from(EDITABLE_FIELDS), st.text() | st.lists(st.text()) | st.dictionaries(st.text(min_size=1), st.text())
)
# A job's name may hold colons: the row is behind the last one.
marks = st.builds(Mark, st.text(), st.integers(0, 10**7))
contacts = st.builds(
    Contact,
    id=st.just("id"),
    values=values,
    version=st.integers(1, 10**9),
    created_at=st.text(),
    updated_at=st.text(),
    created_by=marks,
    written_by=st.lists(marks, max_size=8).map(tuple),
    external_source=st.none() | st.text(),
    segments=st.lists(st.text()).map(tuple),
)


@given(json_values)
def test_every_json_value_comes_back(value: Any) -> None:
    assert from_attribute(to_attribute(value)) == value


@given(st.text() | st.booleans() | st.none() | st.lists(st.text() | st.dictionaries(st.text(), st.text())))
def test_attributes_are_those_that_boto3_reads(value: Any) -> None:
    assert TypeDeserializer().deserialize(to_attribute(value)) == value


def test_true_is_no_number() -> None:
    assert to_attribute(True) == {"BOOL": True}
    assert to_attribute(1) == {"N": "1"}


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object()])
def test_what_json_has_not_is_a_fault(value: Any) -> None:
    with pytest.raises(TypeError, match="JSON values"):
        to_attribute(value)


def test_an_attribute_that_we_never_write_is_a_fault() -> None:
    with pytest.raises(TypeError, match="SS"):
        from_attribute({"SS": ["a"]})


@given(contacts)
def test_every_contact_comes_back(contact: Contact) -> None:
    item = contact_to_item(KEYS, KEY, contact)
    assert item_to_contact(item) == contact
    assert is_contact(item)
    assert forward_target(item) is None
    assert trace_marks(item) is None


@given(contacts, contacts)
def test_changes_make_the_after_of_the_before(before: Contact, after: Contact) -> None:
    """What a change may not touch stays: `id` and who made it."""
    item = contact_to_item(KEYS, KEY, before)
    to_set, removed = changed_attributes(KEYS, before, after)
    assert to_set.keys().isdisjoint(removed)
    assert to_set.keys().isdisjoint({"pk", "sk", "id", "createdAt", "createdBy"})
    item.update(to_set)
    for name in removed:
        del item[name]
    expected = contact_to_item(KEYS, KEY, after)
    expected.update({name: item[name] for name in ("createdAt", "createdBy")})
    assert item == expected


def test_only_what_changed_is_sent() -> None:
    before = Contact(
        id="id",
        values={"firstName": "A", "lastName": "B", "tags": ["t"]},
        version=1,
        created_at="c",
        updated_at="c",
        created_by=Mark("j", 1),
        segments=("s",),
    )
    after = Contact(
        id="id",
        values={"firstName": "Z", "lastName": "B", "tags": ["t"]},
        version=2,
        created_at="c",
        updated_at="u",
        created_by=Mark("j", 1),
        segments=("s",),
    )
    to_set, removed = changed_attributes(KEYS, before, after)
    assert set(to_set) == {"version", "updatedAt", "firstName"}
    assert removed == []


def test_the_index_stays_sparse() -> None:
    contact = Contact(id="id", values={}, version=1, created_at="", updated_at="", created_by=Mark("j", 1))
    assert contact_to_item(KEYS, KEY, contact).keys().isdisjoint({"externalSource", "externalSourceKey", "segments"})


def test_forwards_and_traces_are_told_apart() -> None:
    contact = Contact(
        id="id",
        values={"email": "a@x.yz"},
        version=1,
        created_at="",
        updated_at="",
        created_by=Mark("j:1", 1),
        written_by=(Mark("j:1", 1), Mark("k", 2)),
    )
    forward, trace = forward_item(KEY, Key("p", "s")), trace_item(KEY, contact, 1_000)
    assert forward_target(forward) == Key("p", "s")
    assert trace_marks(trace) == (Mark("j:1", 1), Mark("k", 2))
    assert trace["expiresAt"] == {"N": str(1_000 + 48 * 3600)}
    assert (trace_marks(forward), forward_target(trace)) == (None, None)
    assert not any(is_contact(item) for item in (forward, trace, None))
