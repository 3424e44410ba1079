"""What an import, its errors and its files look like from outside, at every stage of its life."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import orjson
import pytest

from contacts.domain import object_keys
from contacts.domain.import_job import FileError, ImportJob, ImportStatus, PartRecord, RowCounts, StagedFile
from contacts.domain.rows import RowError
from contacts.usecases.error_lines import without_cells
from tests.support.memory_files import MemoryFiles
from tests.unit.api.api_client import Api

FIELDS = {
    "jobId",
    "tenantId",
    "workspaceId",
    "fileName",
    "fileSize",
    "fileUrl",
    "fileType",
    "fieldMapping",
    "importOptions",
    "status",
    "totalRows",
    "processedRows",
    "importedCount",
    "createdCount",
    "updatedCount",
    "skippedCount",
    "errorCount",
    "errors",
    "startedAt",
    "completedAt",
    "createdBy",
    "createdAt",
    "canRollback",
    "rolledBackAt",
    "rollback",
}


def row_errors(count: int, *, start: int = 1) -> list[RowError]:
    return [
        RowError(row, "E-mail", f"bad-{row}", "EMAIL_INVALID", "no e-mail", ("cells", "of the row"))
        for row in range(start, start + count)
    ]


def put_errors(api: Api, key: str, errors: list[RowError]) -> None:
    api.files.put(key, b"".join(without_cells(orjson.dumps(error.to_record())) for error in errors))


def stage(api: Api, job: str, *, rejected: int, parts: int = 1, total: int = 500) -> None:
    api.jobs.start_processing(job, api.clock())
    staged = StagedFile("v1", "csv", 4_321, ("E-mail",), parts, total, RowCounts(skipped=rejected, errors=rejected))
    api.jobs.record_staged(job, staged, api.clock())
    put_errors(api, object_keys.staged_error_list_key("a", job), row_errors(rejected))


def finish(api: Api, job: str, *, late_errors: int = 0) -> None:
    staged = api.jobs.find_import(job)
    assert staged is not None
    assert staged.staged is not None
    done = staged.counts.processed
    counts = RowCounts(created=200, updated=100, skipped=200 - done, errors=late_errors)
    api.jobs.record_part(job, PartRecord(0, counts), api.clock())
    put_errors(api, object_keys.errors_key("a", job), row_errors(staged.counts.errors + late_errors))
    api.jobs.close_import(job, ImportStatus.COMPLETED, api.clock())


def show(api: Api, job: str) -> Any:
    reply = api.send("GET", f"/api/contacts/import/{job}")
    assert reply.status == 200
    assert set(reply.json) == FIELDS
    return reply.json


def test_pending(api: Api) -> None:
    job = api.started(tags=["fair"], segmentName="Fair")
    shown = show(api, job)
    assert shown == {
        "jobId": job,
        "tenantId": "a",
        "workspaceId": None,
        "fileName": "people.csv",
        "fileSize": None,
        "fileUrl": shown["fileUrl"],
        "fileType": None,
        "fieldMapping": {"E-mail": "email"},
        "importOptions": {
            "fileType": None,
            "duplicateStrategy": "skip",
            "tags": ["fair"],
            "segmentName": "Fair",
            "validateEmail": True,
            "validatePhone": False,
            "blankValues": "ignore",
            "sheet": None,
            "unescapeFormulas": True,
        },
        "status": "pending",
        "totalRows": 0,
        "processedRows": 0,
        "importedCount": 0,
        "createdCount": 0,
        "updatedCount": 0,
        "skippedCount": 0,
        "errorCount": 0,
        "errors": [],
        "startedAt": None,
        "completedAt": None,
        "createdBy": "ada",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "canRollback": False,
        "rolledBackAt": None,
        "rollback": None,
    }


def test_processing_shows_what_staging_found_and_rejected(api: Api) -> None:
    job = api.started()
    api.clock.advance(seconds=5)
    stage(api, job, rejected=2)
    shown = show(api, job)
    assert (shown["status"], shown["startedAt"]) == ("processing", "2026-01-01T00:00:05.000Z")
    assert (shown["fileSize"], shown["fileType"], shown["totalRows"]) == (4_321, "csv", 500)
    assert (shown["processedRows"], shown["skippedCount"], shown["errorCount"]) == (2, 2, 2)
    assert shown["errors"] == [
        {"row": row, "field": "E-mail", "value": f"bad-{row}", "error": "no e-mail", "code": "EMAIL_INVALID"}
        for row in (1, 2)
    ]
    assert shown["canRollback"] is False


def test_completed(api: Api) -> None:
    job = api.started()
    stage(api, job, rejected=150)
    api.clock.advance(minutes=1)
    finish(api, job, late_errors=3)
    shown = show(api, job)
    assert (shown["status"], shown["completedAt"]) == ("completed", "2026-01-01T00:01:00.000Z")
    counts = [shown[f"{name}Count"] for name in ("imported", "created", "updated", "skipped", "error")]
    assert counts == [300, 200, 100, 200, 153]
    assert shown["processedRows"] == shown["totalRows"] == 500
    assert [error["row"] for error in shown["errors"]] == list(range(1, 101))
    assert shown["canRollback"] is True


def test_file_that_failed_as_a_whole_is_row_0(api: Api) -> None:
    job = api.started()
    api.jobs.close_import(job, ImportStatus.FAILED, api.clock(), FileError("MISSING_HEADER", "no column Mail", "Mail"))
    shown = show(api, job)
    failure = {"row": 0, "field": "Mail", "value": None, "error": "no column Mail", "code": "MISSING_HEADER"}
    assert (shown["status"], shown["errors"], shown["canRollback"]) == ("failed", [failure], False)
    assert api.send("GET", f"/api/contacts/import/{job}/errors").json == {"items": [failure], "nextCursor": None}


def test_import_that_failed_halfway_shows_both(api: Api) -> None:
    job = api.started()
    stage(api, job, rejected=3)
    put_errors(api, object_keys.errors_key("a", job), row_errors(3))
    api.jobs.close_import(job, ImportStatus.FAILED, api.clock(), FileError("IMPORT_FAILED", "it broke"))
    assert [error["row"] for error in show(api, job)["errors"]] == [0, 1, 2, 3]
    rows = [error["row"] for error in api.all_items(f"/api/contacts/import/{job}/errors", limit=2)]
    assert rows == [0, 1, 2, 3]


def test_import_that_nobody_could_finish_shows_what_staging_rejected(api: Api) -> None:
    job = api.started()
    stage(api, job, rejected=3)
    api.jobs.close_import(job, ImportStatus.FAILED, api.clock(), FileError("IMPORT_UNACCOUNTED", "it broke"))
    assert [error["row"] for error in show(api, job)["errors"]] == [0, 1, 2, 3]


def test_retry_after_while_it_runs_alone(api: Api) -> None:
    job = api.started()
    path = f"/api/contacts/import/{job}"
    assert api.send("GET", path).header("retry-after") == "2"
    stage(api, job, rejected=0)
    assert api.send("GET", path).header("retry-after") == "2"
    finish(api, job)
    assert api.send("GET", path).header("retry-after") is None


def test_roll_back_ends_with_its_days(api: Api) -> None:
    job = api.started()
    stage(api, job, rejected=0)
    finish(api, job)
    api.clock.advance(days=29, hours=23, minutes=59)
    assert show(api, job)["canRollback"] is True
    api.clock.advance(minutes=1)
    assert show(api, job)["canRollback"] is False


PATHS = ["", "/errors", "/errors/download", "/results/download", "/rollback", "/rollback/download"]


@pytest.mark.parametrize("path", PATHS)
def test_job_of_another_tenant(api: Api, path: str) -> None:
    reply = api.send("GET", f"/api/contacts/import/{api.started()}{path}", tenant="b")
    assert (reply.status, reply.error["code"]) == (403, "JOB_FORBIDDEN")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("job", ["00000000-0000-4000-8000-000000000000", "x", "a" * 3_000, "a b", "%00"])
def test_no_such_job(api: Api, job: str, path: str) -> None:
    reply = api.send("GET", f"/api/contacts/import/{job}{path}")
    assert reply.status == 404


def test_expired_job_is_gone(api: Api) -> None:
    job = api.started()
    api.clock.advance(days=91)
    assert api.send("GET", f"/api/contacts/import/{job}").error["code"] == "JOB_NOT_FOUND"


@pytest.mark.parametrize("limit", [1, 7, 100, 153, 200])
def test_pages_of_errors_hold_each_row_once_in_order(api: Api, limit: int) -> None:
    job = api.started()
    stage(api, job, rejected=150)
    finish(api, job, late_errors=3)
    items = api.all_items(f"/api/contacts/import/{job}/errors", limit=limit)
    assert [item["row"] for item in items] == list(range(1, 154))
    assert set(items[0]) == {"row", "field", "value", "error", "code"}


def test_last_page_of_errors_has_no_next_one(api: Api) -> None:
    job = api.started()
    stage(api, job, rejected=150)
    first = api.send("GET", f"/api/contacts/import/{job}/errors").json
    assert len(first["items"]) == 100
    rest = api.send("GET", f"/api/contacts/import/{job}/errors", query={"cursor": first["nextCursor"]}).json
    assert (len(rest["items"]), rest["nextCursor"]) == (50, None)


def test_errors_that_became_final_are_read_from_the_start(api: Api) -> None:
    job = api.started()
    stage(api, job, rejected=150)
    cursor = api.send("GET", f"/api/contacts/import/{job}/errors").json["nextCursor"]
    finish(api, job, late_errors=3)
    reply = api.send("GET", f"/api/contacts/import/{job}/errors", query={"cursor": cursor})
    assert (reply.status, reply.error["code"]) == (409, "LIST_CHANGED")


def test_cursor_of_another_job_tenant_or_list(api: Api) -> None:
    job, other = api.started(), api.started()
    stage(api, job, rejected=150)
    stage(api, other, rejected=150)
    cursor = api.send("GET", f"/api/contacts/import/{job}/errors").json["nextCursor"]
    for path, tenant in [(f"/api/contacts/import/{other}/errors", "a"), ("/api/jobs", "a"), ("/api/jobs", "b")]:
        reply = api.send("GET", path, query={"cursor": cursor}, tenant=tenant)
        assert (reply.status, reply.error["code"]) == (400, "CURSOR_INVALID")


@pytest.mark.parametrize("file", ["errors", "results"])
def test_download_waits_for_the_end(api: Api, file: str) -> None:
    job = api.started()
    reply = api.send("GET", f"/api/contacts/import/{job}/{file}/download")
    assert (reply.status, reply.error["code"], reply.header("retry-after")) == (409, "NOT_READY", "2")


@pytest.mark.parametrize("file", ["errors", "results"])
def test_download(api: Api, file: str) -> None:
    job = api.started()
    stage(api, job, rejected=0)
    finish(api, job)
    key = {"errors": object_keys.errors_csv_key, "results": object_keys.results_csv_key}[file]("a", job)
    api.files.put(key, b"row\n")
    reply = api.send("GET", f"/api/contacts/import/{job}/{file}/download")
    assert reply.status == 200
    assert reply.json == {
        "downloadUrl": api.links.sign_download(key, file_name=f"people-{file}.csv", seconds=300),
        "expiresAt": "2026-01-01T00:05:00.000Z",
    }


def test_download_of_a_file_that_was_refused_as_a_whole(api: Api) -> None:
    job = api.started()
    api.jobs.close_import(job, ImportStatus.FAILED, api.clock(), FileError("NOT_A_WORKBOOK", "no"))
    reply = api.send("GET", f"/api/contacts/import/{job}/results/download")
    assert (reply.status, reply.error["code"]) == (404, "FILE_NOT_FOUND")


def lists_of(api: Api, job: str) -> list[str]:
    return [key for key in api.files.versions if job in key and not key.startswith("uploads/")]


@pytest.mark.parametrize("unaccounted", [False, True])
def test_a_job_outlives_its_lists(api: Api, unaccounted: bool) -> None:
    """Objects go so many days after they were made, a job after its last change."""
    job = api.started()
    stage(api, job, rejected=150)
    if unaccounted:
        api.jobs.close_import(job, ImportStatus.FAILED, api.clock(), FileError("IMPORT_UNACCOUNTED", "it broke"))
    else:
        finish(api, job)
    path = f"/api/contacts/import/{job}"
    cursor = api.send("GET", f"{path}/errors").json["nextCursor"]
    api.files.delete(lists_of(api, job))
    for query in ({}, {"cursor": cursor}):
        reply = api.send("GET", f"{path}/errors", query=query)
        assert (reply.status, reply.error["code"]) == (410, "RESULTS_EXPIRED")
    shown = show(api, job)
    assert shown["errorCount"] == 150
    assert [error["row"] for error in shown["errors"]] == ([0] if unaccounted else [])
    for file in ("errors", "results"):
        reply = api.send("GET", f"{path}/{file}/download")
        expected = (404, "FILE_NOT_FOUND") if unaccounted else (410, "RESULTS_EXPIRED")
        assert (reply.status, reply.error["code"]) == expected


@pytest.mark.parametrize("ended", [False, True])
def test_a_poll_takes_few_requests(api: Api, ended: bool) -> None:
    job = api.started()
    stage(api, job, rejected=150)
    if ended:
        finish(api, job)
    with mock.patch.multiple(
        api.files, info=mock.DEFAULT, get_range=mock.DEFAULT, get=mock.DEFAULT, open=mock.DEFAULT
    ) as looks:
        for name, look in looks.items():
            look.side_effect = getattr(MemoryFiles, name).__get__(api.files)
        shown = show(api, job)
    assert len(shown["errors"]) == 100
    assert looks["info"].call_count + looks["get_range"].call_count <= 2
    assert looks["open"].call_count == 0


def job_at(api: Api, number: int, **changes: Any) -> ImportJob:
    """A job made `number` minutes after the first one."""
    job = api.jobs.find_import(api.started())
    assert job is not None
    del api.jobs.jobs[job.id]
    made = replace(job, created_at=f"2026-01-01T00:{number:02d}:00.000Z", **changes)
    assert api.jobs.create_import(made)
    return made


def test_jobs_newest_first_in_pages(api: Api) -> None:
    jobs = [job_at(api, number) for number in range(5)]
    items = api.all_items("/api/jobs", limit=2)
    assert [item["jobId"] for item in items] == [job.id for job in reversed(jobs)]
    assert set(items[0]) == FIELDS - {"errors", "fieldMapping"} | {"type"}
    assert {item["type"] for item in items} == {"import"}


def test_jobs_of_a_status(api: Api) -> None:
    job_at(api, 1)
    done = job_at(api, 2, status=ImportStatus.COMPLETED)
    items = api.all_items("/api/jobs", status="completed", type="import")
    assert [item["jobId"] for item in items] == [done.id]


def test_jobs_of_other_tenants_are_not_listed(api: Api) -> None:
    api.started()
    assert api.send("GET", "/api/jobs", tenant="b").json == {"items": [], "nextCursor": None}


@pytest.mark.parametrize("query", [{"type": "rollback"}, {"status": "done"}, {"cursor": "!"}, {"cursor": ""}])
def test_jobs_that_nobody_can_list(api: Api, query: dict[str, str]) -> None:
    reply = api.send("GET", "/api/jobs", query=query)
    assert (reply.status, reply.error["field"]) == (400, next(iter(query)))


def test_cursor_of_jobs_holds_for_its_filter_and_tenant(api: Api) -> None:
    for number in range(3):
        job_at(api, number)
    cursor = api.send("GET", "/api/jobs", query={"limit": 1}).json["nextCursor"]
    assert api.send("GET", "/api/jobs", query={"cursor": cursor}).status == 200
    assert api.send("GET", "/api/jobs", query={"cursor": cursor, "status": "pending"}).status == 400
    assert api.send("GET", "/api/jobs", query={"cursor": cursor}, tenant="b").status == 400
    assert api.send("GET", "/api/jobs", query={"cursor": ("B" if cursor[0] == "A" else "A") + cursor[1:]}).status == 400
