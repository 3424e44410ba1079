"""Jobs of all kinds in one table: one list shows them all, and no store touches those of another kind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contacts.domain.bulk_job import BulkCounts, BulkKind, BulkStatus, SliceRecord
from contacts.domain.errors import Problem
from contacts.domain.export_job import ExportFile
from contacts.domain.import_job import ImportStatus, PartRecord, RowCounts, StagedFile
from contacts.domain.rollback import RollbackStatus
from tests.support.fake_clock import FakeClock
from tests.support.job_stores import (
    LATER,
    JobStores,
    job_stores,
    make_bulk_job,
    make_export_job,
    make_job,
    make_rollback,
)
from tests.support.jobs_table import JobsTable

AT = "2026-01-02T00:00:00.000Z"
PROBLEM = Problem("X", "x")
BULK = make_bulk_job("bulk")


@pytest.fixture
def stores(memory_or_table: JobsTable | None) -> JobStores:
    return job_stores(memory_or_table.emptied() if memory_or_table else None, FakeClock())


def at_minute(minute: int) -> str:
    return f"2026-01-01T00:0{minute}:00.000Z"


@pytest.fixture
def mixed(stores: JobStores) -> JobStores:
    stores.exports.create_export(make_export_job("export", at=at_minute(1)))
    stores.bulk.create_job(make_bulk_job("create", at=at_minute(3)))
    stores.imports.create_import(make_job("import", at=at_minute(0)))
    stores.bulk.create_job(make_bulk_job("delete", at=at_minute(2), kind=BulkKind.DELETE))
    stores.bulk.create_job(make_bulk_job("of b", "b"))
    return stores


def test_one_list_shows_them_all_newest_first(mixed: JobStores) -> None:
    jobs = mixed.imports.list_jobs("a", limit=9).items
    assert [job.id for job in jobs] == ["create", "delete", "export", "import"]
    assert list(jobs) == [
        mixed.bulk.find_job(BulkKind.CREATE, "create"),
        mixed.bulk.find_job(BulkKind.DELETE, "delete"),
        mixed.exports.find_export("export"),
        mixed.imports.find_import("import"),
    ]


def test_pages_run_across_kinds(mixed: JobStores) -> None:
    first = mixed.imports.list_jobs("a", limit=3)
    assert [job.id for job in first.items] == ["create", "delete", "export"]
    second = mixed.imports.list_jobs("a", limit=3, position=first.next_position)
    assert [job.id for job in second.items] == ["import"]
    assert second.next_position is None


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"kind": "bulk_create"}, ["create"]),
        ({"kind": "bulk_delete"}, ["delete"]),
        ({"kind": "export"}, ["export"]),
        ({"kind": "import"}, ["import"]),
        ({"status": "QUEUED"}, ["create", "delete"]),
        ({"status": "pending"}, ["export", "import"]),
        ({"status": "pending", "kind": "import"}, ["import"]),
        ({"status": "QUEUED", "kind": "import"}, []),
        ({"kind": "nonsense"}, []),
    ],
)
def test_one_kind_or_status_can_be_asked_for(mixed: JobStores, filters: dict[str, str], ids: list[str]) -> None:
    assert [job.id for job in mixed.imports.list_jobs("a", limit=9, **filters).items] == ids


def test_the_sweeper_is_told_of_each_open_job_what_it_is(mixed: JobStores) -> None:
    assert [(job.job_id, job.kind, job.changed_at) for job in mixed.imports.open_jobs(LATER)][2:] == [
        ("export", "export", at_minute(1)),
        ("delete", "bulk_delete", at_minute(2)),
        ("create", "bulk_create", at_minute(3)),
    ]
    # These two are of one moment, which has no order.
    earliest = {(job.job_id, job.kind) for job in mixed.imports.open_jobs(at_minute(1))}
    assert earliest == {("import", "import"), ("of b", "bulk_create")}


#: Everything that one store could do to a job, with an answer that says that it did nothing.
IMPORT_CALLS: list[Callable[[JobStores, str], object]] = [
    lambda stores, id_: stores.imports.find_import(id_),
    lambda stores, id_: stores.imports.create_import(make_job(id_)),
    lambda stores, id_: stores.imports.start_processing(id_, AT),
    lambda stores, id_: stores.imports.record_staged(id_, StagedFile("v", "csv", 1, ("h",), 1, 1, RowCounts()), AT),
    lambda stores, id_: stores.imports.record_part(id_, PartRecord(0, RowCounts(created=1)), AT),
    lambda stores, id_: stores.imports.close_import(id_, ImportStatus.FAILED, AT),
    lambda stores, id_: stores.imports.mark_announced(id_, AT),
    lambda stores, id_: stores.imports.start_rollback(id_, make_rollback(), AT),
    lambda stores, id_: stores.imports.start_rollback_writes(id_, 1, AT),
    lambda stores, id_: stores.imports.end_rollback(id_, 1, RollbackStatus.COMPLETED, AT),
]
BULK_CALLS: list[Callable[[JobStores, str], object]] = [
    lambda stores, id_: stores.bulk.find_job(BulkKind.CREATE, id_),
    lambda stores, id_: stores.bulk.find_job(BulkKind.DELETE, id_),
    lambda stores, id_: stores.bulk.create_job(make_bulk_job(id_)),
    lambda stores, id_: stores.bulk.start_job(id_, AT),
    lambda stores, id_: stores.bulk.record_slice(make_bulk_job(id_), SliceRecord(0, BulkCounts(succeeded=1)), AT),
    lambda stores, id_: stores.bulk.close_job(id_, BulkStatus.FAILED, AT, lost=1),
    lambda stores, id_: stores.bulk.settle_collection(id_, BulkStatus.COMPLETED, AT),
]
EXPORT_CALLS: list[Callable[[JobStores, str], object]] = [
    lambda stores, id_: stores.exports.find_export(id_),
    lambda stores, id_: stores.exports.create_export(make_export_job(id_)),
    lambda stores, id_: stores.exports.begin_attempt(id_, AT),
    lambda stores, id_: stores.exports.report_progress(id_, 0, 1, AT),
    lambda stores, id_: stores.exports.complete_export(id_, 0, ExportFile("k", 1, "s"), 1, AT),
    lambda stores, id_: stores.exports.fail_export(id_, PROBLEM, AT),
    lambda stores, id_: stores.exports.mark_export_announced(id_, AT),
    lambda stores, id_: stores.exports.remove_export(id_, LATER),
]
STRANGERS = [
    *(("import", call) for call in (*BULK_CALLS, *EXPORT_CALLS)),
    *((kind, call) for kind in ("bulk", "ended bulk") for call in (*IMPORT_CALLS, *EXPORT_CALLS)),
    *((kind, call) for kind in ("export", "running export") for call in (*IMPORT_CALLS, *BULK_CALLS)),
]


@pytest.fixture
def one_of_each(stores: JobStores) -> JobStores:
    """A job of every kind; the statuses of imports and exports share their names."""
    stores.imports.create_import(make_job("import"))
    stores.bulk.create_job(BULK)
    stores.bulk.create_job(make_bulk_job("ended bulk"))
    stores.bulk.close_job("ended bulk", BulkStatus.PARTIAL, at_minute(1), problem=PROBLEM)
    stores.exports.create_export(make_export_job("export"))
    stores.exports.create_export(make_export_job("running export"))
    stores.exports.begin_attempt("running export", at_minute(1))
    return stores


def test_no_store_finds_or_changes_a_job_of_another_kind(one_of_each: JobStores) -> None:
    before = list(one_of_each.imports.list_jobs("a", limit=9).items)
    assert len(before) == 5
    for number, (job_id, call) in enumerate(STRANGERS):
        assert not call(one_of_each, job_id), (number, job_id)
        assert list(one_of_each.imports.list_jobs("a", limit=9).items) == before, (number, job_id)
