"""Whatever is done to jobs, in whatever order: the in-memory store answers as DynamoDB's does.

Tests of use cases lean on the in-memory one, so it has to be as strict as the real one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.adapters.dynamodb.job_store import DynamoJobStore
from contacts.domain.import_job import FileError, ImportJob, ImportStatus, PartRecord, RowCounts, StagedFile
from contacts.domain.rollback import (
    OnConflict,
    Rollback,
    RollbackCounts,
    RollbackMode,
    RollbackPart,
    RollbackStatus,
)
from contacts.ports import JobStore
from tests.support.fake_clock import FakeClock
from tests.support.jobs_table import JobsTable, jobs_table_on
from tests.support.memory_job_store import MemoryJobStore

RETENTION_DAYS = 10
LATER = "2100-01-01T00:00:00.000Z"
JOBS = ("one", "two")
PASSES = tuple(itertools.product((1, 2), RollbackMode))
TENANTS = ("a", "b#")

Step = Callable[[JobStore, str, str], Any]
number = st.integers(0, 3)
counts = st.builds(RowCounts, created=number, updated=number, skipped=number, errors=number)
part = st.builds(PartRecord, part=number, counts=counts, reconciled=st.booleans())
staged = st.builds(StagedFile, st.just("v"), st.just("csv"), number, st.just(("h",)), number, number, counts)
ended = st.sampled_from([ImportStatus.COMPLETED, ImportStatus.FAILED])
error = st.none() | st.builds(FileError, st.just("CODE"), st.just("Why"), st.none() | st.just("field"))

#: Few values, so that runs, attempts and requests meet.
run = st.sampled_from([1, 1, 2])
mode = st.sampled_from(RollbackMode)
rollback_part = st.builds(
    RollbackPart,
    run,
    mode,
    st.integers(0, 1),
    st.builds(RollbackCounts, deleted=number, restored=number, kept=number, unchanged=number, errors=number),
)
rollback = st.builds(
    Rollback,
    run=run,
    attempt=st.sampled_from([1, 1, 2]),
    on_conflict=st.sampled_from(OnConflict),
    dry_run=st.booleans(),
    requested_by=st.just("u"),
    request=st.sampled_from(["one", "two"]),
    started_at=st.just("2026-01-01T00:00:00.000Z"),
)


def _create(tenant: str) -> Step:
    def create(store: JobStore, name: str, at: str) -> bool:
        prefix, _ = name.split("/")
        fields = {"created_by": "u", "created_at": at, "changed_at": at}
        file = {"file_name": "f", "file_key": "k", "file_url": "u", "field_mapping": {"E": "email"}}
        return store.create_import(ImportJob(id=name, tenant=f"{prefix}/{tenant}", **fields, **file))

    return create


steps = st.one_of(
    st.builds(_create, st.sampled_from(TENANTS)),
    st.just(lambda store, job, at: store.start_processing(job, at)),
    staged.map(lambda found: lambda store, job, at: store.record_staged(job, found, at)),
    part.map(lambda record: lambda store, job, at: store.record_part(job, record, at)),
    st.builds(
        lambda status, why: lambda store, job, at: store.close_import(job, status, at, why), status=ended, why=error
    ),
    st.just(lambda store, job, at: store.mark_announced(job, at)),
    rollback.map(lambda begun: lambda store, job, at: store.start_rollback(job, begun, at)),
    run.map(lambda number: lambda store, job, at: store.start_rollback_writes(job, number, at)),
    rollback_part.map(lambda record: lambda store, job, at: store.record_rollback_part(job, record, at)),
    st.builds(
        lambda number, status, errors: lambda store, job, at: store.end_rollback(job, number, status, at, errors),
        run,
        st.sampled_from([status for status in RollbackStatus if status is not RollbackStatus.RUNNING]),
        number,
    ),
)
#: A step, the job it is about, and how much time has passed since the last one.
moves = st.tuples(steps, st.sampled_from(JOBS), st.sampled_from([0, 1, 3600, 6 * 86_400]))


@pytest.fixture(scope="module")
def table() -> Iterator[JobsTable | None]:
    with jobs_table_on("ministack") as table:  # takes a quarter of the time that moto takes
        yield table


_example = itertools.count()


#: How a job ends whose rollbacks are to be told of. Left to chance, few stories would come so far.
ENDED: list[tuple[Step, str, int]] = [
    (_create("a"), "one", 0),
    (lambda store, job, at: store.start_processing(job, at), "one", 0),
    (lambda store, job, at: store.close_import(job, ImportStatus.COMPLETED, at), "one", 0),
]


@pytest.mark.parametrize("beginning", [[], ENDED], ids=["from nothing", "of an import that has ended"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=st.lists(moves, max_size=15))
def test_the_in_memory_store_answers_as_dynamodb_does(
    table: JobsTable, beginning: list[tuple[Step, str, int]], story: list[tuple[Step, str, int]]
) -> None:
    clock = FakeClock()
    prefix = f"example-{next(_example)}"  # every example has jobs and tenants of its own
    real = DynamoJobStore(client=table.client, table=table.name, clock=clock, retention_days=RETENTION_DAYS)
    memory = MemoryJobStore(clock=clock, retention_days=RETENTION_DAYS)
    for step, job, seconds in [*beginning, *story]:
        clock.now += timedelta(seconds=seconds)
        assert step(memory, f"{prefix}/{job}", clock()) == step(real, f"{prefix}/{job}", clock())
    assert _everything(memory, prefix) == _everything(real, prefix)


def _everything(store: JobStore, prefix: str) -> dict[str, Any]:
    ids = [f"{prefix}/{name}" for name in JOBS]
    return {
        "jobs": [store.find_import(id_) for id_ in ids],
        "parts": [list(store.parts(id_)) for id_ in ids],
        "has": [[store.has_part(id_, number) for number in range(4)] for id_ in ids],
        "rollbacks": [[list(store.rollback_parts(id_, *each)) for each in PASSES] for id_ in ids],
        "rolled": [[store.has_rollback_part(id_, *each, part) for each in PASSES for part in (0, 1)] for id_ in ids],
        "lists": [list(store.list_jobs(f"{prefix}/{tenant}", limit=5).items) for tenant in TENANTS],
        "pending": [list(store.list_jobs(f"{prefix}/{tenant}", limit=1, status="pending").items) for tenant in TENANTS],
        # Jobs of one moment come in no particular order.
        "open": sorted((job.changed_at, job.job_id) for job in store.open_jobs(LATER) if job.job_id in ids),
    }
