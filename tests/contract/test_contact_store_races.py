"""What only a table can show: lost answers, throttling, and somebody else who comes in between.

Interleavings are made by hooks, not by luck: `Meanwhile` lets another store act right before or after a request.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.contact_retries import StillBusyError
from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, Settlement, WriteResult
from tests.support.client_wrappers import FailsFirst, LosesAnswers, client_error
from tests.support.contact_backends import (
    BACKENDS,
    DYNAMODB_BACKENDS,
    TenantContacts,
    contacts_table,
    dynamo_store,
    make_store,
)
from tests.support.fake_clock import FakeClock
from tests.support.memory_contact_store import Lost, MemoryContactStore

WRITTEN, REFUSED, UNKNOWN = WriteResult.WRITTEN, WriteResult.REFUSED, WriteResult.UNKNOWN
DONE, OPEN, OVERTAKEN = Settlement.DONE, Settlement.OPEN, Settlement.OVERTAKEN

Act = Callable[[], Any]


class Meanwhile:
    """A client for which something happens right before (or after) the first call of a method, or a later one."""

    def __init__(self, client: Any, method: str, act: Act, *, after: bool = False, skip: int = 0) -> None:
        self._client = client
        self.happened = False
        calls = [0]

        def call(**request: Any) -> Any:
            calls[0] += 1
            is_now = calls[0] == skip + 1
            if is_now and not after:
                self.happened = True
                act()
            answer = getattr(client, method)(**request)
            if is_now and after:
                self.happened = True
                act()
            return answer

        setattr(self, method, call)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=DYNAMODB_BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    contacts_table(request.param)
    return str(request.param)


@pytest.fixture
def t(backend: str, clock: FakeClock) -> TenantContacts:
    return TenantContacts(dynamo_store(backend, clock), clock)


def meanwhile(t: TenantContacts, backend: str, client: str, method: str, act: Act, **when: Any) -> TenantContacts:
    """The same tenant through a store during whose request `act` happens."""
    wrapped: list[Meanwhile] = []

    def wrap(original: Any) -> Any:
        wrapped.append(Meanwhile(original, method, act, **when))
        return wrapped[0]

    other = dynamo_store(backend, t.clock, **{client: wrap})
    return _Watched(other, t.clock, t.tenant, t.rows, wrapped=wrapped)


class _Watched(TenantContacts):
    """Fails a test whose interleaving never came about."""

    def __init__(self, *args: Any, wrapped: list[Meanwhile]) -> None:
        super().__init__(*args)
        self._wrapped = wrapped

    def write(self, *writes: ContactWrite) -> list[WriteResult]:
        results = super().write(*writes)
        assert self._wrapped[0].happened
        return results


def ids(contacts: list[Contact]) -> list[str]:
    return [contact.id for contact in contacts]


def assert_whole(t: TenantContacts, *emails: str) -> None:
    """No e-mail without a holder where somebody has it, nobody twice, and all found by id and e-mail alike."""
    everybody = {contact.id: contact for contact in t.all()}
    assert len(everybody) == len(t.all())
    assert t.store.find_by_ids(t.tenant, list(everybody)) == everybody
    for email in emails:
        having = {each.id for each in everybody.values() if each.email == email}
        found = t.with_email(email)
        assert set(ids(found)) == having
        assert t.holder(email) == (found[0] if found else None)


def stored_beside(backend: str, contact: Contact) -> list[dict[str, Any]]:
    """All items, of every kind, in the slot that the contact's id begins with and beside it."""
    client, table = contacts_table(backend)
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"] if item["sk"]["S"].startswith(contact.id[:20])]


