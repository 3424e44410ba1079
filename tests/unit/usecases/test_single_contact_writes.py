"""Single contacts under lost answers, repeated requests and concurrent writers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, Update
from contacts.domain.errors import NotFound, StaleVersion
from contacts.usecases.announce_contacts import AnnounceContacts
from contacts.usecases.create_contact import CreateContact
from contacts.usecases.delete_contact import DeleteContact
from contacts.usecases.update_contact import UpdateContact
from contacts.usecases.write_contact import MAX_DECISIONS, ConcurrentChange, EmailTaken, NoAnswer
from tests.support.fake_clock import FakeClock
from tests.support.memory_contact_outbox import MemoryContactOutbox
from tests.support.memory_contact_store import Lost, MemoryContactStore
from tests.support.memory_events import MemoryEvents

ADA = {"email": "ada@example.com", "firstName": "Ada"}


class World:
    """A store whose answers can get lost, and where others can write in between."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.contacts = MemoryContactStore()
        self.tried: list[ContactWrite] = []
        self.events = MemoryEvents()
        self._create = CreateContact(
            contacts=self.contacts,
            outbox=MemoryContactOutbox(clock=self.clock),
            announce=AnnounceContacts(events=self.events),
            clock=self.clock,
            on_not_announced=_refuse_trouble,
        )
        self._update = UpdateContact(contacts=self.contacts, clock=self.clock)
        self._delete = DeleteContact(contacts=self.contacts)

    def before_each_write(self, act: Callable[[ContactWrite, int], Lost | None]) -> None:
        """Call `act` with each write and its number; it says whether the answer gets lost."""

        def lose_answer(write: ContactWrite) -> Lost | None:
            self.tried.append(write)
            self.contacts.lose_answer = lambda _: None  # what `act` writes itself comes through
            lost = act(write, len(self.tried))
            self.contacts.lose_answer = lose_answer
            return lost

        self.contacts.lose_answer = lose_answer

    def create(self, fields: Any = ADA, seed: str = "s", *, allow_duplicate: bool = False) -> Contact:
        return self._create("a", fields, seed, allow_duplicate=allow_duplicate)

    def update(self, contact: Contact, expected_version: int | None = None, **changes: Any) -> Contact:
        return self._update("a", contact.id, changes, expected_version=expected_version)

    def delete(self, contact: Contact, expected_version: int | None = None) -> None:
        self._delete("a", contact.id, expected_version=expected_version)

    def all(self) -> list[Contact]:
        return list(self.contacts.list_contacts("a", limit=100).items)

    def current(self, contact: Contact) -> Contact:
        return self.contacts.find_by_ids("a", [contact.id])[contact.id]

    def edit_elsewhere(self, contact: Contact, **values: Any) -> Contact:
        before = self.current(contact)
        after = replace(before, values={**before.values, **values}, version=before.version + 1)
        self.contacts.write("a", [Update(before, after)])
        return after


def _refuse_trouble(contact_id: str, error: Exception) -> None:
    raise AssertionError(contact_id) from error


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("lost", [Lost.BEFORE, Lost.AFTER])
def test_create_survives_a_lost_answer(world: World, lost: Lost) -> None:
    world.before_each_write(lambda _, number: lost if number == 1 else None)
    made = world.create()
    assert world.all() == [made]
    assert len(world.tried) == (2 if lost is Lost.BEFORE else 1)


def test_create_gives_up_where_no_answer_ever_comes(world: World) -> None:
    world.before_each_write(lambda *_: Lost.BEFORE)
    with pytest.raises(NoAnswer):
        world.create()
    assert world.all() == []


@pytest.mark.parametrize("fields", [ADA, {"firstName": "no e-mail"}])
@pytest.mark.parametrize("allow_duplicate", [False, True])
def test_create_again_with_the_same_seed_finds_the_same_contact(
    world: World, fields: Any, allow_duplicate: bool
) -> None:
    first = world.create(fields, allow_duplicate=allow_duplicate)
    world.clock.advance(seconds=9)
    assert world.create(fields, allow_duplicate=allow_duplicate) == first
    assert world.all() == [first]


def test_twin_again_with_the_same_seed_is_the_same_twin(world: World) -> None:
    world.create(seed="holder")
    twin = world.create(seed="twin", allow_duplicate=True)
    assert world.create(seed="twin", allow_duplicate=True) == twin
    assert len(world.all()) == 2


def test_create_again_shows_later_edits(world: World) -> None:
    made = world.create()
    edited = world.update(made, firstName="Augusta")
    assert world.create() == edited


def test_create_again_does_not_bring_a_deleted_contact_back(world: World) -> None:
    made = world.create()
    world.delete(made)
    assert world.create().id == made.id
    assert world.all() == []


