"""A single contact that is created is announced at least once, whatever breaks between the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contacts.domain.contact import Contact
from contacts.usecases import announce_overdue_contacts
from contacts.usecases.announce_contacts import AnnounceContacts
from contacts.usecases.announce_overdue_contacts import AnnounceOverdueContacts, OverdueReport
from contacts.usecases.create_contact import CreateContact
from contacts.usecases.delete_contact import DeleteContact
from contacts.usecases.write_contact import EmailTaken, NoAnswer
from tests.support.fake_clock import FakeClock
from tests.support.memory_contact_outbox import MemoryContactOutbox
from tests.support.memory_contact_store import Lost, MemoryContactStore
from tests.support.memory_events import MemoryEvents

ADA = {"email": "ada@example.com"}


class Killed(BaseException):
    """The end of the function: nothing of its own catches it."""


class Bus(MemoryEvents):
    """An event bus that can fail, or take its caller down."""

    trouble: BaseException | None = None

    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        if self.trouble is not None:
            raise self.trouble
        super().publish(detail_type, detail)


class World:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.contacts = MemoryContactStore()
        self.outbox = MemoryContactOutbox(clock=self.clock)
        self.bus = Bus()
        self.told: list[tuple[str, Exception]] = []
        announce = AnnounceContacts(events=self.bus)
        self._create = CreateContact(
            contacts=self.contacts,
            outbox=self.outbox,
            announce=announce,
            clock=self.clock,
            on_not_announced=self._tell,
        )
        self.announce_overdue = AnnounceOverdueContacts(
            outbox=self.outbox, contacts=self.contacts, announce=announce, clock=self.clock, on_error=self._tell
        )

    def create(self, fields: Any = ADA, seed: str = "s", tenant: str = "a") -> Contact:
        return self._create(tenant, fields, seed, allow_duplicate=False)

    def sweep_later(self) -> OverdueReport:
        self.clock.advance(minutes=2, seconds=1)
        return self.announce_overdue()

    def announced(self) -> list[tuple[str, str]]:
        """The event's id and the contact of each event."""
        assert all(kind == "ContactsCreated" for kind, _ in self.bus.published)
        return [(detail["eventId"], *detail["contactIds"]) for _, detail in self.bus.published]

    def _tell(self, contact_id: str, error: Exception) -> None:
        self.told.append((contact_id, error))


@pytest.fixture
def world() -> World:
    return World()


def test_a_contact_is_announced_at_once_and_not_by_the_sweeper(world: World) -> None:
    made = world.create()
    assert world.announced() == [(f"contact-{made.id}", made.id)]
    assert world.sweep_later() == OverdueReport(0, failed=False)
    assert (world.announced(), world.outbox.notes) == ([(f"contact-{made.id}", made.id)], {})


def test_a_bus_that_fails_takes_no_contact_back_and_the_sweeper_announces_it(world: World) -> None:
    world.bus.trouble = ConnectionError("the bus")
    made = world.create()
    assert world.told == [(made.id, world.bus.trouble)]
    world.bus.trouble = None
    assert world.sweep_later() == OverdueReport(1, failed=False)
    assert (world.announced(), world.outbox.notes) == ([(f"contact-{made.id}", made.id)], {})


@pytest.mark.parametrize("fields", [ADA, {"firstName": "no e-mail"}])
def test_a_kill_between_contact_and_event_loses_no_event_though_the_client_gets_no_second_chance(
    world: World, fields: Any
) -> None:
    """Without an Idempotency-Key a retry with the e-mail is refused, and one without makes another contact."""
    world.bus.trouble = Killed()
    with pytest.raises(Killed):
        world.create(fields)
    world.bus.trouble = None
    (made,) = world.contacts.list_contacts("a", limit=9).items
    if "email" in fields:
        with pytest.raises(EmailTaken):
            world.create(fields, "another request")
    assert world.announced() == []
    world.sweep_later()
    assert world.announced() == [(f"contact-{made.id}", made.id)]


def test_the_sweeper_leaves_a_request_that_may_be_alive_alone(world: World) -> None:
    world.bus.trouble = ConnectionError("the bus")
    world.create()
    world.bus.trouble = None
    world.clock.advance(minutes=2)
    assert world.announce_overdue() == OverdueReport(0, failed=False)
    assert world.announced() == []


def test_what_was_refused_is_neither_noted_nor_announced(world: World) -> None:
    world.create()
    with pytest.raises(EmailTaken):
        world.create(seed="another")
    assert world.outbox.notes == {}
    assert len(world.announced()) == 1


def test_what_may_have_been_written_stays_noted_until_the_sweeper_has_looked(world: World) -> None:
    world.contacts.lose_answer = lambda _: Lost.BEFORE
    with pytest.raises(NoAnswer):
        world.create()
    assert len(world.outbox.notes) == 1
    assert world.sweep_later() == OverdueReport(0, failed=False)
    assert (world.announced(), world.outbox.notes) == ([], {})


def test_a_contact_that_is_gone_before_its_event_is_announced_to_nobody(world: World) -> None:
    world.bus.trouble = ConnectionError("the bus")
    made = world.create()
    DeleteContact(contacts=world.contacts)("a", made.id, expected_version=None)
    world.bus.trouble = None
    world.sweep_later()
    assert (world.announced(), world.outbox.notes) == ([], {})


def test_the_sweeper_stops_at_trouble_tells_of_it_and_goes_on_next_time(world: World) -> None:
    world.bus.trouble = ConnectionError("the bus")
    made = [world.create({"firstName": str(number)}, str(number), tenant) for number, tenant in enumerate("aba")]
    world.told.clear()
    assert world.sweep_later() == OverdueReport(0, failed=True)
    assert world.told == [(made[0].id, world.bus.trouble)]
    world.bus.trouble = None
    assert world.sweep_later() == OverdueReport(3, failed=False)
    assert [contact_id for _, contact_id in world.announced()] == [each.id for each in made]


def test_more_contacts_than_are_looked_up_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announce_overdue_contacts, "_LOOKUP", 2)
    world.bus.trouble = ConnectionError("the bus")
    made = [world.create({"firstName": str(number)}, str(number)) for number in range(5)]
    world.bus.trouble = None
    assert world.sweep_later() == OverdueReport(5, failed=False)
    assert [contact_id for _, contact_id in world.announced()] == [each.id for each in made]


def test_a_sweep_looks_at_so_many_notes_and_the_next_one_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announce_overdue_contacts, "NOTES_A_SWEEP", 2)
    world.bus.trouble = ConnectionError("the bus")
    for number in range(3):
        world.create({"firstName": str(number)}, str(number))
    world.bus.trouble = None
    assert [world.sweep_later().announced for _ in range(3)] == [2, 1, 0]
