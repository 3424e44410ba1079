"""The whole surface on one set of in-memory ports: contacts, imports, rollbacks, bulk jobs, exports, the sweeper.

Every call makes its use case anew, as a fresh worker would. Parts, slices and pages are a few entries long, so that
little data falls into several: see `small_units`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from contacts.domain import bulk_job
from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.contact import Contact
from contacts.domain.export_job import ExportJob
from contacts.domain.import_job import ImportJob
from contacts.domain.rollback import RollbackMode
from contacts.runtime import (
    bulk_steps,
    bulk_use_cases,
    contact_use_cases,
    export_use_cases,
    import_steps,
    import_use_cases,
    rollback_use_cases,
)
from contacts.runtime.exporting import write_export
from contacts.runtime.settings import Settings
from contacts.runtime.staging import stage_import
from contacts.runtime.sweeping import announce_overdue_contacts, sweep_jobs
from contacts.runtime.wiring import Wiring
from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE
from contacts.usecases.do_once import Answer, DoOnce, KeyedRequest
from contacts.usecases.mend_bulk_job import OVERDUE_AFTER
from contacts.usecases.stage_import import StageImport
from contacts.usecases.unit_of_work import UnitStillWrittenError
from tests.support.export_world import ScannedInPages
from tests.support.import_world import TickingClock, Wrap, bounds_for
from tests.support.memory_audit_log import MemoryAuditLog
from tests.support.memory_bulk_job_store import MemoryBulkJobStore
from tests.support.memory_closing_tries import MemoryClosingTriesStore
from tests.support.memory_collection_store import MemoryCollectionStore
from tests.support.memory_contact_outbox import MemoryContactOutbox
from tests.support.memory_events import MemoryEvents
from tests.support.memory_export_job_store import MemoryExportJobStore
from tests.support.memory_files import MemoryFiles
from tests.support.memory_idempotency_store import MemoryIdempotencyStore
from tests.support.memory_job_store import MemoryJobStore
from tests.support.memory_jobs_table import MemoryJobsTable
from tests.support.memory_links import MemoryLinks
from tests.support.memory_runner import MemoryRunner
from tests.support.memory_segment_store import MemorySegmentStore
from tests.support.memory_slice_queue import MemorySliceQueue
from tests.support.slot_contact_store import SlotContactStore

SLICE = 3
PARTS = 3
_SETTINGS = {
    "TENANT_SLICES_IN_FLIGHT": "2",
    "MAX_FILE_BYTES": str(10**8),
    "MAX_ROWS": str(10**6),
    "DEFAULT_PHONE_REGION": "DE",
    "ROLLBACK_DAYS": "30",
}

#: What a worker of a bulk job is told: kind, job, slice.
Message = tuple[BulkKind, str, int]


class _Inline(Executor):
    """Does in turn what threads would do: starting them takes longer here than all else."""

    def __init__(self, _threads: int) -> None:
        pass

    def map(self, fn: Callable[..., Any], *iterables: Any, **_: Any) -> Iterator[Any]:
        return map(fn, *iterables)


@contextmanager
def small_units() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_job, "SLICE_ENTRIES", SLICE)
        patch.setattr("contacts.runtime.staging.StageImport", partial(StageImport, bounds=bounds_for(PARTS)))
        patch.setattr("contacts.usecases.stage_import.ThreadPoolExecutor", _Inline)
        patch.setattr("contacts.usecases.write_export.PROGRESS_EVERY", 2)
        yield


def unwrapped(_name: str, port: Any) -> Any:
    return port


class WholeWorld:
    """All ports, and the handlers on them. `wire` puts something between the two; the tests look past it."""

    def __init__(self) -> None:
        self.clock = TickingClock()
        self.contacts = SlotContactStore()
        table = MemoryJobsTable(clock=self.clock_at_rest)
        self.table = table.jobs
        self.jobs = MemoryJobStore(table=table)
        self.bulk_jobs = MemoryBulkJobStore(table=table)
        self.exports = MemoryExportJobStore(table=table)
        self.segments = MemorySegmentStore()
        self.collections = MemoryCollectionStore()
        self.files = MemoryFiles()
        self.links = MemoryLinks()
        self.audit_log = MemoryAuditLog()
        self.idempotency = MemoryIdempotencyStore(clock=self.clock_at_rest, table=table)
        self.queue = MemorySliceQueue()
        self.tries = MemoryClosingTriesStore()
        self.runner = MemoryRunner()
        self.events = MemoryEvents()
        self.outbox = MemoryContactOutbox(clock=self.clock_at_rest)
        self.errors: list[tuple[str, Exception]] = []
        self._seeds = itertools.count(1)
        self.wire()

    def clock_at_rest(self) -> str:
        """Now, without moving on."""
        return self.clock.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def wire(self, wrap: Wrap = unwrapped) -> None:
        runner = wrap("runner", self.runner)
        self._do_once = DoOnce(store=wrap("idempotency", self.idempotency))
        self._wiring = Wiring(
            Settings(_SETTINGS),
            clock=self.clock,
            contacts=ScannedInPages(wrap("contacts", self.contacts)),
            jobs=wrap("jobs", self.jobs),
            bulk_jobs=wrap("bulk_jobs", self.bulk_jobs),
            exports=wrap("exports", self.exports),
            segments=wrap("segments", self.segments),
            collections=wrap("collections", self.collections),
            files=wrap("files", self.files),
            links=self.links,
            audit_log=wrap("audit", self.audit_log),
            slice_queue=wrap("queue", self.queue),
            runner=runner,
            export_runner=runner,
            events=wrap("events", self.events),
            closing_tries=wrap("tries", self.tries),
            outbox=wrap("outbox", self.outbox),
        )

    def keyed(
        self, request: KeyedRequest, operation: Callable[[str], Any], *, answer: Callable[[Any], Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any], bool]:
        """What a POST with an Idempotency-Key does: the body that is answered, and whether it is a replay."""

        def run(seed: str) -> Answer:
            return Answer(202, answer(operation(seed)))

        answered, replayed = self._do_once(request, f"seed{next(self._seeds)}", run)
        return answered.body, replayed

    # ---------------------------------------------------------------------------------------------------- API
    def create_contact(self, tenant: str, fields: Mapping[str, Any], seed: str, *, allow_duplicate: bool) -> Contact:
        create = contact_use_cases.create_contact(self._wiring)
        return create(tenant, fields, seed, allow_duplicate=allow_duplicate)

    def update_contact(self, tenant: str, id_: str, changes: Mapping[str, Any], version: int | None) -> Contact:
        return contact_use_cases.update_contact(self._wiring)(tenant, id_, changes, expected_version=version)

    def delete_contact(self, tenant: str, id_: str) -> None:
        contact_use_cases.delete_contact(self._wiring)(tenant, id_, expected_version=None)

    def get_contact(self, tenant: str, id_: str) -> Contact:
        return contact_use_cases.get_contact(self._wiring)(tenant, id_)

    def start_import(self, *arguments: Any) -> ImportJob:
        return import_use_cases.start_import(self._wiring)(*arguments)

    def start_rollback(self, *arguments: Any) -> ImportJob:
        return rollback_use_cases.start_rollback(self._wiring)(*arguments)

    def start_bulk_create(self, *arguments: Any) -> BulkJob:
        return bulk_use_cases.start_bulk_create(self._wiring)(*arguments)

    def start_bulk_delete(self, *arguments: Any) -> BulkJob:
        return bulk_use_cases.start_bulk_delete(self._wiring)(*arguments)

    def retry_collection(self, *arguments: Any) -> BulkJob:
        return bulk_use_cases.retry_collection(self._wiring)(*arguments)

    def start_export(self, *arguments: Any) -> ExportJob:
        return export_use_cases.start_export(self._wiring)(*arguments)

    def link_export(self, *arguments: Any) -> str:
        return export_use_cases.link_export(self._wiring)(*arguments).url

    # -------------------------------------------------------------------------------------- state machines and queues
    def stage(self, job_id: str) -> Any:
        return stage_import(self._wiring)(job_id)

    def apply(self, job_id: str, part: int) -> bool:
        return import_steps.apply_import_part(self._wiring)(job_id, part)

    def finish(self, job_id: str) -> None:
        import_steps.finish_import(self._wiring)(job_id)

    def prepare_rollback(self, job_id: str, run: int) -> Any:
        return import_steps.prepare_rollback(self._wiring)(job_id, run)

    def roll_back_part(self, job_id: str, run: int, mode: RollbackMode, part: int) -> bool:
        return import_steps.roll_back_part(self._wiring)(job_id, run, mode, part)

    def finish_rollback(self, job_id: str, run: int, mode: RollbackMode | None, *, broken_off: bool = False) -> Any:
        return import_steps.finish_rollback(self._wiring)(job_id, run, mode, broken_off=broken_off)

    def write_export(self, job_id: str) -> bool:
        return write_export(self._wiring)(job_id)

    def fail_export(self, job_id: str) -> bool:
        return export_use_cases.fail_export(self._wiring)(job_id)

    def deliver(self, message: Message) -> bool:
        kind, job_id, slice_ = message
        return bulk_steps.bulk_workers(self._wiring, self._note)[kind](job_id, slice_)

    def close(self, message: Message) -> bool:
        """What is done with a message that no worker could end: it comes again until no worker can be at it."""
        kind, job_id, slice_ = message
        worker = bulk_steps.bulk_workers(self._wiring, self._note)[kind]
        try:
            return worker.close(job_id, slice_)
        except UnitStillWrittenError:
            self.clock.now += SLICE_WORKER_LIFE
            return worker.close(job_id, slice_)

    def sweep(self) -> Any:
        overdue = announce_overdue_contacts(self._wiring, self._note)()
        assert not overdue.failed, self.errors
        return sweep_jobs(self._wiring, self._note)()

    def clean_up_exports(self, *, dry_run: bool = False) -> Any:
        return export_use_cases.clean_up_exports(self._wiring, self._note)(dry_run=dry_run)

    def let_time_pass(self) -> None:
        """So long that all that is under way is overdue."""
        self.clock.now += OVERDUE_AFTER
        self.clock.advance(minutes=1)

    # ------------------------------------------------------------------------------------------------- to look at
    def everybody(self, tenant: str) -> dict[str, Contact]:
        return {each.id: each for each in self.contacts.list_contacts(tenant, limit=1_000_000).items}

    def import_job(self, job_id: str) -> ImportJob:
        job = self.table[job_id]
        assert isinstance(job, ImportJob)
        return job

    def bulk_job(self, job_id: str) -> BulkJob:
        job = self.table[job_id]
        assert isinstance(job, BulkJob)
        return job

    def export_job(self, job_id: str) -> ExportJob:
        job = self.table[job_id]
        assert isinstance(job, ExportJob)
        return job

    def all_ids(self, page_at: Callable[[str | None], Any]) -> list[str]:
        """The ids on all pages of a list, as often as they stand there."""
        ids: list[str] = []
        position = None
        while True:
            page = page_at(position)
            ids += page.items
            if (position := page.next_position) is None:
                return ids

    def _note(self, job_id: str, error: Exception) -> None:
        self.errors.append((job_id, error))
