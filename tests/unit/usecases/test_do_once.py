"""Idempotency keys: two at once make one thing, and no crash leaves a key blocked."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from contacts.domain.errors import IdempotencyKeyReused, InvalidRequest
from contacts.usecases.do_once import Answer, DoOnce, KeyedRequest
from tests.support.memory_idempotency_store import MemoryIdempotencyStore

REQUEST = KeyedRequest(tenant="a", user="ada", route="POST /things", key="k", body={"x": 1, "y": [2]})


class Things:
    """What the operation makes: things named after their seed."""

    def __init__(self) -> None:
        self.made: set[str] = set()
        self.calls = 0

    def make(self, seed: str) -> Answer:
        self.calls += 1
        self.made.add(seed)
        return Answer(201, {"id": seed}, {"Location": seed})


@pytest.fixture
def store() -> MemoryIdempotencyStore:
    return MemoryIdempotencyStore()


def test_replay_does_not_run_again(store: MemoryIdempotencyStore) -> None:
    once, things = DoOnce(store=store), Things()
    first = once(REQUEST, "s1", things.make)
    assert first == (Answer(201, {"id": "s1"}, {"Location": "s1"}), False)
    assert once(REQUEST, "s2", things.make) == (first[0], True)
    assert things.calls == 1


@pytest.mark.parametrize(
    "other",
    [{"tenant": "b"}, {"user": "bob"}, {"route": "POST /others"}, {"key": "K"}, {"tenant": "aa", "user": "da"}],
    ids=str,
)
def test_keys_of_others_are_other_keys(store: MemoryIdempotencyStore, other: dict[str, Any]) -> None:
    once, things = DoOnce(store=store), Things()
    once(REQUEST, "s1", things.make)
    assert once(replace(REQUEST, **other), "s2", things.make)[0].body == {"id": "s2"}


@pytest.mark.parametrize("body", [{"x": 2, "y": [2]}, {"x": 1}, {"x": 1, "y": [2], "z": None}, [], None, "x"])
def test_other_body_is_refused(store: MemoryIdempotencyStore, body: Any) -> None:
    once, things = DoOnce(store=store), Things()
    once(REQUEST, "s1", things.make)
    with pytest.raises(IdempotencyKeyReused):
        once(replace(REQUEST, body=body), "s2", things.make)
    assert things.calls == 1


def test_order_of_names_does_not_matter(store: MemoryIdempotencyStore) -> None:
    once, things = DoOnce(store=store), Things()
    once(REQUEST, "s1", things.make)
    assert once(replace(REQUEST, body={"y": [2], "x": 1}), "s2", things.make)[1] is True


def test_keys_do_not_show_whose_they_are(store: MemoryIdempotencyStore) -> None:
    DoOnce(store=store)(replace(REQUEST, user="ada@example.com"), "s1", Things().make)
    assert all(len(key) == 64 and "ada" not in key for key in store.claims)


def test_second_while_the_first_is_at_work_makes_the_same_thing(store: MemoryIdempotencyStore) -> None:
    once, things = DoOnce(store=store), Things()

    def slow(seed: str) -> Answer:
        answer, replayed = once(REQUEST, "s2", things.make)
        assert (answer.body, replayed) == ({"id": "s1"}, False)
        return things.make(seed)

    assert once(REQUEST, "s1", slow)[0].body == {"id": "s1"}
    assert things.made == {"s1"}


def test_many_at_once_make_one_thing(store: MemoryIdempotencyStore) -> None:
    once, things = DoOnce(store=store), Things()
    barrier = threading.Barrier(8)
    answers: list[Any] = []

    def send(number: int) -> None:
        barrier.wait()
        answers.append(once(REQUEST, f"s{number}", things.make)[0].body)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(things.made) == 1
    assert answers == [{"id": next(iter(things.made))}] * 8


def test_crash_leaves_the_seed_for_the_next_try(store: MemoryIdempotencyStore) -> None:
    once, things = DoOnce(store=store), Things()

    def crash(seed: str) -> Answer:
        things.make(seed)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        once(REQUEST, "s1", crash)
    assert once(REQUEST, "s2", things.make) == (Answer(201, {"id": "s1"}, {"Location": "s1"}), False)
    assert things.made == {"s1"}


def test_refusal_can_be_retried_with_the_same_body_alone(store: MemoryIdempotencyStore) -> None:
    once, things = DoOnce(store=store), Things()

    def refuse(_: str) -> Answer:
        raise InvalidRequest("not yet")

    with pytest.raises(InvalidRequest):
        once(REQUEST, "s1", refuse)
    with pytest.raises(IdempotencyKeyReused):
        once(replace(REQUEST, body={}), "s2", things.make)
    assert once(REQUEST, "s3", things.make)[0].body == {"id": "s1"}
