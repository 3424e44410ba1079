"""What every `ContactStore` does with the index on `externalSource`, which alone of all reads may lag behind."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.domain.contact_write import ContactWrite, Insert
from contacts.ports import ContactStore
from tests.support.contact_backends import (
    BACKENDS,
    DYNAMODB_BACKENDS,
    TenantContacts,
    contacts_table,
    dynamo_store,
    make_store,
)
from tests.support.fake_clock import FakeClock

SOURCE = "bcc:j:1:s:phone:r:x"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, clock: FakeClock) -> ContactStore:
    return make_store(request.param, clock)


@pytest.fixture
def t(store: ContactStore, clock: FakeClock) -> TenantContacts:
    return TenantContacts(store, clock)


def found(t: TenantContacts, source: str = SOURCE) -> list[str]:
    return list(t.store.find_ids_by_external_source(t.tenant, source))


def test_every_kind_of_contact_is_found_in_the_order_of_ids(t: TenantContacts) -> None:
    made = [
        t.insert("a@x.yz", external_source=SOURCE),
        t.insert_twin("a@x.yz", external_source=SOURCE),
        t.insert(None, external_source=SOURCE),
        t.insert("b@x.yz", external_source=SOURCE),
    ]
    t.insert("c@x.yz")
    t.insert("d@x.yz", external_source="another")
    assert found(t) == sorted(each.id for each in made)


@pytest.mark.parametrize("days", [0, 9])
def test_a_contact_is_found_as_long_as_it_is_there(t: TenantContacts, days: int) -> None:
    contact = t.insert("a@x.yz", external_source=SOURCE)
    heir = t.insert_twin("a@x.yz", external_source=SOURCE)
    for email in ("b@x.yz", None, "a2@x.yz", "a3@x.yz"):
        contact = t.update(contact, email=email, firstName="x")
        assert found(t) == sorted([contact.id, heir.id])
    t.clock.advance(days=days)
    t.delete(contact)
    assert found(t) == [heir.id]
    t.delete(heir)
    assert found(t) == []


def test_a_contact_that_comes_home_is_found_once_and_gone_when_it_is_deleted(t: TenantContacts) -> None:
    contact = t.insert("a@x.yz", external_source=SOURCE)
    home = t.update(t.update(contact, email="b@x.yz"), email="a@x.yz")
    assert found(t) == [contact.id]
    t.delete(home)
    assert found(t) == []


def test_another_tenants_source_is_another(store: ContactStore, t: TenantContacts, clock: FakeClock) -> None:
    contact = t.insert("a@x.yz", external_source=SOURCE)
    other = TenantContacts(store, clock)
    assert found(other) == []
    theirs = other.insert("a@x.yz", external_source=SOURCE)
    assert (found(t), found(other)) == ([contact.id], [theirs.id])


def test_no_tenants_name_leads_into_anothers_index(store: ContactStore, clock: FakeClock) -> None:
    """The index key of `a` with the source `b#s` would be that of `a#b` with `s`, were names not quoted."""
    name = TenantContacts(store, clock).tenant
    short, long = TenantContacts(store, clock, name), TenantContacts(store, clock, f"{name}#b")
    short.insert("a@x.yz", external_source="b#s")
    long.insert("a@x.yz")
    assert found(long, "s") == []


@pytest.mark.parametrize(
    "source", ["", " ", "#", "a#b", "%23", "Zoë ☎ 🙂", '\'; DROP "t"', "a\x00b", "line\nbreak", "x" * 900]
)
def test_any_text_is_a_source_and_only_itself(t: TenantContacts, source: str) -> None:
    contact = t.insert("a@x.yz", external_source=source)
    t.insert("b@x.yz", external_source=f"{source}~")
    assert found(t, source) == [contact.id]


def test_so_many_ids_behind_an_id(t: TenantContacts) -> None:
    writes: list[ContactWrite] = [Insert(t.new(f"{number}@x.yz", external_source=SOURCE)) for number in range(5)]
    t.write(*writes)
    t.insert("other@x.yz", external_source="another")
    ids = found(t)

    def some(after: str | None, limit: int | None) -> list[str]:
        return list(t.store.find_ids_by_external_source(t.tenant, SOURCE, after=after, limit=limit))

    assert [some(None, 2), some(ids[1], 2), some(ids[3], 2), some(ids[4], 2)] == [ids[:2], ids[2:4], ids[4:], []]
    assert (some(ids[0], None), some("!", 9), some("~", 9)) == (ids[1:], ids, [])


class _SmallPages:
    """Queries give no more than two items a page."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.queries = 0

    def query(self, **request: Any) -> Any:
        self.queries += 1
        return self._client.query(**{**request, "Limit": 2})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.mark.parametrize("backend", DYNAMODB_BACKENDS)
def test_pages_are_followed_to_the_end(backend: str, clock: FakeClock) -> None:
    client = _SmallPages(contacts_table(backend)[0])
    t = TenantContacts(dynamo_store(backend, clock, reads=lambda _: client), clock)
    writes: list[ContactWrite] = [Insert(t.new(f"{number}@x.yz", external_source=SOURCE)) for number in range(5)]
    t.write(*writes)
    client.queries = 0
    assert found(t) == sorted(write.after.id for write in writes if isinstance(write, Insert))
    assert client.queries == 3