class TestLostAnswers:
    def test_nothing_was_written(self, t: TenantContacts, backend: str) -> None:
        error = ReadTimeoutError(endpoint_url="https://test")
        writes = _one_of_each(t)
        for method, write in writes:
            store = dynamo_store(backend, t.clock, writes=lambda client, m=method: FailsFirst(client, m, error))
            assert store.write(t.tenant, [write]) == [UNKNOWN]
            assert t.settle(write) == [OPEN]
            assert store.write(t.tenant, [write]) == [WRITTEN]
            assert t.settle(write) == [DONE]

    def test_all_was_written(self, t: TenantContacts, backend: str) -> None:
        for method, write in _one_of_each(t):
            store = dynamo_store(backend, t.clock, writes=lambda client, m=method: LosesAnswers(client, m))
            assert store.write(t.tenant, [write]) == [UNKNOWN]
            assert t.settle(write) == [DONE]
            assert t.write(write) == [REFUSED]

    def test_only_the_batch_concerned_is_unknown_and_is_not_sent_again(self, t: TenantContacts, backend: str) -> None:
        failing: list[FailsFirst] = []

        def wrap(client: Any) -> Any:
            failing.append(FailsFirst(client, "batch_execute_statement", ReadTimeoutError(endpoint_url="https://test")))
            return failing[0]

        store = dynamo_store(backend, t.clock, writes=wrap)
        inserts = [Insert(t.new(f"{number}@x.yz")) for number in range(60)]
        assert store.write(t.tenant, inserts) == [UNKNOWN] * 25 + [WRITTEN] * 35
        assert [len(json.loads(request["Statements"])) for request in failing[0].requests] == [25, 25, 10]
        assert t.settle(*inserts) == [OPEN] * 25 + [DONE] * 35

    def test_a_request_that_never_left_is_sent_again(self, t: TenantContacts, backend: str) -> None:
        never_left = EndpointConnectionError(endpoint_url="https://test")
        for method, write in _one_of_each(t):
            store = dynamo_store(backend, t.clock, writes=lambda client, m=method: FailsFirst(client, m, never_left))
            assert store.write(t.tenant, [write]) == [WRITTEN]

    def test_an_error_that_no_second_try_helps_is_raised(self, t: TenantContacts, backend: str) -> None:
        denied = client_error("AccessDeniedException")
        for method, write in _one_of_each(t):
            store = dynamo_store(backend, t.clock, writes=lambda client, m=method: FailsFirst(client, m, denied))
            with pytest.raises(type(denied), match="AccessDenied"):
                store.write(t.tenant, [write])


@pytest.mark.parametrize("lost", Lost)
def test_the_store_in_memory_loses_answers_as_told(clock: FakeClock, lost: Lost) -> None:
    """So that tests of use cases can rely on it."""
    store = MemoryContactStore()
    t = TenantContacts(store, clock)
    writes = [write for _, write in _one_of_each(t)]
    store.lose_answer = lambda write: lost if write in writes[::2] else None
    assert t.write(*writes) == [UNKNOWN, WRITTEN] * 4
    assert t.settle(*writes) == [DONE if lost is Lost.AFTER else OPEN, DONE] * 4


def _one_of_each(t: TenantContacts) -> list[tuple[str, ContactWrite]]:
    """Writes of every kind with the request that carries each out."""
    t.insert("twins@x.yz")
    old = t.insert("old@x.yz")
    moved = t.update(t.insert("first@x.yz"), email="second@x.yz")
    t.clock.advance(days=3)
    single, several = "batch_execute_statement", "transact_write_items"
    return [
        (single, Insert(t.new("new@x.yz"))),
        (single, Insert(t.new(None))),
        (several, InsertTwin(t.new("twins@x.yz"))),
        (single, t.changed(t.insert("a@x.yz"), Mark("j", 1), firstName="A")),
        (several, t.changed(t.insert("b@x.yz"), Mark("j", 1), email="c@x.yz")),
        (single, Delete(old)),
        (several, Delete(moved)),
        (several, Delete(t.insert("young@x.yz"))),
    ]


