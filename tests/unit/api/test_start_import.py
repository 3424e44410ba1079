"""Uploads and the start of imports."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.domain.import_job import BlankValues, DuplicateStrategy, ImportOptions, ImportStatus
from tests.unit.api.api_client import MAX_FILE_BYTES, Api


def test_upload_is_a_form_for_a_key_of_the_servers_own(api: Api) -> None:
    reply = api.send("POST", "/api/contacts/import/upload", {"fileName": "../../b/people.csv"})
    assert reply.status == 201
    body = reply.json
    assert set(body) == {"fileUrl", "upload", "maxBytes", "expiresAt"}
    assert set(body["upload"]) == {"url", "fields"}
    key = body["upload"]["fields"]["key"]
    assert key.startswith("uploads/a/")
    assert "people" not in key
    assert body["fileUrl"] == api.links.url_of(key)
    assert body["maxBytes"] == MAX_FILE_BYTES
    assert body["upload"]["fields"]["maxBytes"] == str(MAX_FILE_BYTES)
    assert body["expiresAt"] == "2026-01-01T01:00:00.000Z"


def test_two_uploads_never_share_a_key(api: Api) -> None:
    assert api.uploaded() != api.uploaded()


def test_accepted_import(api: Api) -> None:
    reply = api.send("POST", "/api/contacts/import", api.import_body())
    assert reply.status == 202
    job_id = reply.json["jobId"]
    assert reply.json == {
        "jobId": job_id,
        "status": "pending",
        "totalRows": 0,
        "imported": 0,
        "created": 0,
        "updated": 0,
        "skipped": 0,
        "errors": [],
    }
    assert reply.header("location") == f"/api/contacts/import/{job_id}"
    assert api.runner.started == [job_id]
    job = api.jobs.find_import(job_id)
    assert job is not None
    assert (job.tenant, job.created_by, job.status) == ("a", "ada", ImportStatus.PENDING)
    assert job.file_key == api.links.key_of(job.file_url)


def test_options_reach_the_job_and_are_shown(api: Api) -> None:
    options = {
        "fileType": "xlsx",
        "duplicateStrategy": "update",
        "tags": [" fair ", "fair", "2026"],
        "segmentName": " Fair ",
        "validateEmail": False,
        "validatePhone": True,
        "blankValues": "clear",
        "sheet": "People",
        "unescapeFormulas": False,
    }
    job = api.jobs.find_import(api.started(**options))
    assert job is not None
    assert job.options == ImportOptions(
        file_type="xlsx",
        duplicate_strategy=DuplicateStrategy.UPDATE,
        tags=("fair", "2026"),
        segment_name="Fair",
        validate_email=False,
        validate_phone=True,
        blank_values=BlankValues.CLEAR,
        sheet="People",
        unescape_formulas=False,
    )
    shown = api.send("GET", f"/api/contacts/import/{job.id}").json["importOptions"]
    assert shown == {**options, "tags": ["fair", "2026"], "segmentName": "Fair"}


@pytest.mark.parametrize("body", [{"options": {}}, {}, {"options": {"fileType": None, "segmentName": None}}], ids=str)
def test_options_have_defaults(api: Api, body: dict[str, Any]) -> None:
    whole = {**api.import_body(), **body}
    if not body:
        del whole["options"]
    job = api.jobs.find_import(api.send("POST", "/api/contacts/import", whole).json["jobId"])
    assert job is not None
    assert job.options == ImportOptions()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"fileType": "xls"}, "options.fileType"),
        ({"duplicateStrategy": "merge"}, "options.duplicateStrategy"),
        ({"tags": ["x"] * 101}, "options.tags"),
        ({"tags": ["x" * 129]}, "options.tags[0]"),
        ({"tags": "vip"}, "options.tags"),
        ({"segmentName": ""}, "options.segmentName"),
        ({"segmentName": "x" * 129}, "options.segmentName"),
        ({"blankValues": "keep"}, "options.blankValues"),
        ({"sheet": ""}, "options.sheet"),
        ({"validateEmail": "false"}, "options.validateEmail"),
        ({"validatePhone": 1}, "options.validatePhone"),
        ({"batchSize": 5}, "options.batchSize"),
    ],
    ids=str,
)
def test_options_that_are_refused(api: Api, options: dict[str, Any], field: str) -> None:
    reply = api.send("POST", "/api/contacts/import", api.import_body(options=options))
    assert (reply.status, reply.error["field"]) == (400, field)
    assert api.jobs.jobs == {}


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"Name": "firstName"}, "MAPPING_WITHOUT_EMAIL"),
        ({"A": "email", "B": "email"}, "MAPPING_TARGET_TWICE"),
        ({"A": "email", "B": "phone", "C": "phone"}, "MAPPING_TARGET_TWICE"),
        ({}, "INVALID_REQUEST"),
        ({"": "email"}, "INVALID_REQUEST"),
        ({"A": None}, "INVALID_REQUEST"),
        ({"A": ["email"]}, "INVALID_REQUEST"),
    ],
    ids=str,
)
def test_mapping_that_could_import_nothing(api: Api, mapping: dict[str, Any], code: str) -> None:
    reply = api.send("POST", "/api/contacts/import", api.import_body(fieldMapping=mapping))
    assert (reply.status, reply.error["code"]) == (400, code)
    assert reply.error["field"].startswith("fieldMapping")
    assert api.jobs.jobs == {}


class NoFiles:
    """Files that must not be looked at."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError("looked at a file")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/people.csv",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "people.csv",
        "https://files.example.test/uploads/b/x",
        "https://files.example.test/uploads/ab/x",
        "https://files.example.test/uploads/a",
        "https://files.example.test/results/a/job/results.csv",
        "https://files.example.test/uploads/a/../b/x?y",
    ],
)
def test_file_that_is_no_upload_of_the_tenant_is_refused_before_any_fetch(api: Api, url: str) -> None:
    api.files = NoFiles()  # type: ignore[assignment]
    reply = api.send("POST", "/api/contacts/import", api.import_body(fileUrl=url))
    assert (reply.status, reply.error["code"], reply.error["field"]) == (403, "FILE_URL_FORBIDDEN", "fileUrl")
    assert api.jobs.jobs == {}


