"""A scan while others write: whoever is there all the time comes exactly once, and nobody twice.

Every query gives one item a page, so between any two items that a scan reads there is a request, and before each of
these somebody else can act. The races are played through at every one of these moments, one after the other.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.adapters.dynamodb.contact_keys import TenantKeys, settings_key
from contacts.domain.contact import Contact
from tests.support.contact_backends import BACKENDS, TenantContacts, contacts_table, dynamo_store
from tests.support.fake_clock import FakeClock
from tests.support.memory_contact_store import MemoryContactStore

Act = Callable[["People"], object]


class People:
    """A tenant with one partition, and who was ever in it, by name."""

    def __init__(self, backend: str, salt: bytes) -> None:
        self.backend = backend
        clock = FakeClock()
        self.t = TenantContacts(MemoryContactStore() if backend == "memory" else dynamo_store(backend, clock), clock)
        self.ids: dict[str, str] = {}
        self.deleted: set[str] = set()
        if backend != "memory":
            client, table = contacts_table(backend)
            pk, sk = settings_key(self.t.tenant)
            one = {"pk": {"S": pk}, "sk": {"S": sk}, "salt": {"B": salt}, "shards": {"N": "1"}}
            client.put_item(TableName=table, Item=one)

    def find(self, name: str) -> Contact | None:
        return self.t.by_id(self.ids[name]) if name in self.ids else None

    def insert(self, name: str, email: str | None) -> None:
        self.ids[name] = self.t.insert(email).id

    def twin(self, name: str, email: str) -> None:
        self.ids[name] = self.t.insert_twin(email).id

    def move(self, name: str, email: str | None) -> None:
        contact = self.find(name)
        assert contact is not None
        self.t.update(contact, email=email, firstName=name)

    def delete(self, name: str) -> None:
        contact = self.find(name)
        assert contact is not None
        self.t.delete(contact)
        self.deleted.add(self.ids[name])

    def scan(self, before_read: Callable[[], None]) -> list[str]:
        """The ids that a scan gives; before each of its requests this is called."""
        store = self.t.store
        if self.backend != "memory":
            store = dynamo_store(self.backend, self.t.clock, reads=lambda client: BetweenReads(client, before_read))
            store.addressing(self.t.tenant)
        given = []
        for contact in store.scan(self.t.tenant, readers=1):
            given.append(contact.id)
            if self.backend == "memory":
                before_read()
        return given


class BetweenReads:
    """A client that gives one item a page, and lets others act before each request."""

    def __init__(self, client: Any, before: Callable[[], None]) -> None:
        self._client = client
        self._before = before

    def query(self, **request: Any) -> Any:
        self._before()
        return self._client.query(**{**request, "Limit": 1})

    def batch_get_item(self, **request: Any) -> Any:
        self._before()
        return self._client.batch_get_item(**request)

    def transact_get_items(self, **request: Any) -> Any:
        self._before()
        return self._client.transact_get_items(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def play(people: People, acts: Sequence[Act], moments: Sequence[int]) -> bool:
    """Scan, each act at its moment, and judge. Whether the scan took long enough for all of them."""
    there = set(people.ids.values())
    waiting = list(zip(moments, acts, strict=True))
    reads = 0

    def before_read() -> None:
        nonlocal reads
        while waiting and waiting[0][0] == reads:
            waiting.pop(0)[1](people)
        reads += 1

    given = Counter(people.scan(before_read))
    throughout = there - people.deleted
    assert {each: given[each] for each in throughout} == dict.fromkeys(throughout, 1)
    assert set(given.values()) <= {1}
    assert set(given) <= set(people.ids.values())
    return not waiting


def insert(name: str, email: str | None) -> Act:
    return lambda people: people.insert(name, email)


def twin(name: str, email: str) -> Act:
    return lambda people: people.twin(name, email)


def move(name: str, email: str | None) -> Act:
    return lambda people: people.move(name, email)


def delete(name: str) -> Act:
    return lambda people: people.delete(name)


A, B, C = "a@x.yz", "b@x.yz", "c@x.yz"
HOLDER = [insert("ann", A)]
AWAY = [*HOLDER, move("ann", B)]
HOME = [*AWAY, move("ann", A)]
TWINS = [*HOLDER, twin("ben", A), twin("cid", A)]
BOTH_AWAY = [*AWAY, insert("ben", A), twin("cid", A), move("ben", C)]

RACES: dict[str, tuple[list[Act], list[Act]]] = {
    "leaves and comes back": (HOLDER, [move("ann", B), move("ann", A)]),
    "comes home and leaves": (AWAY, [move("ann", A), move("ann", B)]),
    "comes home and leaves for elsewhere": (AWAY, [move("ann", A), move("ann", C)]),
    "leaves again and moves on": (HOME, [move("ann", B), move("ann", C)]),
    "moves on and comes home": (AWAY, [move("ann", C), move("ann", A)]),
    "loses its e-mail and gets it back": (HOLDER, [move("ann", None), move("ann", A)]),
    "loses its new e-mail and gets the old one": (AWAY, [move("ann", None), move("ann", A)]),
    "gets an e-mail and loses it": ([insert("ann", None)], [move("ann", A), move("ann", None)]),
    "leaves and another comes": (HOLDER, [move("ann", B), insert("ben", A)]),
    "goes, and its heir leaves": (TWINS, [delete("ann"), move("ben", B)]),
    "goes, and its heir too": (TWINS, [delete("ann"), delete("ben")]),
    "leaves, and its heir loses the e-mail": (TWINS, [move("ann", B), move("ben", None)]),
    "a twin leaves and inherits elsewhere": ([*TWINS, insert("dan", B)], [move("cid", C), delete("ann")]),
    "a stranger goes home, and its heir leaves": (
        [*AWAY, twin("ben", B), twin("cid", B)],
        [move("ann", A), move("ben", C)],
    ),
    "a twin comes where another was": (BOTH_AWAY, [move("cid", None), move("ann", A)]),
}
#: With the first of these the slot of `a` lies before that of `b`, with the second behind it.
SALTS = [b"salt-0", b"salt-3"]


def test_the_salts_put_the_slots_in_both_orders() -> None:
    orders = [TenantKeys("t", salt, 1) for salt in SALTS]
    assert [keys.slot(A) < keys.slot(B) for keys in orders] == [True, False]


def play_anew(backend: str, salt: bytes, race: str, moments: tuple[int, int]) -> bool:
    before, acts = RACES[race]
    people = People(backend, salt)
    for act in before:
        act(people)
    return play(people, acts, moments)


def salt_of(number: int) -> list[bytes]:
    """Both take their time; every second race has the one order, and the soak has all races in both."""
    return SALTS if os.environ.get("SOAK") else [SALTS[number % 2]]


@pytest.mark.parametrize(
    ("salt", "race"), [(salt, race) for number, race in enumerate(RACES) for salt in salt_of(number)]
)
def test_at_every_pair_of_moments(salt: bytes, race: str) -> None:
    for last in itertools.count():
        reached = [play_anew("ministack", salt, race, (first, last)) for first in range(last + 1)]
        if not any(reached):
            # A query for each item and one for the end, before each of which there was a moment.
            assert last >= 2
            return


names = st.sampled_from(["ann", "ben", "cid", "dan"])
emails = st.sampled_from([A, B, C, None])
acts_of_anybody = st.tuples(names, st.sampled_from(["enter", "move", "delete"]), emails)


def act_of(name: str, what: str, email: str | None) -> Act:
    """Whatever comes nearest to it by then."""

    def act(people: People) -> None:
        contact = people.find(name)
        held = email is not None and people.t.holder(email) is not None
        if contact is None and name not in people.ids:
            people.twin(name, email) if held and email else people.insert(name, email)
        elif contact is not None and what == "delete":
            people.delete(name)
        elif contact is not None and contact.email != email and not held:
            people.move(name, email)

    return act


@pytest.mark.parametrize("backend", BACKENDS)
def test_at_any_moments(backend: str) -> None:
    if backend != "memory":
        contacts_table(backend)

    @settings(max_examples=100 if backend == "memory" else 25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        salt=st.sampled_from(SALTS),
        before=st.lists(acts_of_anybody, min_size=2, max_size=6),
        meanwhile=st.lists(st.tuples(st.integers(0, 8), acts_of_anybody), max_size=6),
    )
    def scan_among_others(salt: bytes, before: list[Any], meanwhile: list[tuple[int, Any]]) -> None:
        people = People(backend, salt)
        for act in before:
            act_of(*act)(people)
        meanwhile = sorted(meanwhile, key=lambda each: each[0])
        play(people, [act_of(*act) for _, act in meanwhile], [moment for moment, _ in meanwhile])

    scan_among_others()