class TestThrottling:
    def test_a_request_is_tried_again_with_growing_pauses(self, t: TenantContacts, backend: str) -> None:
        for method, write in _one_of_each(t):
            pauses: list[float] = []
            store = dynamo_store(
                backend,
                t.clock,
                writes=lambda client, m=method: FailsFirst(client, m, *[client_error("ThrottlingException")] * 3),
                backoff=Backoff(sleep=pauses.append),
            )
            assert store.write(t.tenant, [write]) == [WRITTEN]
            assert len(pauses) == 3

    def test_until_the_deadline(self, t: TenantContacts, backend: str) -> None:
        now = [0.0]

        def sleep(seconds: float) -> None:
            now[0] += 1.0

        for method, write in _one_of_each(t):
            store = dynamo_store(
                backend,
                t.clock,
                writes=lambda client, m=method: FailsFirst(client, m, *[client_error("ThrottlingException")] * 50),
                backoff=Backoff(deadline_seconds=20, sleep=sleep, monotonic=lambda: now[0]),
            )
            with pytest.raises(StillBusyError):
                store.write(t.tenant, [write])
            assert t.settle(write) == [OPEN]

    def test_the_client_for_writes_must_not_retry_by_itself(self, backend: str, clock: FakeClock) -> None:
        class Retries:
            class meta:  # noqa: N801
                class config:  # noqa: N801
                    retries = {"total_max_attempts": 4}  # noqa: RUF012

        with pytest.raises(ValueError, match="must not retry"):
            dynamo_store(backend, clock, writes=lambda _: Retries())


class TestTwinRaces:
    """A twin that arrives, changes or goes while the holder leaves is never lost and never doubled."""

    LEAVE = ("delete", "move", "empty")

    def leave(self, t: TenantContacts, contact: Contact, how: str) -> ContactWrite:
        changes: dict[str, ContactWrite] = {
            "delete": Delete(contact),
            "move": t.changed(contact, email="left@x.yz"),
            "empty": t.changed(contact, email=None, firstName="x"),
        }
        return changes[how]

    @pytest.mark.parametrize("how", LEAVE)
    @pytest.mark.parametrize("twins_before", [0, 1])
    @pytest.mark.parametrize("is_old", [False, True])
    def test_a_twin_arrives_while_the_holder_leaves(
        self, t: TenantContacts, backend: str, how: str, twins_before: int, *, is_old: bool
    ) -> None:
        holder = t.insert("a@x.yz")
        twins = [t.insert_twin("a@x.yz") for _ in range(twins_before)]
        if is_old:
            t.clock.advance(days=9)
        is_single = how == "delete" and is_old
        method = "batch_execute_statement" if is_single else "transact_write_items"
        skip = 1 if twins_before and how == "delete" and not is_old else 0
        late: list[Contact] = []
        act: Act = lambda: late.append(t.insert_twin("a@x.yz"))  # noqa: E731
        other = meanwhile(t, backend, "writes", method, act, skip=skip)
        assert other.write(self.leave(t, holder, how)) == [WRITTEN]
        assert ids(t.with_email("a@x.yz")) == ids([*twins, *late])
        assert_whole(t, "a@x.yz", "left@x.yz")

    @pytest.mark.parametrize("how", LEAVE)
    def test_the_flag_stands_and_the_last_twin_has_gone(self, t: TenantContacts, backend: str, how: str) -> None:
        """A twin that arrives after the query found none."""
        holder, twin = t.insert("a@x.yz"), t.insert_twin("a@x.yz")
        t.delete(twin)
        late: list[Contact] = []
        act: Act = lambda: late.append(t.insert_twin("a@x.yz"))  # noqa: E731
        other = meanwhile(t, backend, "reads", "query", act, after=True)
        assert other.write(self.leave(t, holder, how)) == [WRITTEN]
        assert t.with_email("a@x.yz") == late
        assert_whole(t, "a@x.yz", "left@x.yz")

    @pytest.mark.parametrize("how", LEAVE)
    @pytest.mark.parametrize("what", ["deleted", "edited", "moved", "emptied"])
    def test_the_heir_changes_while_the_holder_leaves(
        self, t: TenantContacts, backend: str, how: str, what: str
    ) -> None:
        holder, first, second = t.insert("a@x.yz"), t.insert_twin("a@x.yz"), t.insert_twin("a@x.yz")
        acts: dict[str, Act] = {
            "deleted": lambda: t.delete(first),
            "edited": lambda: t.update(first, firstName="Edited"),
            "moved": lambda: t.update(first, email="else@x.yz"),
            "emptied": lambda: t.update(first, email=None, firstName="Edited"),
        }
        other = meanwhile(t, backend, "reads", "query", acts[what], after=True)
        assert other.write(self.leave(t, holder, how)) == [WRITTEN]
        heirs = [first.id, second.id] if what == "edited" else [second.id]
        assert ids(t.with_email("a@x.yz")) == heirs
        if what == "edited":
            assert t.with_email("a@x.yz")[0].values["firstName"] == "Edited"
        assert_whole(t, "a@x.yz", "left@x.yz", "else@x.yz")

    def test_a_twin_is_promoted_while_it_is_changed(self, t: TenantContacts, backend: str) -> None:
        holder, twin = t.insert("a@x.yz"), t.insert_twin("a@x.yz")
        update = t.changed(twin, firstName="Heir")
        # First it is looked for in the slot, then at its own place: in between it moves into the slot.
        other = meanwhile(t, backend, "writes", "batch_execute_statement", lambda: t.delete(holder), skip=1)
        assert other.write(update) == [WRITTEN]
        assert t.with_email("a@x.yz") == [update.after]

    def test_a_twin_whose_holder_goes_is_not_put_beside_nobody(self, t: TenantContacts, backend: str) -> None:
        holder = t.insert("a@x.yz")
        twin = InsertTwin(t.new("a@x.yz"))
        other = meanwhile(t, backend, "writes", "transact_write_items", lambda: t.delete(holder))
        assert other.write(twin) == [REFUSED]
        assert t.settle(twin) == [OVERTAKEN]
        assert t.all() == []


