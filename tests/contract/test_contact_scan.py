"""What `ContactStore.scan` promises where nobody gets in its way. Races are in `test_contact_scan_races.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from contacts.adapters.backoff import Backoff
from contacts.domain.contact import Contact
from contacts.domain.contact_write import Delete, Insert, Settlement
from contacts.ports import ContactStore
from tests.support.client_wrappers import FailsFirst, client_error
from tests.support.contact_backends import (
    BACKENDS,
    DYNAMODB_BACKENDS,
    TenantContacts,
    contacts_table,
    dynamo_store,
    make_store,
    unique_tenant,
)
from tests.support.fake_clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, clock: FakeClock) -> ContactStore:
    return make_store(request.param, clock)


@pytest.fixture
def t(store: ContactStore, clock: FakeClock) -> TenantContacts:
    return TenantContacts(store, clock)


def scanned(t: TenantContacts, readers: int = 4) -> list[Contact]:
    return sorted(t.store.scan(t.tenant, readers=readers), key=lambda each: each.id)


def in_order(*contacts: Contact) -> list[Contact]:
    return sorted(contacts, key=lambda each: each.id)


@pytest.mark.parametrize("readers", [1, 3, 20])
def test_every_contact_once(t: TenantContacts, readers: int) -> None:
    contacts = [t.new(f"{number}@x.yz") for number in range(230)]
    t.write(*map(Insert, contacts))
    assert scanned(t, readers) == in_order(*contacts)


def test_of_this_tenant_alone(store: ContactStore, t: TenantContacts, clock: FakeClock) -> None:
    other = TenantContacts(store, clock)
    mine, theirs = t.insert("a@x.yz"), other.insert("a@x.yz")
    assert (scanned(t), scanned(other)) == ([mine], [theirs])
    assert list(store.scan(unique_tenant())) == []


Journey = Callable[[TenantContacts], list[Contact]]


def _moved(t: TenantContacts) -> list[Contact]:
    return [t.update(t.insert("a@x.yz"), email="b@x.yz")]


def _home_again(t: TenantContacts) -> list[Contact]:
    return [t.update(*_moved(t), email="a@x.yz")]


def _slot_taken_by_another(t: TenantContacts) -> list[Contact]:
    return [*_moved(t), t.insert("a@x.yz"), t.insert_twin("a@x.yz")]


def _stranger_with_twins(t: TenantContacts) -> list[Contact]:
    """Who moved here holds the slot; its twins are at home there."""
    return [*_moved(t), t.insert_twin("b@x.yz"), t.insert_twin("b@x.yz")]


def _swapped(t: TenantContacts) -> list[Contact]:
    one, other = t.insert("a@x.yz"), t.insert("b@x.yz")
    one = t.update(one, email="c@x.yz")
    other = t.update(other, email="a@x.yz")
    return [t.update(one, email="b@x.yz"), other]


def _heirs(t: TenantContacts) -> list[Contact]:
    first, *twins = t.insert("a@x.yz"), t.insert_twin("a@x.yz"), t.insert_twin("a@x.yz")
    t.delete(first)
    return twins


def _twin_moved(t: TenantContacts) -> list[Contact]:
    first, twin = t.insert("a@x.yz"), t.insert_twin("a@x.yz")
    return [first, t.update(twin, email="b@x.yz")]


def _without_email(t: TenantContacts) -> list[Contact]:
    emptied = t.update(t.insert("a@x.yz"), email=None, firstName="x")
    named = t.update(t.insert(None, values={"firstName": "y"}), email="b@x.yz")
    return [emptied, named, t.insert(None), t.insert("a@x.yz")]


def _deleted(t: TenantContacts) -> list[Contact]:
    t.delete(t.insert("a@x.yz"))
    t.delete(*_moved(t))
    return []


JOURNEYS: list[Journey] = [
    _moved,
    _home_again,
    _slot_taken_by_another,
    _stranger_with_twins,
    _swapped,
    _heirs,
    _twin_moved,
    _without_email,
    _deleted,
]


@pytest.mark.parametrize("journey", JOURNEYS)
def test_once_wherever_it_lives(t: TenantContacts, journey: Journey) -> None:
    contacts = journey(t)
    assert scanned(t) == in_order(*contacts)


class TestComingHome:
    """The forward that a contact leaves on its way to the slot of its id: to there, and not for good."""

    @pytest.mark.parametrize("days", [0, 9])
    @pytest.mark.parametrize("journey", [_home_again, _heirs])
    def test_once_gone_the_contact_is_gone(self, t: TenantContacts, journey: Journey, days: int) -> None:
        contact, *others = journey(t)
        t.clock.advance(days=days)
        t.delete(contact)
        assert t.by_id(contact.id) is None
        assert t.settle(Delete(contact)) == [Settlement.DONE]
        assert scanned(t) == others

    def test_it_can_leave_again(self, t: TenantContacts) -> None:
        away = t.update(*_home_again(t), email="c@x.yz")
        assert t.by_id(away.id) == away
        assert scanned(t) == [away]
        emptied = t.update(away, email=None, firstName="x")
        assert scanned(t) == [emptied]


def _scan_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("contact-scan")]


@pytest.mark.parametrize("backend", DYNAMODB_BACKENDS)
class TestOnATable:
    def contacts(self, backend: str, clock: FakeClock, count: int) -> TenantContacts:
        contacts_table(backend)
        t = TenantContacts(dynamo_store(backend, clock), clock)
        t.write(*(Insert(t.new(f"{number}@x.yz")) for number in range(count)))
        return t

    def test_who_stops_early_leaves_no_thread_behind(self, backend: str, clock: FakeClock) -> None:
        t = self.contacts(backend, clock, 20)
        scan = t.store.scan(t.tenant)
        next(scan)
        assert _scan_threads()
        scan.close()
        assert _scan_threads() == []

    def test_throttling_is_waited_for(self, backend: str, clock: FakeClock) -> None:
        t = self.contacts(backend, clock, 20)
        pauses: list[float] = []
        errors = [client_error("ThrottlingException"), client_error("InternalServerError", status=500)]
        store = dynamo_store(
            backend,
            clock,
            reads=lambda client: FailsFirst(client, "query", *errors),
            backoff=Backoff(sleep=pauses.append),
        )
        assert len({each.id for each in store.scan(t.tenant)}) == 20
        assert len(pauses) == 2

    def test_an_error_reaches_the_caller_and_ends_the_threads(self, backend: str, clock: FakeClock) -> None:
        t = self.contacts(backend, clock, 20)
        error = client_error("AccessDeniedException")
        store = dynamo_store(backend, clock, reads=lambda client: FailsFirst(client, "query", error))
        with pytest.raises(type(error), match="AccessDenied"):
            list(store.scan(t.tenant))
        assert _scan_threads() == []
