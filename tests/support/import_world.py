"""The whole import on in-memory ports: upload, stage, apply, finish, as the state machine would drive them.

An upload is a JSON object `{"header", "rows"}`: the formats of real files are other tests' business. The number of
parts can be set, so that few rows fall into several.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import Insert, InsertTwin, WriteResult
from contacts.domain.email_address import normalise_email
from contacts.domain.import_job import DuplicateStrategy, ImportJob, ImportOptions
from contacts.domain.object_keys import errors_csv_key, manifest_key, results_csv_key
from contacts.domain.table import TableLimits
from contacts.usecases.announce_import import AnnounceImport
from contacts.usecases.apply_import_part import ApplyImportPart
from contacts.usecases.finish_import import FinishImport
from contacts.usecases.import_parts import PartEnd
from contacts.usecases.import_results import WriteImportResults
from contacts.usecases.part_packing import PartBounds
from contacts.usecases.stage_import import StageImport
from contacts.usecases.unit_of_work import UnitOfWork
from tests.support.memory_closing_tries import MemoryClosingTriesStore
from tests.support.memory_events import MemoryEvents
from tests.support.memory_files import MemoryFiles
from tests.support.memory_job_store import MemoryJobStore
from tests.support.memory_runner import MemoryRunner
from tests.support.memory_segment_store import MemorySegmentStore
from tests.support.slot_contact_store import SlotContactStore

TENANT = "acme"
MAPPING = {
    "E-mail": "email",
    "First": "firstName",
    "Phone": "phone",
    "Notes": "notes",
    "A": "customFields.a",
    "B": "customFields.b",
}
HEADER = tuple(MAPPING)
#: The same with a column that says which contact a row is about.
ID_MAPPING = {"Id": "id", **MAPPING}
ID_HEADER = tuple(ID_MAPPING)

#: Puts something between a use case and one of its ports, given the port's name and the port.
Wrap = Callable[[str, Any], Any]


class TickingClock:
    """Moves on by a millisecond a call, so that nothing can lean on two calls giving the same time."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> str:
        self.now += timedelta(milliseconds=1)
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class ListedTable:
    """A table given as lists."""

    header: tuple[str, ...]
    listed: Sequence[list[str]]
    file_type: str = "csv"

    def rows(self) -> Iterator[list[str]]:
        return iter(self.listed)


def open_listed_table(source: BinaryIO, **_: Any) -> ListedTable:
    upload = json.load(source)
    return ListedTable(tuple(upload["header"]), upload["rows"])


def bounds_for(parts: int) -> PartBounds:
    """Bounds with which rows of that many routes or more fall into that many parts, however few they are."""
    return PartBounds(buckets=parts, rows=1)


class Outcomes(dict[int, tuple[str, str, str]]):
    """Row -> (outcome, contact id, reason), as results.csv says."""

    @property
    def kinds(self) -> list[str]:
        return [outcome for outcome, _, _ in self.values()]


