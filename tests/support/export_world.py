"""Exports on in-memory ports: started as the API does, written as the state machine would, swept, linked, cleaned up.

A scan asks for a page of two contacts at a time, so that it can break off, or meet others' writes, in its middle.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import openpyxl

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import Insert, InsertTwin, Update, WriteResult
from contacts.domain.email_address import normalise_email
from contacts.domain.export_job import ExportFormat, ExportJob, ExportOptions
from contacts.domain.import_job import DuplicateStrategy, ImportJob, ImportOptions
from contacts.domain.object_keys import exports_prefix, manifest_key
from contacts.domain.segment import Segment
from contacts.ports import ExecutionState
from contacts.runtime import export_use_cases, import_steps
from contacts.runtime.exporting import write_export
from contacts.runtime.settings import Settings
from contacts.runtime.staging import stage_import
from contacts.runtime.sweeping import sweep_jobs
from contacts.runtime.wiring import Wiring
from contacts.usecases.mend_import import WORKER_GRACE
from contacts.usecases.start_export import ExportRequest
from tests.support.import_world import TickingClock, Wrap
from tests.support.memory_audit_log import MemoryAuditLog
from tests.support.memory_bulk_job_store import MemoryBulkJobStore
from tests.support.memory_closing_tries import MemoryClosingTriesStore
from tests.support.memory_collection_store import MemoryCollectionStore
from tests.support.memory_events import MemoryEvents
from tests.support.memory_export_job_store import MemoryExportJobStore
from tests.support.memory_files import MemoryFiles
from tests.support.memory_job_store import MemoryJobStore
from tests.support.memory_jobs_table import MemoryJobsTable
from tests.support.memory_links import MemoryLinks
from tests.support.memory_runner import MemoryRunner
from tests.support.memory_segment_store import MemorySegmentStore
from tests.support.memory_slice_queue import MemorySliceQueue
from tests.support.slot_contact_store import SlotContactStore

TENANT = "acme"
USER = "ann"
_SCAN_PAGE = 2
_SETTINGS = {
    "TENANT_SLICES_IN_FLIGHT": "2",
    "MAX_FILE_BYTES": str(10**8),
    "MAX_ROWS": str(10**6),
    "DEFAULT_PHONE_REGION": "DE",
}


def unwrapped(_name: str, port: Any) -> Any:
    return port


class ScannedInPages:
    """A contact store whose scan is a request a page."""

    def __init__(self, contacts: Any) -> None:
        self._contacts = contacts

    def scan(self, tenant: str, *, readers: int = 4) -> Iterator[Contact]:
        position = None
        while True:
            page = self._contacts.list_contacts(tenant, limit=_SCAN_PAGE, position=position)
            yield from page.items
            if (position := page.next_position) is None:
                return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._contacts, name)


class ExportWorld:
    """All ports, and the use cases on them. `wrap` stands between the two; the tests look past it."""

    def __init__(self) -> None:
        self.clock = TickingClock()
        self.contacts = SlotContactStore()
        table = MemoryJobsTable(clock=self.clock_at_rest)
        self.exports = MemoryExportJobStore(table=table)
        self.jobs = MemoryJobStore(table=table)
        self.bulk_jobs = MemoryBulkJobStore(table=table)
        self.segments = MemorySegmentStore()
        self.collections = MemoryCollectionStore()
        self.files = MemoryFiles()
        self.audit_log = MemoryAuditLog(clock=self.clock_at_rest)
        self.runner = MemoryRunner()
        self.tries = MemoryClosingTriesStore()
        self.events = MemoryEvents()
        self.errors: list[tuple[str, Exception]] = []
        self.wire()

    def clock_at_rest(self) -> str:
        """Now, without moving on."""
        return self.clock.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def set_clock(self, at: str) -> None:
        """Whoever asks next is told this time."""
        self.clock.now = datetime.fromisoformat(at) - timedelta(milliseconds=1)

    def wire(self, wrap: Wrap = unwrapped) -> None:
        """Put the use cases together anew, as a fresh worker would."""
        wiring = Wiring(
            Settings(_SETTINGS),
            clock=self.clock,
            contacts=ScannedInPages(wrap("contacts", self.contacts)),
            exports=wrap("exports", self.exports),
            jobs=wrap("jobs", self.jobs),
            bulk_jobs=self.bulk_jobs,
            slice_queue=MemorySliceQueue(),
            segments=wrap("segments", self.segments),
            collections=wrap("collections", self.collections),
            files=wrap("files", self.files),
            links=MemoryLinks(clock=self.clock),
            audit_log=wrap("audit", self.audit_log),
            runner=self.runner,
            export_runner=wrap("runner", self.runner),
            events=wrap("events", self.events),
            closing_tries=wrap("tries", self.tries),
        )
        self._start = export_use_cases.start_export(wiring)
        self.write = write_export(wiring)
        self.fail = export_use_cases.fail_export(wiring)
        self._link = export_use_cases.link_export(wiring)
        self.clean_up = export_use_cases.clean_up_exports(wiring, self._note)
        self.sweep = sweep_jobs(wiring, self._note)
        self._stage = stage_import(wiring)
        self._apply = import_steps.apply_import_part(wiring)
        self._finish = import_steps.finish_import(wiring)

    def start(self, format_: str = "csv", *, seed: str = "seed", tenant: str = TENANT, **options: Any) -> ExportJob:
        """What a POST does."""
        asked = ExportOptions(format=ExportFormat(format_), **options)
        return self._start(ExportRequest(tenant=tenant, user=USER, workspace=None, options=asked), seed)

    def written(self, format_: str = "csv", **options: Any) -> ExportJob:
        """An export that has completed."""
        job = self.start(format_, **options)
        assert self.write(job.id)
        return self.job(job.id)

    def link(self, job_id: str, *, user: str = USER, request_id: str = "request") -> str:
        return self._link(TENANT, user, job_id, request_id).url

    def sweep_later(self) -> Any:
        """A sweep when no worker can be left."""
        self.clock.now += WORKER_GRACE
        self.clock.advance(minutes=1)
        return self.sweep()

    def die(self, job_id: str) -> None:
        """The job's execution ends, however far it came."""
        self.runner.states[job_id] = ExecutionState.ENDED

    def job(self, job_id: str) -> ExportJob:
        found = self.exports.jobs[job_id]
        assert isinstance(found, ExportJob)
        return found

    def all_jobs(self) -> list[ExportJob]:
        return [job for job in self.exports.jobs.values() if isinstance(job, ExportJob)]

    def keys_of(self, job: ExportJob) -> list[str]:
        """The job's objects in the bucket."""
        return list(self.files.list_keys(exports_prefix(job.tenant, job.id)))

    def body(self, job: ExportJob) -> bytes:
        """The job's file."""
        assert job.file is not None
        body = self.files.get(job.file.key)
        assert body is not None, "the file is not there"
        return body

    def add_contact(
        self, email: str | None, *, tenant: str = TENANT, name: str | None = None, **values: Any
    ) -> Contact:
        """A contact; a twin where the e-mail is held."""
        mark = Mark(name or f"by hand {self.clock()}", 1)
        normalised = None if email is None else normalise_email(email)
        now = self.clock()
        segments = values.pop("segments", ())
        contact = Contact(
            id=self.contacts.addressing(tenant).contact_id(normalised, mark),
            values={**({} if email is None else {"email": email}), **values},
            version=1,
            created_at=now,
            updated_at=now,
            created_by=mark,
            segments=segments,
        )
        held = normalised is not None and normalised in self.contacts.find_by_emails(tenant, [normalised])
        assert self.contacts.write(tenant, [(InsertTwin if held else Insert)(contact)]) == [WriteResult.WRITTEN]
        return contact

    def edit(self, contact: Contact, **values: Any) -> WriteResult:
        """What the store says to a person's edit."""
        after = replace(
            contact, values={**contact.values, **values}, version=contact.version + 1, updated_at=self.clock()
        )
        return self.contacts.write(TENANT, [Update(contact, after)])[0]

    def all_contacts(self, tenant: str = TENANT) -> list[Contact]:
        return list(self.contacts.list_contacts(tenant, limit=1_000_000).items)

    def add_segment(self, id_: str = "newcomers") -> Segment:
        return self.segments.ensure(Segment(id=id_, tenant=TENANT, name=id_, created_at=self.clock()))

    def import_again(self, job: ExportJob, mapping: Mapping[str, str], **options: Any) -> ImportJob:
        """Import the export's file as it is, and update; returns the import as it ended."""
        id_, now = f"import-of-{job.id}", self.clock()
        key = f"uploads/{TENANT}/{id_}"
        self.files.put(key, self.body(job))
        made = self.jobs.create_import(
            ImportJob(
                id=id_,
                tenant=TENANT,
                created_by=USER,
                created_at=now,
                changed_at=now,
                file_name=f"contacts.{job.options.format}",
                file_key=key,
                file_url=f"https://files/{key}",
                field_mapping=mapping,
                options=ImportOptions(duplicate_strategy=DuplicateStrategy.UPDATE, **options),
            )
        )
        assert made
        if self._stage(id_).decision == "apply":
            for entry in json.loads(self.files.get(manifest_key(TENANT, id_)) or b"[]"):
                self._apply(id_, entry["part"])
        self._finish(id_)
        ended = self.jobs.jobs[id_]
        assert isinstance(ended, ImportJob)
        return ended

    def _note(self, job_id: str, error: Exception) -> None:
        self.errors.append((job_id, error))