class TestMovesMeanwhile:
    def test_a_contact_is_followed_while_it_moves_on(self, t: TenantContacts, backend: str) -> None:
        contact = t.update(t.insert("a@x.yz"), email="b@x.yz")
        gone_on: list[Contact] = []
        act: Act = lambda: gone_on.append(t.update(contact, email="c@x.yz"))  # noqa: E731
        other = meanwhile(t, backend, "reads", "batch_get_item", act, after=True)
        assert other.by_id(contact.id) == gone_on[0]

    def test_a_contact_that_comes_home_while_it_is_followed(self, t: TenantContacts, backend: str) -> None:
        contact = t.update(t.insert("a@x.yz"), email="b@x.yz")
        home: list[Contact] = []
        act: Act = lambda: home.append(t.update(contact, email="a@x.yz"))  # noqa: E731
        other = meanwhile(t, backend, "reads", "batch_get_item", act, after=True)
        assert other.by_id(contact.id) == home[0]

    def test_a_contact_that_is_deleted_while_it_is_followed(self, t: TenantContacts, backend: str) -> None:
        contact = t.update(t.insert("a@x.yz"), email="b@x.yz")
        update = t.changed(contact, Mark("j", 1), firstName="x")
        t.write(update)
        other = meanwhile(t, backend, "reads", "transact_get_items", lambda: t.delete(update.after), after=True)
        assert other.settle(update) == [DONE]
        assert t.by_id(contact.id) is None

    def test_the_new_email_is_taken_meanwhile(self, t: TenantContacts, backend: str) -> None:
        contact, twin = t.insert("a@x.yz"), t.insert_twin("a@x.yz")
        other = meanwhile(t, backend, "writes", "transact_write_items", lambda: t.insert("b@x.yz"))
        assert other.write(t.changed(contact, email="b@x.yz")) == [REFUSED]
        assert t.with_email("a@x.yz") == [contact, twin]
        assert_whole(t, "a@x.yz", "b@x.yz")

    @pytest.mark.parametrize("kind", ["holder", "twin", "moved", "without e-mail"])
    @pytest.mark.parametrize("change", ["move", "delete", "delete old"])
    def test_the_contact_is_edited_meanwhile(self, t: TenantContacts, backend: str, kind: str, change: str) -> None:
        """What was decided on an older version neither moves nor deletes it, wherever it lives."""
        contact = t.insert(None if kind == "without e-mail" else "a@x.yz")
        if kind == "twin":
            contact = t.insert_twin("a@x.yz")
        elif kind == "moved":
            contact = t.update(contact, email="b@x.yz")
        if change == "delete old":
            t.clock.advance(days=9)
        write = t.changed(contact, email="c@x.yz") if change == "move" else Delete(contact)
        is_single = change == "delete old" and kind != "moved"
        method = "batch_execute_statement" if is_single else "transact_write_items"
        # A twin is looked for in the slot first: the edit comes before the second request.
        skip = 1 if kind == "twin" and change == "delete" else 0
        edited: list[Contact] = []
        act: Act = lambda: edited.append(t.update(contact, firstName="Edited"))  # noqa: E731
        other = meanwhile(t, backend, "writes", method, act, skip=skip)
        assert other.write(write) == [REFUSED]
        assert t.by_id(contact.id) == edited[0]
        assert_whole(t, "a@x.yz", "b@x.yz", "c@x.yz")

    @pytest.mark.parametrize("days", [0, 9])
    def test_the_contact_moves_while_it_is_deleted(self, t: TenantContacts, backend: str, days: int) -> None:
        contact = t.insert("a@x.yz")
        t.clock.advance(days=days)
        method = "batch_execute_statement" if days else "transact_write_items"
        other = meanwhile(t, backend, "writes", method, lambda: t.update(contact, email="b@x.yz"))
        assert other.write(Delete(contact)) == [REFUSED]
        assert ids(t.all()) == [contact.id]
        assert_whole(t, "a@x.yz", "b@x.yz")