class ImportWorld:
    """All ports, and the use cases on them. `wrap` stands between the two; the tests look past it."""

    def __init__(self, *, wrap: Wrap = lambda _name, port: port) -> None:
        self.clock = TickingClock()
        self.contacts = SlotContactStore()
        self.jobs = MemoryJobStore()
        self.segments = MemorySegmentStore()
        self.files = MemoryFiles()
        self.events = MemoryEvents()
        self.runner = MemoryRunner()
        self.tries = MemoryClosingTriesStore()
        self.bounds = bounds_for(1)
        self.wire(wrap)

    def wire(self, wrap: Wrap) -> None:
        """Put the use cases together anew, as a fresh worker would."""
        jobs, contacts = wrap("jobs", self.jobs), wrap("contacts", self.contacts)
        segments, files = wrap("segments", self.segments), wrap("files", self.files)
        events, clock = wrap("events", self.events), self.clock
        self.work = UnitOfWork(contacts=contacts, files=files)
        end_part = PartEnd(jobs=jobs, segments=segments, files=files, clock=clock)
        self.announce = AnnounceImport(jobs=jobs, events=events, clock=clock)
        self.stage = StageImport(
            jobs=jobs,
            contacts=contacts,
            segments=segments,
            files=files,
            open_table=open_listed_table,
            is_phone=str.isdigit,
            limits=TableLimits(),
            clock=clock,
            bounds=self.bounds,
        )
        self.apply = ApplyImportPart(
            jobs=jobs, contacts=contacts, files=files, work=self.work, end_part=end_part, clock=clock
        )
        self.finish = FinishImport(
            jobs=jobs,
            segments=segments,
            files=files,
            work=self.work,
            end_part=end_part,
            write_results=WriteImportResults(files=files),
            announce=self.announce,
            clock=clock,
        )

    def submit(
        self,
        rows: Sequence[Sequence[str]],
        *,
        job_id: str = "job",
        header: Sequence[str] = HEADER,
        mapping: Mapping[str, str] = MAPPING,
        parts: int = 1,
        duplicate_strategy: str = "skip",
        **options: Any,
    ) -> str:
        """Upload rows and make a pending job of them, to be staged before another is submitted; returns its id."""
        key = f"uploads/{TENANT}/{job_id}"
        self.bounds = self.stage._bounds = bounds_for(parts)
        upload = {"header": list(header), "rows": [list(row) for row in rows]}
        self.files.put(key, json.dumps(upload).encode())
        now = self.clock()
        job = ImportJob(
            id=job_id,
            tenant=TENANT,
            created_by="user",
            created_at=now,
            changed_at=now,
            file_name="people of acme.csv",
            file_key=key,
            file_url=f"https://files/{key}",
            field_mapping=mapping,
            options=ImportOptions(duplicate_strategy=DuplicateStrategy(duplicate_strategy), **options),
        )
        assert self.jobs.create_import(job)
        return job_id

    def parts(self, job_id: str = "job") -> list[int]:
        body = self.files.get(manifest_key(TENANT, job_id))
        return [entry["part"] for entry in json.loads(body)] if body else []

    def run(self, job_id: str = "job", *, order: random.Random | None = None, repeats: int = 0) -> ImportJob:
        """Stage, apply all parts (with `order`, shuffled, and some again), finish; returns the job as it ended."""
        if self.stage(job_id).decision == "apply":
            parts = self.parts(job_id)
            if order is not None:
                parts += order.choices(parts, k=repeats)
                order.shuffle(parts)
            for part in parts:
                self.apply(job_id, part)
        self.finish(job_id)
        return self.jobs.jobs[job_id]

    def add_contact(self, email: str | None, *, name: str | None = None, **changes: Any) -> Contact:
        """A contact from before any import; a twin where the e-mail is held."""
        mark = Mark(name or f"before {email}", 1)
        normalised = None if email is None else normalise_email(email)
        now = self.clock()
        values = {**({} if email is None else {"email": email}), **changes.pop("values", {})}
        contact = Contact(
            id=self.contacts.addressing(TENANT).contact_id(normalised, mark),
            values=values,
            version=1,
            created_at=now,
            updated_at=now,
            created_by=mark,
            **changes,
        )
        held = normalised is not None and normalised in self.contacts.find_by_emails(TENANT, [normalised])
        result = self.contacts.write(TENANT, [(InsertTwin if held else Insert)(contact)])
        assert result == [WriteResult.WRITTEN]
        return contact

    def holder(self, email: str) -> Contact | None:
        return self.contacts.find_by_emails(TENANT, [email]).get(email)

    def all_contacts(self) -> list[Contact]:
        return list(self.contacts.list_contacts(TENANT, limit=1_000_000).items)

    def outcomes(self, job_id: str = "job") -> Outcomes:
        header, *rows = self._csv(results_csv_key(TENANT, job_id))
        assert header == ["row", "contactId", "outcome", "reason"]
        assert [int(row) for row, *_ in rows] == list(range(1, len(rows) + 1))
        return Outcomes({int(row): (outcome, contact_id, reason) for row, contact_id, outcome, reason in rows})

    def errors_csv(self, job_id: str = "job") -> tuple[list[str], list[list[str]]]:
        header, *rows = self._csv(errors_csv_key(TENANT, job_id))
        return header, rows

    def members(self, segment_id: str) -> list[str]:
        """Everybody whom the segment's lists name, as often as they name them."""
        found: list[str] = []
        position = None
        while True:
            page = self.segments.members(TENANT, segment_id, position=position)
            found += page.items
            if page.next_position is None:
                return sorted(found)
            position = page.next_position

    def _csv(self, key: str) -> list[list[str]]:
        body = self.files.get(key)
        assert body is not None, f"{key} was not written"
        return list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))
