"""What an export looks like from outside, at every stage of its life."""

from __future__ import annotations

import hashlib

import pytest

from contacts.domain.export_job import ExportJob
from tests.unit.api.api_client import Api
from tests.unit.api.exports import EXPORTER, EXPORTS, clean_up, completed, failed, show, started

CONDITION = {"field": "company", "op": "equals", "value": "Acme"}
WHOLE_FILE = b"email\r\nada@example.com\r\n"


def job_of(api: Api, job_id: str) -> ExportJob:
    job = api.exports.find_export(job_id)
    assert job is not None
    return job


def test_pending(api: Api) -> None:
    job = started(api, filters=CONDITION, selectedFields=["email"], includeCustomFields=True)
    reply = show(api, job)
    assert (reply.status, reply.header("retry-after")) == (200, "2")
    assert reply.json == {
        "jobId": job,
        "tenantId": "a",
        "exportType": "filtered",
        "filters": CONDITION,
        "segmentId": None,
        "collectionId": None,
        "selectedFields": ["email"],
        "includeCustomFields": True,
        "includeEngagementMetrics": False,
        "byteOrderMark": False,
        "fileFormat": "csv",
        "fileUrl": None,
        "fileSize": None,
        "sha256": None,
        "status": "pending",
        "totalContacts": None,
        "processedContacts": 0,
        "error": None,
        "startedAt": None,
        "completedAt": None,
        "expiresAt": "2026-01-08T00:00:00.000Z",
        "createdBy": "ada",
        "createdAt": "2026-01-01T00:00:00.000Z",
    }


def test_processing_shows_how_far_it_is(api: Api) -> None:
    job = started(api)
    api.clock.advance(seconds=5)
    api.exports.begin_attempt(job, api.clock())
    api.exports.report_progress(job, 1, 5_000, api.clock())
    reply = show(api, job)
    assert reply.header("retry-after") == "2"
    shown = [reply.json[name] for name in ("status", "processedContacts", "totalContacts", "startedAt")]
    assert shown == ["processing", 5_000, None, "2026-01-01T00:00:05.000Z"]


def test_completed_tells_address_size_and_checksum_of_the_very_file(api: Api) -> None:
    api.created(email="ada@example.com", company="Acme")
    api.created(email="bob@example.com", company="Other")
    job = completed(api, filters=CONDITION, selectedFields=["email"])
    reply = show(api, job)
    assert reply.header("retry-after") is None
    (file,) = (api.files.get(key) for key in api.files.list_keys("exports/"))
    assert file == WHOLE_FILE
    assert reply.json["fileUrl"] == f"https://files.example.test/exports/a/{job}/attempt-0001/contacts.csv"
    assert (reply.json["fileSize"], reply.json["sha256"]) == (len(file), hashlib.sha256(file).hexdigest())
    assert (reply.json["status"], reply.json["totalContacts"], reply.json["processedContacts"]) == ("completed", 1, 1)
    assert reply.json["completedAt"] == "2026-01-01T00:00:00.000Z"


def test_failed_says_why(api: Api) -> None:
    reply = show(api, failed(api))
    assert (reply.json["status"], reply.header("retry-after")) == ("failed", None)
    assert reply.json["error"] == {"code": "SEGMENT_NOT_FOUND", "message": "there is no segment of this id"}


def test_it_is_shown_from_expiry_until_the_clean_up(api: Api) -> None:
    job = completed(api)
    api.clock.advance(days=7)
    assert show(api, job).json["status"] == "completed"
    clean_up(api)
    reply = show(api, job)
    assert (reply.status, reply.error["code"]) == (404, "JOB_NOT_FOUND")


def test_the_list_of_jobs_has_a_line_for_it(api: Api) -> None:
    job = completed(api)
    (line,) = api.send("GET", "/api/jobs").json["items"]
    shown = show(api, job).json
    assert (line["type"], line["expired"]) == ("export", False)
    assert {name: shown[name] for name in line if name not in {"type", "expired"}} == {
        name: value for name, value in line.items() if name not in {"type", "expired"}
    }


@pytest.mark.parametrize("path", ["", "/download"])
def test_another_tenants_is_forbidden(api: Api, path: str) -> None:
    scope = f"contacts:read {EXPORTER}"
    reply = api.send("GET", f"{EXPORTS}/{completed(api)}{path}", tenant="b", scope=scope)
    assert (reply.status, reply.error["code"]) == (403, "JOB_FORBIDDEN")


@pytest.mark.parametrize("path", ["", "/download"])
@pytest.mark.parametrize("job", ["00000000-0000-4000-8000-000000000000", "x", "a" * 3_000, "a b", "%00"])
def test_no_such_job(api: Api, job: str, path: str) -> None:
    reply = api.send("GET", f"{EXPORTS}/{job}{path}", scope=f"contacts:read {EXPORTER}")
    assert (reply.status, reply.error["code"]) == (404, "JOB_NOT_FOUND")


@pytest.mark.parametrize("path", ["", "/download"])
def test_a_job_of_another_kind_is_none(api: Api, path: str) -> None:
    reply = api.send("GET", f"{EXPORTS}/{api.started()}{path}", scope=f"contacts:read {EXPORTER}")
    assert reply.status == 404


def test_an_export_is_no_import(api: Api) -> None:
    assert api.send("GET", f"/api/contacts/import/{completed(api)}").status == 404


def test_looking_needs_the_right_to_read_alone(api: Api) -> None:
    job = started(api)
    assert api.send("GET", f"{EXPORTS}/{job}", scope=f"contacts:write {EXPORTER}").error["code"] == "SCOPE_MISSING"
