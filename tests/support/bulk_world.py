"""Bulk jobs on in-memory ports: started as the API does, worked as the queue would, looked after as the sweeper does.

Slices are three entries long, so that few entries fall into several: see `small_slices`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from contacts.domain import bulk_job
from contacts.domain.bulk_entries import CreateEntry, CreateOutcome, DeleteOutcome
from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.collection import Collection
from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import Delete, Insert, InsertTwin, Update, WriteResult
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import Problem
from contacts.domain.object_keys import deletions_key
from contacts.runtime import bulk_steps, bulk_use_cases, collection_use_cases
from contacts.runtime.settings import Settings
from contacts.runtime.wiring import Wiring
from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE, load_create_outcomes, load_delete_outcomes
from contacts.usecases.mend_bulk_job import OVERDUE_AFTER
from contacts.usecases.own_bulk_job import Caller
from contacts.usecases.start_bulk_create import BulkCreateRequest
from contacts.usecases.start_bulk_delete import BulkDeleteRequest
from contacts.usecases.sweep_jobs import SweepJobs, SweepReport
from contacts.usecases.unit_of_work import UnitStillWrittenError
from tests.support.import_world import TickingClock, Wrap
from tests.support.memory_bulk_job_store import MemoryBulkJobStore
from tests.support.memory_closing_tries import MemoryClosingTriesStore
from tests.support.memory_collection_store import MemoryCollectionStore
from tests.support.memory_events import MemoryEvents
from tests.support.memory_files import MemoryFiles
from tests.support.memory_job_store import MemoryJobStore
from tests.support.memory_jobs_table import MemoryJobsTable
from tests.support.memory_slice_queue import MemorySliceQueue
from tests.support.slot_contact_store import SlotContactStore

TENANT = "acme"
USER = "ann"
#: Slices of one tenant that are with the workers at a time.
IN_FLIGHT = 2
SLICE = 3

#: What a worker is told: kind, job, slice.
Message = tuple[BulkKind, str, int]


@contextmanager
def small_slices(entries: int = SLICE) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_job, "SLICE_ENTRIES", entries)
        yield


def unwrapped(_name: str, port: Any) -> Any:
    return port


def entries_of(*emails: str | None) -> list[CreateEntry]:
    """An entry for each e-mail: None has a name alone, one with a `!` does not validate."""
    entries = []
    for index, email in enumerate(emails):
        values: dict[str, Any] = {"firstName": f"number {index}"}
        if email is not None:
            values["email"] = email
        problem = Problem("EMAIL_INVALID", "this is no e-mail", "email") if email and "!" in email else None
        entries.append(CreateEntry(index, f"phone-{index}", None if problem else values, problem))
    return entries


class BulkWorld:
    """All ports, and the use cases on them. `wrap` stands between the two; the tests look past it."""

    def __init__(self, *, wrap: Wrap = unwrapped, in_flight: int = IN_FLIGHT) -> None:
        self.in_flight = in_flight
        self.clock = TickingClock()
        self.contacts = SlotContactStore()
        table = MemoryJobsTable(clock=self.clock_at_rest)
        self.jobs = MemoryJobStore(table=table)
        self.bulk_jobs = MemoryBulkJobStore(table=table)
        self.queue = MemorySliceQueue()
        self.tries = MemoryClosingTriesStore()
        self.collections = MemoryCollectionStore()
        self.files = MemoryFiles()
        self.events = MemoryEvents()
        self.time_left = timedelta.max
        self.errors: list[tuple[str, Exception]] = []
        self._seeds = itertools.count(1)
        self.wire(wrap)

    def clock_at_rest(self) -> str:
        """Now, without moving on."""
        return self.clock.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def wire(self, wrap: Wrap = unwrapped) -> None:
        """Put the use cases together anew, as a fresh worker would."""
        wiring = Wiring(
            Settings({"TENANT_SLICES_IN_FLIGHT": str(self.in_flight)}),
            clock=self.clock,
            contacts=wrap("contacts", self.contacts),
            jobs=wrap("jobs", self.jobs),
            bulk_jobs=wrap("bulk_jobs", self.bulk_jobs),
            slice_queue=wrap("queue", self.queue),
            collections=wrap("collections", self.collections),
            files=wrap("files", self.files),
            events=wrap("events", self.events),
            closing_tries=wrap("tries", self.tries),
        )
        self.start_create = bulk_use_cases.start_bulk_create(wiring)
        self.start_delete = bulk_use_cases.start_bulk_delete(wiring)
        self.create_collection = collection_use_cases.create_collection(wiring)
        self.set_collection_editors = collection_use_cases.set_collection_editors(wiring)
        self.retry_collection = bulk_use_cases.retry_collection(wiring)
        self.get_job = bulk_use_cases.get_bulk_job(wiring)
        self.dispatch = bulk_steps.dispatch_slices(wiring)
        self.workers = bulk_steps.bulk_workers(wiring, self._note)
        mend = bulk_steps.mend_bulk_job(wiring, self._note)
        menders = {kind.value: partial(mend, kind) for kind in BulkKind}
        self._sweep = SweepJobs(
            jobs=wiring.jobs,
            menders=menders,
            tries=wiring.closing_tries,
            clock=self.clock,
            time_left=lambda: self.time_left,
            on_error=self._note,
        )

    def create(
        self,
        *emails: str | None,
        tenant: str = TENANT,
        user: str = USER,
        is_admin: bool = False,
        seed: str | None = None,
        **options: Any,
    ) -> BulkJob:
        """What a POST does; every call is a request of its own unless it has a seed."""
        request = BulkCreateRequest(tenant=tenant, user=user, is_admin=is_admin, entries=entries_of(*emails), **options)
        return self.start_create(request, seed or self.next_seed())

    def created(self, *emails: str | None, **options: Any) -> BulkJob:
        """A create job that has ended."""
        job = self.create(*emails, **options)
        self.work()
        return self.job(job)

    def delete(
        self,
        create_job: BulkJob | str | None = None,
        key: str | None = None,
        *,
        tenant: str = TENANT,
        user: str = USER,
        is_admin: bool = False,
        contact_ids: Sequence[str] | None = None,
        dry_run: bool = False,
        seed: str | None = None,
    ) -> BulkJob:
        request = BulkDeleteRequest(
            caller=Caller(tenant=tenant, user=user, is_admin=is_admin),
            create_job_id=create_job.id if isinstance(create_job, BulkJob) else create_job,
            tracking_key=key,
            contact_ids=contact_ids,
            dry_run=dry_run,
        )
        return self.start_delete(request, seed or self.next_seed())

    def deleted(self, *args: Any, **options: Any) -> BulkJob:
        """A delete job that has ended."""
        job = self.delete(*args, **options)
        self.work()
        return self.job(job)

    def next_seed(self) -> str:
        return f"seed{next(self._seeds)}"

    def deliver(self, message: Message) -> bool:
        kind, job_id, slice_ = message
        return self.workers[kind](job_id, slice_)

    def close(self, message: Message) -> bool:
        """What is done with a message that no worker could end: it comes again until no worker can be at it."""
        kind, job_id, slice_ = message
        try:
            return self.workers[kind].close(job_id, slice_)
        except UnitStillWrittenError:
            self.clock.now += SLICE_WORKER_LIFE
            return self.workers[kind].close(job_id, slice_)

    def work(self) -> list[Message]:
        """Deliver all messages, each once and in order, those that follow from them too; returns them."""
        done = []
        while self.queue.messages:
            done.append(self.queue.messages.pop(0))
            self.deliver(done[-1])
        return done

    def sweep(self) -> SweepReport:
        return self._sweep()

    def sweep_later(self) -> SweepReport:
        """A sweep when all that is under way is overdue."""
        self.clock.now += OVERDUE_AFTER
        self.clock.advance(minutes=1)
        return self.sweep()

    def job(self, job: BulkJob | str) -> BulkJob:
        found = self.bulk_jobs.jobs[job if isinstance(job, str) else job.id]
        assert isinstance(found, BulkJob)
        return found

    def all_jobs(self) -> list[BulkJob]:
        return [job for job in self.bulk_jobs.jobs.values() if isinstance(job, BulkJob)]

    def messages_of(self, job: BulkJob) -> list[Message]:
        """Every message that can have named a slice of the job."""
        return [(job.kind, job.id, slice_) for slice_ in range(job.slices)]

    def create_items(self, job: BulkJob) -> list[CreateOutcome]:
        """What became of every entry whose slice is recorded."""
        recorded = self.bulk_jobs.slices(job.id)
        return [item for each in recorded for item in load_create_outcomes(self.files, job, each) or ()]

    def delete_items(self, job: BulkJob) -> list[DeleteOutcome]:
        recorded = self.bulk_jobs.slices(job.id)
        return [item for each in recorded for item in load_delete_outcomes(self.files, job, each) or ()]

    def deletions(self, job: BulkJob) -> dict[str, Any] | None:
        body = self.files.get(deletions_key(job.tenant, job.id))
        return None if body is None else json.loads(body)

    def line(self, tenant: str = TENANT) -> list[tuple[str, int]]:
        """The slices that wait, or are on their way."""
        return [(each.job_id, each.slice) for each in self.bulk_jobs.line(tenant, 1_000_000)]

    def contacts_of(self, job: BulkJob) -> list[Contact]:
        """The contacts that bear the job's tracking key, in the request's order."""
        found = [c for c in self.all_contacts(job.tenant) if c.external_source == job.tracking_key]
        return sorted(found, key=lambda contact: contact.created_by.row)

    def all_contacts(self, tenant: str = TENANT) -> list[Contact]:
        return list(self.contacts.list_contacts(tenant, limit=1_000_000).items)

    def add_contact(self, email: str, *, tenant: str = TENANT, name: str | None = None) -> Contact:
        """A contact that no job made; a twin where the e-mail is held."""
        mark = Mark(name or f"by hand {email}", 0)
        normalised = normalise_email(email)
        now = self.clock()
        contact = Contact(
            id=self.contacts.addressing(tenant).contact_id(normalised, mark),
            values={"email": email},
            version=1,
            created_at=now,
            updated_at=now,
            created_by=mark,
        )
        held = normalised in self.contacts.find_by_emails(tenant, [normalised])
        assert self.contacts.write(tenant, [(InsertTwin if held else Insert)(contact)]) == [WriteResult.WRITTEN]
        return contact

    def edit(self, contact: Contact, *, tenant: str = TENANT, **values: Any) -> Contact:
        after = replace(
            contact, values={**contact.values, **values}, version=contact.version + 1, updated_at=self.clock()
        )
        assert self.contacts.write(tenant, [Update(contact, after)]) == [WriteResult.WRITTEN]
        return after

    def remove(self, contact: Contact, *, tenant: str = TENANT) -> None:
        assert self.contacts.write(tenant, [Delete(contact)]) == [WriteResult.WRITTEN]

    def add_collection(self, *editors: str, tenant: str = TENANT, id_: str = "friends") -> Collection:
        """A collection of somebody else's that these may edit."""
        collection = Collection(
            id=id_, tenant=tenant, name="Friends", created_by="owner", created_at=self.clock(), editors=editors
        )
        assert self.collections.create_collection(collection)
        return collection

    def collected(self, id_: str = "friends", *, tenant: str = TENANT) -> list[str]:
        """The ids that are in a collection, as often as its pages name them."""
        ids: list[str] = []
        position = None
        while True:
            page = self.collections.items(tenant, id_, position=position)
            ids += page.items
            if page.next_position is None:
                return sorted(ids)
            position = page.next_position

    def _note(self, job_id: str, error: Exception) -> None:
        self.errors.append((job_id, error))