def test_upload_of_another_tenant_is_refused(api: Api) -> None:
    theirs = api.uploaded(tenant="b")
    assert api.send("POST", "/api/contacts/import", api.import_body(fileUrl=theirs)).status == 403


@pytest.mark.parametrize("tenant", ["a/b", "a%2Fb", "../a", "a b", "ä"])
def test_tenants_with_odd_names_keep_to_themselves(api: Api, tenant: str) -> None:
    url = api.uploaded(tenant=tenant)
    body = api.import_body(fileUrl=url)
    assert api.send("POST", "/api/contacts/import", body, tenant=tenant).status == 202
    assert api.send("POST", "/api/contacts/import", body, tenant="a").status == 403


def test_file_that_was_never_uploaded(api: Api) -> None:
    url = api.send("POST", "/api/contacts/import/upload", {"fileName": "x.csv"}).json["fileUrl"]
    reply = api.send("POST", "/api/contacts/import", api.import_body(fileUrl=url))
    assert (reply.status, reply.error["code"]) == (400, "FILE_NOT_UPLOADED")


@pytest.mark.parametrize(("size", "status"), [(MAX_FILE_BYTES, 202), (MAX_FILE_BYTES + 1, 400)])
def test_largest_file(api: Api, size: int, status: int) -> None:
    reply = api.send("POST", "/api/contacts/import", api.import_body(fileUrl=api.uploaded(b"x" * size)))
    assert reply.status == status
    if status == 400:
        assert reply.error["code"] == "FILE_TOO_LARGE"
