"""Whatever is done to jobs of all kinds, in whatever order: the in-memory stores answer as DynamoDB's do.

The jobs of every kind go by the same few ids, so that they also meet where only one can be. What is special to imports
is told in `test_memory_job_store_agrees`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain.bulk_job import BulkCounts, BulkJob, BulkKind, BulkStatus, SliceRecord, WaitingSlice
from contacts.domain.errors import Problem
from contacts.domain.export_job import ExportFile, ExportFormat, ExportJob, ExportOptions
from contacts.domain.import_job import ImportJob, ImportStatus
from tests.support.fake_clock import FakeClock
from tests.support.job_stores import (
    LATER,
    JobStores,
    job_stores,
    make_bulk_job,
    make_export_job,
    make_job,
)
from tests.support.jobs_table import JobsTable, jobs_table_on

RETENTION_DAYS = 10
JOBS = ("one", "two")
TENANTS = ("a", "b#")

#: What is done to the job of this id, at this time; both begin with the example's own prefix.
Step = Callable[[JobStores, str, str], Any]
number = st.integers(0, 2)
tenants = st.sampled_from(TENANTS)
problem = st.builds(Problem, st.just("CODE"), st.just("Why"), st.none() | st.just("field"))
counts = st.builds(BulkCounts, succeeded=number, skipped=number, failed=number, not_found=number, forbidden=number)
record = st.builds(SliceRecord, st.integers(0, 2), counts, reconciled=st.booleans())
bulk_end = st.sampled_from([BulkStatus.COMPLETED, BulkStatus.PARTIAL, BulkStatus.FAILED])
files = st.sampled_from([ExportFile(f"k{which}", which, "s") for which in range(2)])


def _bulk(id_: str, tenant: str, at: str, kind: BulkKind) -> BulkJob:
    return make_bulk_job(id_, f"{id_.split('/', maxsplit=1)[0]}/{tenant}", at, kind=kind)


def _export(id_: str, tenant: str, at: str) -> ExportJob:
    options = ExportOptions(format=ExportFormat.CSV, filters={"a": 0.5})
    return make_export_job(id_, f"{id_.split('/', maxsplit=1)[0]}/{tenant}", at, options=options)


def _import(id_: str, tenant: str, at: str) -> ImportJob:
    return make_job(id_, f"{id_.split('/', maxsplit=1)[0]}/{tenant}", at)


def _line(stores: JobStores, id_: str, tenant: str) -> list[WaitingSlice]:
    return list(stores.bulk.line(f"{id_.split('/', maxsplit=1)[0]}/{tenant}", 4))


def _record(each: SliceRecord) -> Step:
    """As a worker does that found the job a moment ago; of a job that never was, a made-up one."""

    def step(stores: JobStores, id_: str, at: str) -> bool:
        found = [stores.bulk.find_job(kind, id_) for kind in BulkKind]
        job = next((job for job in found if job is not None), _bulk(id_, "a", at, BulkKind.CREATE))
        return stores.bulk.record_slice(job, each, at)

    return step


def _send(tenant: str, which: int) -> Step:
    """As two dispatchers do that read the same line."""

    def step(stores: JobStores, id_: str, at: str) -> Any:
        line = _line(stores, id_, tenant)[which : which + 1]
        return [line, [stores.bulk.mark_sent(waiting, at) for waiting in line * 2]]

    return step


def _leave(tenant: str) -> Step:
    return lambda stores, id_, at: [stores.bulk.leave_line(waiting) for waiting in _line(stores, id_, tenant)[:1]]


bulk_steps = st.one_of(
    st.builds(
        lambda tenant, kind: lambda stores, id_, at: stores.bulk.create_job(_bulk(id_, tenant, at, kind)),
        tenants,
        st.sampled_from(BulkKind),
    ),
    st.just(lambda stores, id_, at: stores.bulk.start_job(id_, at)),
    record.map(_record),
    st.builds(
        lambda status, why, lost: (
            lambda stores, id_, at: stores.bulk.close_job(id_, status, at, problem=why, lost=lost)
        ),
        bulk_end,
        st.none() | problem,
        number,
    ),
    bulk_end.map(lambda status: lambda stores, id_, at: stores.bulk.settle_collection(id_, status, at)),
    st.builds(_send, tenants, number),
    tenants.map(_leave),
)
export_steps = st.one_of(
    tenants.map(lambda tenant: lambda stores, id_, at: stores.exports.create_export(_export(id_, tenant, at))),
    st.just(lambda stores, id_, at: stores.exports.begin_attempt(id_, at)),
    st.builds(
        lambda attempt, done: lambda stores, id_, at: stores.exports.report_progress(id_, attempt, done, at),
        number,
        number,
    ),
    st.builds(
        lambda attempt, file: lambda stores, id_, at: stores.exports.complete_export(id_, attempt, file, 7, at),
        number,
        files,
    ),
    problem.map(lambda why: lambda stores, id_, at: stores.exports.fail_export(id_, why, at)),
    st.just(lambda stores, id_, at: stores.exports.mark_export_announced(id_, at)),
    st.just(lambda stores, id_, at: stores.exports.remove_export(id_, at)),
)
import_steps = st.one_of(
    tenants.map(lambda tenant: lambda stores, id_, at: stores.imports.create_import(_import(id_, tenant, at))),
    st.just(lambda stores, id_, at: stores.imports.start_processing(id_, at)),
    st.just(lambda stores, id_, at: stores.imports.close_import(id_, ImportStatus.FAILED, at)),
    st.just(lambda stores, id_, at: stores.imports.mark_announced(id_, at)),
)
passing = st.sampled_from([0, 0, 1, 3_600, 4 * 86_400])


def story_of(steps: st.SearchStrategy[Step], *, size: int) -> st.SearchStrategy[list[tuple[Step, str, int]]]:
    """Steps, the job each is about, and how many seconds have passed since the last one."""
    return st.lists(st.tuples(steps, st.sampled_from(JOBS), passing), max_size=size)


@pytest.fixture(scope="module")
def table() -> Iterator[JobsTable | None]:
    with jobs_table_on("ministack") as table:  # takes a quarter of the time that moto takes
        yield table


_example = itertools.count()


def _tell(table: JobsTable, story: list[tuple[Step, str, int]]) -> None:
    clock = FakeClock()
    prefix = f"example-{next(_example)}"  # every example has jobs and tenants of its own
    memory = job_stores(None, clock, retention_days=RETENTION_DAYS)
    real = job_stores(table, clock, retention_days=RETENTION_DAYS)
    for step, job, seconds in story:
        clock.now += timedelta(seconds=seconds)
        assert step(memory, f"{prefix}/{job}", clock()) == step(real, f"{prefix}/{job}", clock())
    assert _everything(memory, prefix, clock()) == _everything(real, prefix, clock())


#: How jobs begin that are told of. Left to chance, few stories would come far.
BULK_BEGINNING: list[tuple[Step, str, int]] = [
    (lambda stores, id_, at: stores.bulk.create_job(_bulk(id_, "a", at, BulkKind.CREATE)), "one", 0),
    (lambda stores, id_, at: stores.bulk.create_job(_bulk(id_, "a", at, BulkKind.DELETE)), "two", 1),
]
EXPORT_BEGINNING: list[tuple[Step, str, int]] = [
    (lambda stores, id_, at: stores.exports.create_export(_export(id_, "a", at)), "one", 0),
    (lambda stores, id_, at: stores.exports.begin_attempt(id_, at), "one", 0),
]
usual = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@usual
@given(story=story_of(bulk_steps, size=15))
def test_bulk_jobs(table: JobsTable, story: list[tuple[Step, str, int]]) -> None:
    _tell(table, [*BULK_BEGINNING, *story])


@usual
@given(story=story_of(export_steps, size=12))
def test_exports(table: JobsTable, story: list[tuple[Step, str, int]]) -> None:
    _tell(table, [*EXPORT_BEGINNING, *story])


@usual
@given(story=story_of(bulk_steps | export_steps | import_steps, size=18))
def test_jobs_of_all_kinds_under_the_same_ids(table: JobsTable, story: list[tuple[Step, str, int]]) -> None:
    _tell(table, story)


def _everything(stores: JobStores, prefix: str, now: str) -> dict[str, Any]:
    ids = [f"{prefix}/{name}" for name in JOBS]
    tenants = [f"{prefix}/{tenant}" for tenant in TENANTS]
    return {
        "imports": [stores.imports.find_import(id_) for id_ in ids],
        "bulk": [stores.bulk.find_job(kind, id_) for kind in BulkKind for id_ in ids],
        "exports": [stores.exports.find_export(id_) for id_ in ids],
        "slices": [list(stores.bulk.slices(id_)) for id_ in ids],
        "has": [[stores.bulk.has_slice(id_, slice_) for slice_ in range(3)] for id_ in ids],
        "lines": [list(stores.bulk.line(tenant, 9)) for tenant in tenants],
        "lists": [list(stores.imports.list_jobs(tenant, limit=5).items) for tenant in tenants],
        "failed": [list(stores.imports.list_jobs(tenant, limit=5, status="failed").items) for tenant in tenants],
        "kinds": [list(stores.imports.list_jobs(tenant, limit=5, kind="bulk_delete").items) for tenant in tenants],
        # Jobs of one moment come in no particular order.
        "open": sorted(
            (job.changed_at, job.job_id, job.kind) for job in stores.imports.open_jobs(LATER) if job.job_id in ids
        ),
        "expired": sorted(id_ for id_ in stores.exports.expired_exports(now) if id_ in ids),
    }
