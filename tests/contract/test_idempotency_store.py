"""What every `IdempotencyStore` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from contacts.adapters.dynamodb.idempotency_store import DynamoIdempotencyStore
from contacts.ports import IdempotencyClaim, IdempotencyStore
from tests.support.client_wrappers import FailsFirst, LosesAnswers, client_error
from tests.support.fake_clock import FakeClock
from tests.support.jobs_table import JobsTable
from tests.support.memory_idempotency_store import MemoryIdempotencyStore

FIRST = IdempotencyClaim(fingerprint="f1", seed="s1")
SECOND = IdempotencyClaim(fingerprint="f2", seed="s2")
ANSWER = {"status": 202, "headers": {"Location": "/é"}, "body": {"n": 1, "f": 0.1, "none": None, "list": [True, ""]}}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def store(memory_or_table: JobsTable | None, clock: FakeClock) -> IdempotencyStore:
    if memory_or_table is None:
        return MemoryIdempotencyStore(clock=clock)
    return DynamoIdempotencyStore(client=memory_or_table.client, table=memory_or_table.name, clock=clock)


def test_the_first_claim_stands(store: IdempotencyStore, key: str) -> None:
    assert store.claim(key, FIRST) == FIRST
    assert store.claim(key, SECOND) == FIRST
    assert store.claim(f"{key}2", SECOND) == SECOND


def test_an_answer_comes_back_exactly_as_it_was_given(store: IdempotencyStore, key: str) -> None:
    store.claim(key, FIRST)
    store.store_answer(key, ANSWER)
    found = store.claim(key, SECOND)
    assert found == IdempotencyClaim(fingerprint="f1", seed="s1", answer=ANSWER)
    assert repr(found.answer) == repr(ANSWER), "1 is not 1.0"


def test_the_first_answer_stands(store: IdempotencyStore, key: str) -> None:
    store.claim(key, FIRST)
    store.store_answer(key, ANSWER)
    store.store_answer(key, {"status": 201})
    assert store.claim(key, SECOND).answer == ANSWER


@pytest.mark.parametrize("surplus", [0, 1_000_000])
def test_an_answer_is_kept_or_too_large_and_neither_is_trouble(store: IdempotencyStore, key: str, surplus: int) -> None:
    store.claim(key, FIRST)
    answer = {"text": "x" * (389_900 + surplus)}
    store.store_answer(key, answer)
    found = store.claim(key, SECOND)
    assert (found.fingerprint, found.seed) == ("f1", "s1")
    assert found.answer in ((answer, None) if surplus else (answer,))


def test_a_key_is_free_again_after_a_day(store: IdempotencyStore, clock: FakeClock, key: str) -> None:
    store.claim(key, FIRST)
    store.store_answer(key, ANSWER)
    clock.advance(hours=24, seconds=-1)
    assert store.claim(key, SECOND).seed == "s1"
    clock.advance(seconds=1)
    assert store.claim(key, SECOND) == SECOND


def test_an_answer_that_comes_too_late_is_kept_for_nobody(store: IdempotencyStore, clock: FakeClock, key: str) -> None:
    store.store_answer(key, ANSWER)
    assert store.claim(key, FIRST) == FIRST
    clock.advance(hours=24)
    store.store_answer(key, ANSWER)
    assert store.claim(key, SECOND) == SECOND


def test_of_many_claims_at_once_one_stands(store: IdempotencyStore, key: str) -> None:
    claims = [IdempotencyClaim(fingerprint="f", seed=f"s{number}") for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        standing = set(pool.map(lambda claim: store.claim(key, claim).seed, claims))
    assert len(standing) == 1


def test_a_claim_whose_answer_was_lost_is_found_to_be_ones_own(table: JobsTable, clock: FakeClock, key: str) -> None:
    store = DynamoIdempotencyStore(client=LosesAnswers(table.client, "put_item"), table=table.name, clock=clock)
    with pytest.raises(Exception, match="timeout"):
        store.claim(key, FIRST)
    assert store.claim(key, FIRST) == FIRST


def test_trouble_is_never_taken_for_an_answer(table: JobsTable, clock: FakeClock, key: str) -> None:
    denied = client_error("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        DynamoIdempotencyStore(
            client=FailsFirst(table.client, "put_item", denied), table=table.name, clock=clock
        ).claim(key, FIRST)
    with pytest.raises(ClientError, match="AccessDenied"):
        DynamoIdempotencyStore(
            client=FailsFirst(table.client, "update_item", denied), table=table.name, clock=clock
        ).store_answer(key, ANSWER)