def rows_in(body: bytes, format_: ExportFormat) -> list[dict[str, Any]]:
    """The rows of a file by their columns, read by other programs than ours. Sheets follow one another."""
    readers: dict[ExportFormat, Callable[[bytes], list[dict[str, Any]]]] = {
        ExportFormat.CSV: lambda body: list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))),
        ExportFormat.XLSX: _rows_in_workbook,
        ExportFormat.JSON: json.loads,
        ExportFormat.JSONL: lambda body: [json.loads(line) for line in body.splitlines()],
    }
    return readers[format_](body)


def _rows_in_workbook(body: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for sheet in openpyxl.load_workbook(io.BytesIO(body), read_only=True).worksheets:
        header, *cells = sheet.iter_rows(values_only=True)
        # Empty cells at a row's end are left out.
        rows += [dict(itertools.zip_longest(header, row)) for row in cells]
    return rows


def check_whole(world: ExportWorld, job: ExportJob) -> list[str]:
    """A completed job has one file, whole, and its numbers agree; returns the ids in it."""
    assert job.file is not None
    assert world.keys_of(job) == [job.file.key]
    body = world.body(job)
    assert (len(body), hashlib.sha256(body).hexdigest()) == (job.file.size, job.file.sha256)
    ids = [row["id"] for row in rows_in(body, job.options.format)]
    assert len(set(ids)) == len(ids) == job.total == job.processed
    (exported,) = [
        each for each in world.audit_log.entries.values() if each.action == "export" and each.job_id == job.id
    ]
    assert exported.contacts == job.total
    return ids


def end_state(world: ExportWorld) -> dict[str, Any]:
    """All that exports leave. Times, and the number of tries, are left out; whoever asks for a link twice is on record
    twice."""
    jobs = {job.id: job for job in world.all_jobs()}
    return {
        "jobs": {
            id_: (job.status, job.total, job.processed, job.problem, job.announced, job.file and job.file.sha256)
            for id_, job in jobs.items()
        },
        "files": [
            (key.split("/")[2], hashlib.sha256(world.files.get(key) or b"").hexdigest())
            for key in world.files.list_keys("exports/")
        ],
        "audit": {(each.action, each.user, each.job_id, each.contacts) for each in world.audit_log.entries.values()},
        "events": {
            (kind, detail["eventId"], detail["totalContacts"], detail["errorCode"])
            for kind, detail in world.events.published
        },
        "executions": sorted(world.runner.started),
    }
