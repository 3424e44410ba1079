"""One list shows the jobs of all kinds."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from contacts.contracts.http_job_list import JobStatus, JobSummary, JobType
from contacts.domain.bulk_job import BulkKind, BulkStatus
from contacts.domain.errors import Problem
from contacts.domain.export_job import EXPORT_KIND, ExportFile, ExportFormat, ExportJob, ExportOptions, ExportStatus
from contacts.domain.import_job import ImportStatus
from contacts.domain.jobs import IMPORT_KIND
from tests.unit.api.api_client import Api
from tests.unit.api.bulk_jobs import all_items, clean_up, cleaned_up, done, person, start


def exported(api: Api, number: int = 1, **changes: Any) -> ExportJob:
    now = api.clock()
    options = changes.pop("options", ExportOptions(format=ExportFormat.CSV))
    times = {"created_at": now, "changed_at": now, "expires_at": "2026-01-08T00:00:00.000Z"}
    who = {"tenant": "a", "created_by": "ada"}
    job = ExportJob(id=f"export-{number}", options=options, **{**times, **who, **changes})
    assert api.exports.create_export(job)
    return job


def one_of_each(api: Api) -> list[str]:
    """Ids of four jobs, the newest first."""
    ids = [api.started()]
    api.clock.advance(seconds=1)
    created = done(api, [person(1)])
    ids.append(created["jobId"])
    api.clock.advance(seconds=1)
    ids.append(cleaned_up(api, bulkCreateJobId=created["jobId"])["jobId"])
    api.clock.advance(seconds=1)
    ids.append(exported(api).id)
    return ids[::-1]


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_jobs_of_all_kinds_newest_first(api: Api, limit: int) -> None:
    ids = one_of_each(api)
    items = api.all_items("/api/jobs", limit=limit)
    assert [item["jobId"] for item in items] == ids
    assert [item["type"] for item in items] == ["export", "bulk_delete", "bulk_create", "import"]
    for item in items:
        JobSummary.model_validate(item)


@pytest.mark.parametrize("kind", get_args(JobType))
def test_jobs_of_one_kind(api: Api, kind: str) -> None:
    one_of_each(api)
    assert [item["type"] for item in api.all_items("/api/jobs", type=kind)] == [kind]


def test_filter_names_every_kind_and_status_there_is() -> None:
    assert set(get_args(JobType)) == {IMPORT_KIND, EXPORT_KIND, *BulkKind}
    assert set(get_args(JobStatus)) == {*ImportStatus, *BulkStatus, *ExportStatus}


@pytest.mark.parametrize(
    ("status", "kinds"), [("COMPLETED", ["bulk_delete", "bulk_create"]), ("pending", ["export", "import"])]
)
def test_jobs_of_one_status(api: Api, status: str, kinds: list[str]) -> None:
    one_of_each(api)
    assert [item["type"] for item in api.all_items("/api/jobs", status=status)] == kinds
    assert [item["type"] for item in api.all_items("/api/jobs", status=status, type=kinds[0])] == kinds[:1]


@pytest.mark.parametrize("status", ["Completed", "queued", "PENDING"])
def test_status_that_no_kind_has(api: Api, status: str) -> None:
    reply = api.send("GET", "/api/jobs", query={"status": status})
    assert (reply.status, reply.error["field"]) == (400, "status")


def test_line_of_a_bulk_create_job(api: Api) -> None:
    job = start(api, [person(1), person(1), {}], clientSource="ios", clientReferenceId="run")
    api.clock.advance(seconds=1)
    api.work()
    (line,) = api.all_items("/api/jobs")
    assert line == {
        "type": "bulk_create",
        "jobId": job["jobId"],
        "trackingKey": job["trackingKey"],
        "clientSource": "ios",
        "clientReferenceId": "run",
        "status": "PARTIAL",
        "totalCount": 3,
        "processedCount": 3,
        "successCount": 1,
        "failureCount": 1,
        "skippedCount": 1,
        "createdBy": "ada",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "startedAt": "2026-01-01T00:00:01.000Z",
        "completedAt": "2026-01-01T00:00:01.000Z",
        "expired": False,
    }


def test_line_of_a_bulk_delete_job(api: Api) -> None:
    created = done(api, [person(1)])
    job = clean_up(api, trackingKey=created["trackingKey"], dryRun=True).json
    (line,) = api.all_items("/api/jobs", type="bulk_delete")
    assert line == {
        **job,
        "type": "bulk_delete",
        "createdBy": "ada",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "startedAt": None,
        "completedAt": None,
        "expired": False,
    }


def test_lines_of_bulk_jobs_stay_for_ninety_days(api: Api) -> None:
    created = done(api, [person(1)], clientReferenceId="old run")
    api.clock.advance(hours=24)
    (line,) = api.all_items("/api/jobs")
    assert (line["jobId"], line["expired"], line["clientReferenceId"]) == (created["jobId"], True, "old run")
    assert api.send("GET", f"/api/contacts/bulk-create/{created['jobId']}").status == 404
    api.clock.advance(days=89)
    assert api.all_items("/api/jobs") == []


def test_line_of_an_export(api: Api) -> None:
    options = ExportOptions(format=ExportFormat.XLSX, segment_id="seg-1", filters={"email": "secret@example.com"})
    file = ExportFile(key="exports/a/1/contacts.xlsx", size=4_321, sha256="0" * 64)
    done_at = {"started_at": api.clock(), "completed_at": api.clock()}
    exported(api, options=options, status=ExportStatus.COMPLETED, total=7, processed=7, file=file, **done_at)
    (line,) = api.all_items("/api/jobs")
    assert line == {
        "type": "export",
        "jobId": "export-1",
        "exportType": "segment",
        "fileFormat": "xlsx",
        "fileSize": 4_321,
        "status": "completed",
        "totalContacts": 7,
        "processedContacts": 7,
        "expiresAt": "2026-01-08T00:00:00.000Z",
        "createdBy": "ada",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "startedAt": "2026-01-01T00:00:00.000Z",
        "completedAt": "2026-01-01T00:00:00.000Z",
        "expired": False,
    }


def test_lines_of_exports_that_run_failed_or_expired(api: Api) -> None:
    exported(api, 1)
    exported(api, 2, status=ExportStatus.FAILED, problem=Problem("X", "x"), processed=3)
    lines = api.all_items("/api/jobs")
    assert {(line["totalContacts"], line["fileSize"], line["completedAt"]) for line in lines} == {(None, None, None)}
    assert {line["expired"] for line in lines} == {False}
    api.clock.advance(days=7)
    assert {line["expired"] for line in api.all_items("/api/jobs")} == {True}


def test_jobs_of_tenants_are_apart(api: Api) -> None:
    one_of_each(api)
    theirs = done(api, [person(1)], tenant="b")
    assert [line["jobId"] for line in all_items(api, "/api/jobs", tenant="b")] == [theirs["jobId"]]
    assert theirs["jobId"] not in {line["jobId"] for line in api.all_items("/api/jobs")}
