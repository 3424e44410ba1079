"""docs/events.md names every event that goes out, with all that it tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from contacts.adapters.eventbridge import SOURCE
from contacts.domain.bulk_job import BulkKind
from contacts.domain.export_job import ExportStatus
from contacts.domain.import_job import FileError, ImportStatus
from contacts.usecases.announce_contacts import AnnounceContacts
from contacts.usecases.announce_import import AnnounceImport
from contacts.usecases.wind_up_export import WindUpExport
from tests.support.fake_clock import FakeClock
from tests.support.job_stores import make_export_job, make_job
from tests.support.memory_events import MemoryEvents
from tests.support.memory_export_job_store import MemoryExportJobStore
from tests.support.memory_files import MemoryFiles
from tests.support.memory_job_store import MemoryJobStore

PROJECT = Path(__file__).resolve().parents[3]
DOCUMENT = (PROJECT / "docs/events.md").read_text()


def published() -> list[tuple[str, dict[str, Any]]]:
    """One event of each kind that the use cases publish."""
    clock, events = FakeClock(), MemoryEvents()
    AnnounceContacts(events=events).single("a", "c1")
    announce_import = AnnounceImport(jobs=MemoryJobStore(), events=events, clock=clock)
    announce_import(make_job(status=ImportStatus.COMPLETED))
    announce_import(make_job(status=ImportStatus.FAILED, file_error=FileError("CODE", "why", None)))
    wind_up = WindUpExport(exports=MemoryExportJobStore(), files=MemoryFiles(), events=events, clock=clock)
    for status in (ExportStatus.COMPLETED, ExportStatus.FAILED):
        wind_up(make_export_job(status=status))
    return events.published


def documented() -> dict[str, set[str]]:
    """The fields of each event's detail, by its type."""
    found = {}
    for section in DOCUMENT.split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        names = {
            name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
        }
        found.update(dict.fromkeys(re.findall(r"`(\w+)`", heading), names))
    return found


def test_every_kind_of_event_stands_there_with_its_fields() -> None:
    assert documented() == {kind: set(detail) for kind, detail in published()}


def test_no_other_kind_is_published() -> None:
    """Where another use case begins to publish, this test wants an event of it in `published`."""
    code = "\n".join(path.read_text() for path in (PROJECT / "layers/contacts/python/contacts").rglob("*.py"))
    assert set(re.findall(r'"(Contacts[A-Z]\w+)"', code)) == {kind for kind, _ in published()}


@pytest.mark.parametrize(("kind", "detail"), published(), ids=lambda value: value if isinstance(value, str) else "")
def test_its_id_is_made_as_it_says(kind: str, detail: dict[str, Any]) -> None:
    (row,) = [line for line in DOCUMENT.splitlines() if line.startswith("| `") and f"`{kind}`" in line.split("|")[1]]
    prefix, suffix = detail["eventId"].split("-")[0], detail["eventId"].rpartition("-")[2]
    assert f"`{prefix}-<" in row
    assert suffix in row or kind == "ContactsCreated"


def test_the_source_and_the_id_of_a_slices_event() -> None:
    assert f"`source` is `{SOURCE}`" in DOCUMENT
    assert f"`{BulkKind.CREATE}-<jobId>-<slice>`" in DOCUMENT