class TestLeftovers:
    def test_who_comes_home_leaves_a_forward_to_there_that_has_an_end(self, t: TenantContacts, backend: str) -> None:
        home = t.update(t.update(t.insert("a@x.yz"), email="b@x.yz"), email="a@x.yz")
        contact, forward = stored_beside(backend, home)
        assert contact["sk"]["S"] == forward["movedToSk"]["S"] == home.id[:20]
        two_days_on = t.clock.now.timestamp() + 48 * 3600
        assert float(forward["expiresAt"]["N"]) == pytest.approx(two_days_on, abs=1)

    def test_the_forward_of_one_that_leaves_has_no_end(self, t: TenantContacts, backend: str) -> None:
        home = t.update(t.update(t.insert("a@x.yz"), email="b@x.yz"), email="a@x.yz")
        away = t.update(home, email="b@x.yz")
        (forward,) = stored_beside(backend, away)
        assert "expiresAt" not in forward

    def test_a_twin_that_has_inherited_is_not_made_again_once_its_forward_has_ended(
        self, t: TenantContacts, backend: str
    ) -> None:
        holder = t.insert("a@x.yz")
        twin = InsertTwin(t.new("a@x.yz"))
        t.write(twin)
        t.delete(holder)
        client, table = contacts_table(backend)
        (forward,) = (item for item in stored_beside(backend, twin.after) if item["sk"]["S"] == twin.after.id)
        client.delete_item(TableName=table, Key={"pk": forward["pk"], "sk": forward["sk"]})
        assert t.write(twin) == [REFUSED]
        assert t.all() == [twin.after]

    def test_a_trace_holds_no_personal_data_and_has_an_end(self, t: TenantContacts, backend: str) -> None:
        contact = t.insert("private@x.yz", values={"firstName": "Private", "phone": "+49170"})
        t.delete(contact)
        (trace,) = stored_beside(backend, contact)
        assert trace["sk"]["S"] == contact.id
        assert trace.keys() == {"pk", "sk", "trace", "marks", "expiresAt"}
        two_days_on = t.clock.now.timestamp() + 48 * 3600
        assert float(trace["expiresAt"]["N"]) == pytest.approx(two_days_on, abs=1)

    @pytest.mark.parametrize("move", [False, True])
    def test_an_old_contact_leaves_nothing_at_all(self, t: TenantContacts, backend: str, *, move: bool) -> None:
        contact = t.insert("a@x.yz")
        if move:
            contact = t.update(contact, email="b@x.yz")
        t.clock.advance(hours=49)
        t.delete(contact)
        assert stored_beside(backend, contact) == []