def test_create_is_refused_where_the_email_is_taken(world: World) -> None:
    holder = world.create()
    with pytest.raises(EmailTaken) as refused:
        world.create({"email": "ADA@example.com"}, "other")
    assert refused.value.contact_id == holder.id


def test_create_where_the_holder_goes_in_between(world: World) -> None:
    holder = world.create()

    def act(write: ContactWrite, number: int) -> None:
        if isinstance(write, InsertTwin) and number == 2:
            world.delete(holder)

    world.before_each_write(act)
    made = world.create(seed="other", allow_duplicate=True)
    assert world.all() == [made]
    assert [type(write) for write in world.tried] == [Insert, InsertTwin, Insert]


def test_patch_merges_into_what_others_wrote_meanwhile(world: World) -> None:
    made = world.create()

    def act(_: ContactWrite, number: int) -> None:
        if number == 1:
            world.edit_elsewhere(made, lastName="Byron")

    world.before_each_write(act)
    after = world.update(made, firstName="Augusta")
    assert after.values == {"email": "ada@example.com", "firstName": "Augusta", "lastName": "Byron"}
    assert (after.version, world.current(made)) == (3, after)


def test_patch_that_expects_a_version_does_not(world: World) -> None:
    made = world.create()
    world.before_each_write(lambda *_: world.edit_elsewhere(made, lastName="Byron") and None)
    with pytest.raises(StaleVersion):
        world.update(made, 1, firstName="Augusta")
    assert world.current(made).values["firstName"] == "Ada"


@pytest.mark.parametrize("lost", [Lost.BEFORE, Lost.AFTER])
@pytest.mark.parametrize("email", ["ada@example.com", "new@example.com"])
@pytest.mark.parametrize("expected_version", [None, 1])
def test_patch_survives_a_lost_answer(world: World, lost: Lost, email: str, expected_version: int | None) -> None:
    made = world.create()
    world.before_each_write(lambda _, number: lost if number == 1 else None)
    after = world.update(made, expected_version, email=email, firstName="Augusta")
    assert (after.version, after.email) == (2, email)
    assert world.all() == [after]


def test_patch_gives_up_where_others_never_rest(world: World) -> None:
    made = world.create()
    world.before_each_write(lambda _, number: world.edit_elsewhere(made, lastName=str(number)) and None)
    with pytest.raises(ConcurrentChange):
        world.update(made, firstName="Augusta")
    assert len(world.tried) == MAX_DECISIONS
    assert world.current(made).values["firstName"] == "Ada"


def test_patch_of_a_contact_that_goes_in_between(world: World) -> None:
    made = world.create()
    world.before_each_write(lambda *_: world.delete(made))
    with pytest.raises(NotFound):
        world.update(made, firstName="Augusta")


def test_patch_to_an_email_that_is_taken_in_between(world: World) -> None:
    made = world.create()
    others: list[Contact] = []
    world.before_each_write(lambda *_: others.append(world.create({"email": "new@example.com"}, "other")))
    with pytest.raises(EmailTaken) as refused:
        world.update(made, email="New@example.com")
    assert refused.value.contact_id == others[0].id
    assert world.current(made) == made


def test_patch_leaves_the_marks_of_jobs_alone(world: World) -> None:
    made = world.create()
    before = world.current(made)
    marked = replace(before, version=2, written_by=(Mark("job", 7),))
    world.contacts.write("a", [Update(before, marked, Mark("job", 7))])
    after = world.update(made, firstName="Augusta")
    assert (after.created_by, after.written_by) == (made.created_by, (Mark("job", 7),))


@pytest.mark.parametrize("lost", [Lost.BEFORE, Lost.AFTER])
def test_delete_survives_a_lost_answer(world: World, lost: Lost) -> None:
    made = world.create()
    world.before_each_write(lambda _, number: lost if number == 1 else None)
    world.delete(made)
    assert world.all() == []


def test_delete_whatever_others_write_meanwhile(world: World) -> None:
    made = world.create()
    world.before_each_write(
        lambda _, number: world.edit_elsewhere(made, lastName="x") and None if number == 1 else None
    )
    world.delete(made)
    assert world.all() == []
    assert [type(write) for write in world.tried] == [Delete, Delete]


def test_delete_that_expects_a_version_does_not(world: World) -> None:
    made = world.create()
    world.before_each_write(lambda *_: world.edit_elsewhere(made, lastName="x") and None)
    with pytest.raises(StaleVersion):
        world.delete(made, 1)
    assert len(world.all()) == 1


def test_delete_of_what_another_deletes_in_between(world: World) -> None:
    made = world.create()
    inner = DeleteContact(contacts=world.contacts)
    world.before_each_write(lambda *_: inner("a", made.id, expected_version=None))
    world.delete(made)
    assert world.all() == []
