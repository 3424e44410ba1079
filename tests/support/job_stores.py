"""What tests of job stores share: stores on a table, and jobs to put into them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contacts.adapters.dynamodb.bulk_job_store import DynamoBulkJobStore
from contacts.adapters.dynamodb.export_job_store import DynamoExportJobStore
from contacts.adapters.dynamodb.job_store import DynamoJobStore
from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.export_job import ExportFormat, ExportJob, ExportOptions
from contacts.domain.import_job import ImportJob, ImportStatus
from contacts.domain.rollback import OnConflict, Rollback
from contacts.export_ports import ExportJobStore
from contacts.ports import JobStore
from tests.support.fake_clock import FakeClock
from tests.support.jobs_table import JobsTable
from tests.support.memory_bulk_job_store import MemoryBulkJobStore
from tests.support.memory_export_job_store import MemoryExportJobStore
from tests.support.memory_job_store import MemoryJobStore
from tests.support.memory_jobs_table import MemoryJobsTable

RETENTION_DAYS = 90

#: The job that most tests are about, and a time later than anything that happens to it.
JOB = "job-1"
LATER = "2100-01-01T00:00:00.000Z"

MakeStore = Callable[..., JobStore]


def store_maker(table: JobsTable, clock: FakeClock) -> MakeStore:
    """Makes stores on one table; `wrap` puts something between the store and the client."""

    def make(wrap: Callable[[Any], Any] = lambda inner: inner, **options: Any) -> JobStore:
        settings = {"client": wrap(table.client), "table": table.name, "clock": clock, "retention_days": RETENTION_DAYS}
        return DynamoJobStore(**{**settings, **options})

    return make


@dataclass(frozen=True)
class JobStores:
    """The stores of all kinds of jobs on one table."""

    imports: JobStore
    bulk: BulkJobStore
    exports: ExportJobStore


def job_stores(
    table: JobsTable | None,
    clock: FakeClock,
    wrap: Callable[[Any], Any] = lambda inner: inner,
    *,
    retention_days: int = RETENTION_DAYS,
    **options: Any,
) -> JobStores:
    """All stores on this table, or in memory; `wrap` puts something between them and the client."""
    if table is None:
        shared = MemoryJobsTable(clock=clock, retention_days=retention_days)
        return JobStores(
            MemoryJobStore(table=shared), MemoryBulkJobStore(table=shared), MemoryExportJobStore(table=shared)
        )
    settings: dict[str, Any] = {"client": wrap(table.client), "table": table.name, "clock": clock, **options}
    return JobStores(
        DynamoJobStore(**settings, retention_days=retention_days),
        DynamoBulkJobStore(**settings),
        DynamoExportJobStore(**settings),
    )


def make_bulk_job(id_: str = JOB, tenant: str = "a", at: str = "2026-01-01T00:00:00.000Z", **fields: object) -> BulkJob:
    """A create job of three slices."""
    values = {
        "id": id_,
        "kind": BulkKind.CREATE,
        "tenant": tenant,
        "created_by": "user",
        "created_at": at,
        "changed_at": at,
        "tracking_key": f"bcc:j:{id_}",
        "total": 1_001,
    }
    return BulkJob(**{**values, **fields})


def make_export_job(
    id_: str = JOB, tenant: str = "a", at: str = "2026-01-01T00:00:00.000Z", **fields: object
) -> ExportJob:
    """A pending job that expires on the 8th."""
    values = {
        "id": id_,
        "tenant": tenant,
        "created_by": "user",
        "created_at": at,
        "changed_at": at,
        "expires_at": "2026-01-08T00:00:00.000Z",
        "options": ExportOptions(format=ExportFormat.CSV),
    }
    return ExportJob(**{**values, **fields})


def make_job(id_: str = JOB, tenant: str = "a", at: str = "2026-01-01T00:00:00.000Z", **fields: object) -> ImportJob:
    values = {
        "id": id_,
        "tenant": tenant,
        "created_by": "user",
        "created_at": at,
        "changed_at": at,
        "file_name": "people.csv",
        "file_key": "uploads/a/1",
        "file_url": "https://files.test/uploads/a/1",
        "field_mapping": {"E-Mail": "email"},
    }
    return ImportJob(**{**values, **fields})


def started(store: JobStore, clock: FakeClock, **fields: object) -> ImportJob:
    """A job that is processing."""
    job = make_job(**fields)
    assert store.create_import(job)
    processing = store.start_processing(job.id, clock())
    assert processing is not None
    return processing


def make_rollback(**fields: object) -> Rollback:
    values: dict[str, object] = {
        "run": 1,
        "attempt": 1,
        "on_conflict": OnConflict.KEEP,
        "dry_run": False,
        "requested_by": "user",
        "request": "seed-1",
        "started_at": "2026-01-01T00:00:00.000Z",
    }
    return Rollback(**{**values, **fields})


DRY = make_rollback(dry_run=True)
ABORT = make_rollback(on_conflict=OnConflict.ABORT)


def ended(store: JobStore, clock: FakeClock, status: ImportStatus = ImportStatus.COMPLETED) -> ImportJob:
    """A job that has ended and been announced."""
    started(store, clock)
    assert store.close_import(JOB, status, clock())
    store.mark_announced(JOB, clock())
    return found(store)


def rolling(store: JobStore, clock: FakeClock, rollback: Rollback | None = None) -> Rollback:
    """The running rollback of a new job."""
    ended(store, clock)
    return begun(store, clock, rollback or make_rollback())


def begun(store: JobStore, clock: FakeClock, rollback: Rollback) -> Rollback:
    job = store.start_rollback(JOB, rollback, clock())
    assert job is not None
    assert job.rollback is not None
    return job.rollback


def found(store: JobStore) -> ImportJob:
    job = store.find_import(JOB)
    assert job is not None
    return job


def is_watched(store: JobStore) -> bool:
    """Whether the sweeper sees the job."""
    return [job.job_id for job in store.open_jobs(LATER)] == [JOB]
