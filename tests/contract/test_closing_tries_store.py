"""What every `ClosingTriesStore` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from contacts.adapters.dynamodb.closing_tries_store import DynamoClosingTriesStore
from contacts.ports import ClosingTries, ClosingTriesStore
from tests.support.fake_clock import FakeClock
from tests.support.job_stores import JOB, job_stores, make_bulk_job
from tests.support.jobs_table import JobsTable
from tests.support.memory_closing_tries import MemoryClosingTriesStore


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(memory_or_table: JobsTable | None, clock: FakeClock) -> ClosingTriesStore:
    if memory_or_table is None:
        return MemoryClosingTriesStore()
    table = memory_or_table.emptied()
    return DynamoClosingTriesStore(client=table.client, table=table.name, clock=clock)


def test_what_was_never_tried_has_no_tries(store: ClosingTriesStore) -> None:
    assert store.find(JOB, "slice 1") is None


def test_tries_are_counted_and_the_first_and_the_last_one_stand(store: ClosingTriesStore, clock: FakeClock) -> None:
    first = clock()
    store.note(JOB, "slice 1", first)
    assert store.find(JOB, "slice 1") == ClosingTries(1, first, first)
    store.note(JOB, "slice 1", clock.advance(minutes=5))
    last = clock.advance(minutes=5)
    store.note(JOB, "slice 1", last)
    assert store.find(JOB, "slice 1") == ClosingTries(3, first, last)


def test_things_and_jobs_are_apart(store: ClosingTriesStore, clock: FakeClock) -> None:
    store.note(JOB, "slice 1", clock())
    assert store.find(JOB, "slice 10") is None
    assert store.find(f"{JOB}0", "slice 1") is None


def test_none_is_lost_where_several_note_at_once(store: ClosingTriesStore, clock: FakeClock) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: store.note(JOB, "job", clock()), range(8)))
    found = store.find(JOB, "job")
    assert found is not None
    assert found.number == 8


def test_they_are_forgotten_a_month_after_the_last_one(table: JobsTable, clock: FakeClock) -> None:
    table.emptied()
    store = DynamoClosingTriesStore(client=table.client, table=table.name, clock=clock)
    store.note(JOB, "job", clock())
    clock.advance(days=20)
    store.note(JOB, "job", clock())
    clock.advance(days=30, seconds=-1)
    assert store.find(JOB, "job") is not None
    clock.advance(seconds=1)
    assert store.find(JOB, "job") is None


def test_they_are_no_part_of_their_job(table: JobsTable, clock: FakeClock) -> None:
    table.emptied()
    stores = job_stores(table, clock)
    job = make_bulk_job()
    assert stores.bulk.create_job(job)
    DynamoClosingTriesStore(client=table.client, table=table.name, clock=clock).note(job.id, "slice 1", clock())
    assert stores.bulk.slices(job.id) == []
    assert stores.bulk.find_job(job.kind, job.id) == job
    assert list(stores.imports.parts(job.id)) == []