class TestTenantSettings:
    def test_reading_makes_no_settings(self, backend: str, clock: FakeClock) -> None:
        class ReadOnly:
            def __init__(self, client: Any) -> None:
                self._client = client

            def __getattr__(self, name: str) -> Any:
                assert name not in {"put_item", "update_item", "transact_write_items", "batch_write_item"}
                return getattr(self._client, name)

        t = TenantContacts(dynamo_store(backend, clock, reads=ReadOnly), clock)
        assert (t.all(), t.with_email("a@x.yz"), t.by_id("a" * 36)) == ([], [], None)

    def test_all_who_come_first_at_once_get_the_same(self, backend: str, clock: FakeClock) -> None:
        tenant = TenantContacts(dynamo_store(backend, clock), clock).tenant

        def name(_: int) -> str:
            return dynamo_store(backend, clock).addressing(tenant).contact_id("a@x.yz", Mark("j", 1))

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(name, range(16)))) == 1


@pytest.mark.parametrize("name", BACKENDS)
class TestCrowds:
    """Many at once, by luck: what the hooks above did not think of."""

    def test_one_email_gets_one_holder(self, name: str, clock: FakeClock) -> None:
        t = TenantContacts(make_store(name, clock), clock)
        inserts = [Insert(t.new("same@x.yz")) for _ in range(16)]
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(t.write, inserts))
        assert sorted(each.value for (each,) in results) == ["refused"] * 15 + ["written"]
        assert len(t.all()) == 1

    def test_one_version_is_changed_once(self, name: str, clock: FakeClock) -> None:
        t = TenantContacts(make_store(name, clock), clock)
        contact = t.insert("a@x.yz")
        writes: list[ContactWrite] = [t.changed(contact, firstName=f"{number}") for number in range(6)]
        writes += [t.changed(contact, email=f"{number}@x.yz") for number in range(6)]
        writes += [Delete(contact)] * 3
        random.Random(1).shuffle(writes)
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(t.write, writes))
        assert results.count([WRITTEN]) == 1
        assert_whole(t, "a@x.yz", *(f"{number}@x.yz" for number in range(6)))

    @pytest.mark.parametrize("seed", range(3))
    def test_twins_come_and_go(self, name: str, clock: FakeClock, seed: int) -> None:
        t = TenantContacts(make_store(name, clock), clock)
        emails = ["a@x.yz", "b@x.yz"]
        for email in emails:
            t.insert(email)

        def act(number: int) -> None:
            dice = random.Random(seed * 1000 + number)
            email = dice.choice(emails)
            found = t.with_email(email)
            if not found or dice.random() < 0.45:
                contact = t.new(email)
                t.write(InsertTwin(contact) if found else Insert(contact))
                return
            contact = dice.choice(found)
            other = dice.choice([*emails, None])
            t.write(Delete(contact) if dice.random() < 0.5 else t.changed(contact, email=other, firstName="x"))

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(act, range(40)))
        assert_whole(t, *emails)


def test_deletions_of_contacts_with_twins_get_somewhere_before_the_worker_is_killed(
    t: TenantContacts, backend: str
) -> None:
    holders = [t.insert(f"p{number}@x.example") for number in range(30)]
    for holder in holders:
        t.insert_twin(str(holder.email))

    def kill() -> None:
        raise KeyboardInterrupt

    # Each contact with twins costs a query; the worker dies when it is nearly through with them.
    killed = meanwhile(t, backend, "reads", "query", kill, skip=28)
    with pytest.raises(KeyboardInterrupt):
        killed.write(*(Delete(holder, Mark("clean-up", number)) for number, holder in enumerate(holders)))
    assert sum(t.by_id(holder.id) is None for holder in holders) == 25
