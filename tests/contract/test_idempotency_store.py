"""What every `IdempotencyStore` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from contacts.adapters.dynamodb.bulk_job_store import DynamoBulkJobStore
from contacts.adapters.dynamodb.idempotency_store import DynamoIdempotencyStore
from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_job import BulkJob, BulkKind, BulkStatus
from contacts.ports import IdempotencyClaim, IdempotencyStore
from tests.support.client_wrappers import FailsFirst, LosesAnswers, client_error
from tests.support.fake_clock import FakeClock
from tests.support.jobs_table import JobsTable
from tests.support.memory_bulk_job_store import MemoryBulkJobStore
from tests.support.memory_idempotency_store import MemoryIdempotencyStore
from tests.support.memory_jobs_table import MemoryJobsTable

TENANT = "acme"
FIRST = IdempotencyClaim(fingerprint="f1", seed="s1", tenant=TENANT)
SECOND = IdempotencyClaim(fingerprint="f2", seed="s2", tenant=TENANT)
ANSWER = {"status": 202, "headers": {"Location": "/é"}, "body": {"n": 1, "f": 0.1, "none": None, "list": [True, ""]}}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def stores(memory_or_table: JobsTable | None, clock: FakeClock) -> tuple[IdempotencyStore, BulkJobStore]:
    """The store, and that of the jobs which its keys are about."""
    if memory_or_table is None:
        table = MemoryJobsTable(clock=clock)
        return MemoryIdempotencyStore(clock=clock, table=table), MemoryBulkJobStore(table=table)
    client, name = memory_or_table.client, memory_or_table.name
    return (
        DynamoIdempotencyStore(client=client, table=name, clock=clock),
        DynamoBulkJobStore(client=client, table=name, clock=clock),
    )


@pytest.fixture
def store(stores: tuple[IdempotencyStore, BulkJobStore]) -> IdempotencyStore:
    return stores[0]


def test_the_first_claim_stands(store: IdempotencyStore, key: str) -> None:
    assert store.claim(key, FIRST) == FIRST
    assert store.claim(key, SECOND) == FIRST
    assert store.claim(f"{key}2", SECOND) == SECOND


def test_an_answer_comes_back_exactly_as_it_was_given(store: IdempotencyStore, key: str) -> None:
    store.claim(key, FIRST)
    store.store_answer(key, ANSWER)
    found = store.claim(key, SECOND)
    assert found == replace(FIRST, answer=ANSWER)
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


class TestKeysOfJobs:
    """They are kept for a day from the last change of their job, however long that takes."""

    @pytest.fixture
    def job(self, clock: FakeClock) -> BulkJob:
        return BulkJob(
            id=uuid.uuid4().hex,
            kind=BulkKind.CREATE,
            tenant=TENANT,
            created_by="ann",
            created_at=clock(),
            changed_at=clock(),
            tracking_key="k",
            total=1,
        )

    @pytest.fixture
    def claims(self, job: BulkJob) -> tuple[IdempotencyClaim, IdempotencyClaim]:
        return replace(FIRST, job_id=job.id), replace(SECOND, job_id="another")

    def test_a_key_is_kept_as_long_as_its_job_changes_and_a_day_more(
        self,
        stores: tuple[IdempotencyStore, BulkJobStore],
        clock: FakeClock,
        key: str,
        job: BulkJob,
        claims: tuple[IdempotencyClaim, IdempotencyClaim],
    ) -> None:
        store, jobs = stores
        first, second = claims
        store.claim(key, first)
        assert jobs.create_job(job)
        store.store_answer(key, ANSWER)
        clock.advance(days=3)
        assert jobs.close_job(job.id, BulkStatus.COMPLETED, clock())
        clock.advance(hours=24, seconds=-1)
        assert store.claim(key, second) == replace(first, answer=ANSWER)
        clock.advance(seconds=1)
        assert store.claim(key, second) == second
        assert store.claim(key, first) == second, "the key is the second one's from now on"

    def test_a_key_whose_request_died_is_kept_with_its_job_too(
        self,
        stores: tuple[IdempotencyStore, BulkJobStore],
        clock: FakeClock,
        key: str,
        job: BulkJob,
        claims: tuple[IdempotencyClaim, IdempotencyClaim],
    ) -> None:
        store, jobs = stores
        first, second = claims
        store.claim(key, first)
        assert jobs.create_job(job)
        clock.advance(hours=23)
        jobs.start_job(job.id, clock())
        clock.advance(hours=23)
        assert store.claim(key, second) == first

    @pytest.mark.parametrize("is_started", [False, True])
    def test_a_key_is_kept_while_its_job_waits_however_long_that_takes(  # noqa: PLR0917 - fixtures
        self,
        stores: tuple[IdempotencyStore, BulkJobStore],
        clock: FakeClock,
        key: str,
        job: BulkJob,
        claims: tuple[IdempotencyClaim, IdempotencyClaim],
        is_started: bool,
    ) -> None:
        store, jobs = stores
        first, second = claims
        store.claim(key, first)
        assert jobs.create_job(job)
        if is_started:
            jobs.start_job(job.id, clock())
        clock.advance(days=30)
        assert store.claim(key, second) == first
        assert jobs.close_job(job.id, BulkStatus.COMPLETED, clock())
        clock.advance(hours=24)
        assert store.claim(key, second) == second

    @pytest.mark.parametrize("job_id", ["nothing", "", "x" * 3_000, "a#b"])
    def test_a_key_whose_job_never_came_to_be_is_free_after_a_day(
        self, store: IdempotencyStore, clock: FakeClock, key: str, job_id: str
    ) -> None:
        first = replace(FIRST, job_id=job_id)
        store.claim(key, first)
        clock.advance(hours=24, seconds=-1)
        assert store.claim(key, SECOND) == first
        clock.advance(seconds=1)
        assert store.claim(key, SECOND) == SECOND

    def test_how_another_tenants_job_fares_does_not_show(
        self, stores: tuple[IdempotencyStore, BulkJobStore], clock: FakeClock, key: str, job: BulkJob
    ) -> None:
        store, jobs = stores
        store.claim(key, replace(FIRST, tenant="spy", job_id=job.id))
        assert jobs.create_job(job)
        clock.advance(hours=24)
        jobs.start_job(job.id, clock())
        assert store.claim(key, SECOND) == SECOND

    def test_of_many_that_find_a_key_over_one_takes_it(
        self,
        stores: tuple[IdempotencyStore, BulkJobStore],
        clock: FakeClock,
        key: str,
        job: BulkJob,
        claims: tuple[IdempotencyClaim, IdempotencyClaim],
    ) -> None:
        store, jobs = stores
        store.claim(key, claims[0])
        assert jobs.create_job(job)
        assert jobs.close_job(job.id, BulkStatus.COMPLETED, clock())
        clock.advance(hours=24)
        late = [replace(claims[1], seed=f"late{number}") for number in range(16)]
        with ThreadPoolExecutor(8) as pool:
            standing = set(pool.map(lambda claim: store.claim(key, claim).seed, late))
        assert len(standing) == 1
        assert standing < {claim.seed for claim in late}


def test_of_many_claims_at_once_one_stands(store: IdempotencyStore, key: str) -> None:
    claims = [IdempotencyClaim(fingerprint="f", seed=f"s{number}", tenant=TENANT) for number in range(16)]
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
