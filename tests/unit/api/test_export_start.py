"""Starting an export: what is taken, what is refused and where it is wrong, and that there is one job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contacts.domain.collection import Collection
from contacts.domain.export_columns import MAX_SELECTED_COLUMNS
from contacts.domain.export_job import ExportFormat, ExportOptions
from contacts.domain.segment import Segment
from tests.unit.api.api_client import Api
from tests.unit.api.exports import EXPORTER, EXPORTS, audit, start, started

CONDITION = {"field": "company", "op": "equals", "value": "Acme"}
CSV = ExportOptions(format=ExportFormat.CSV)
NOW = "2026-01-01T00:00:00.000Z"


def put_segment(api: Api, tenant: str = "a") -> None:
    api.segments.ensure(Segment(id="segment-1", tenant=tenant, name="Fair", created_at=NOW))


def put_collection(api: Api, tenant: str = "a") -> None:
    collection = Collection(id="collection-1", tenant=tenant, name="Fair", created_by="bob", created_at=NOW)
    api.collections.create_collection(collection)


def nothing_started(api: Api) -> bool:
    return not (api.exports.jobs or api.runner.started or api.audit_log.entries)


def test_it_is_accepted_with_the_specified_fields_and_its_execution_started(api: Api) -> None:
    reply = start(api)
    (job,) = api.exports.jobs.values()
    assert (reply.status, reply.json) == (202, {"jobId": job.id, "status": "pending"})
    assert reply.header("location") == f"{EXPORTS}/{job.id}"
    assert api.runner.started == [job.id]


@pytest.mark.parametrize("format_", ["csv", "xlsx", "json", "jsonl"])
def test_every_format_is_taken(api: Api, format_: str) -> None:
    job = api.exports.find_export(started(api, format=format_))
    assert job is not None
    assert job.options == ExportOptions(format=ExportFormat(format_))


@pytest.mark.parametrize(
    ("body", "options", "type_"),
    [
        ({}, {}, "full"),
        ({"filters": None, "segmentId": None, "collectionId": None, "selectedFields": None}, {}, "full"),
        ({"filters": {}}, {}, "full"),
        ({"filters": CONDITION}, {"filters": CONDITION}, "filtered"),
        ({"collectionId": "collection-1"}, {"collection_id": "collection-1"}, "filtered"),
        ({"segmentId": "segment-1"}, {"segment_id": "segment-1"}, "segment"),
        (
            {"segmentId": "segment-1", "filters": CONDITION},
            {"segment_id": "segment-1", "filters": CONDITION},
            "segment",
        ),
        ({"selectedFields": ["phone", "id"]}, {"selected_fields": ("phone", "id")}, "full"),
        ({"selectedFields": ["customFields.Größe"]}, {"selected_fields": ("customFields.Größe",)}, "full"),
        ({"includeCustomFields": True}, {"include_custom_fields": True}, "full"),
        ({"includeEngagementMetrics": True}, {"include_engagement_metrics": True}, "full"),
        ({"byteOrderMark": True}, {"byte_order_mark": True}, "full"),
    ],
)
def test_what_is_asked_for_is_what_the_job_is_about(
    api: Api, body: dict[str, Any], options: dict[str, Any], type_: str
) -> None:
    put_segment(api)
    put_collection(api)
    job = api.exports.find_export(started(api, **body))
    assert job is not None
    assert (job.options, job.options.type) == (ExportOptions(**{"format": ExportFormat.CSV, **options}), type_)
    assert (job.tenant, job.created_by, job.expires_at) == ("a", "ada", "2026-01-08T00:00:00.000Z")


def test_a_byte_order_mark_that_is_not_wanted_goes_with_any_format(api: Api) -> None:
    assert start(api, format="json", byteOrderMark=False).status == 202


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"format": "pdf"}, "format", "INVALID_VALUE"),
        ({"format": None}, "format", "INVALID_VALUE"),
        ({"format": "CSV"}, "format", "INVALID_VALUE"),
        ({"fileFormat": "csv"}, "fileFormat", "UNKNOWN_FIELD"),
        ({"options": {}}, "options", "UNKNOWN_FIELD"),
        ({"filters": []}, "filters", "INVALID_VALUE"),
        ({"filters": {**CONDITION, "field": "password"}}, "filters.field", "INVALID_VALUE"),
        ({"filters": {"and": [CONDITION, {**CONDITION, "value": 7}]}}, "filters.and[1].value", "INVALID_VALUE"),
        ({"filters": {"not": {"field": "tags", "op": "hasAny", "value": ["x", ""]}}}, "filters.not.value[1]", None),
        ({"segmentId": ""}, "segmentId", "INVALID_VALUE"),
        ({"segmentId": "s" * 129}, "segmentId", "INVALID_VALUE"),
        ({"collectionId": 7}, "collectionId", "INVALID_VALUE"),
        ({"selectedFields": "email"}, "selectedFields", "INVALID_VALUE"),
        ({"selectedFields": []}, "selectedFields", "NO_COLUMNS"),
        ({"selectedFields": ["id", "email", 7]}, "selectedFields[2]", "INVALID_VALUE"),
        ({"selectedFields": ["id", "email", "e-mail"]}, "selectedFields[2]", "UNKNOWN_COLUMN"),
        ({"selectedFields": ["customFields"]}, "selectedFields[0]", "UNKNOWN_COLUMN"),
        ({"selectedFields": ["customFields.a.b"]}, "selectedFields[0]", "UNKNOWN_COLUMN"),
        ({"selectedFields": ["id", "email", "id"]}, "selectedFields[2]", "DUPLICATE_COLUMN"),
        (
            {"selectedFields": [f"customFields.c{n}" for n in range(MAX_SELECTED_COLUMNS + 1)]},
            "selectedFields",
            "TOO_MANY_COLUMNS",
        ),
        ({"includeCustomFields": "true"}, "includeCustomFields", "INVALID_VALUE"),
        ({"includeEngagementMetrics": 1}, "includeEngagementMetrics", "INVALID_VALUE"),
        ({"format": "xlsx", "byteOrderMark": True}, "byteOrderMark", "INVALID_VALUE"),
        ({"format": "json", "byteOrderMark": True}, "byteOrderMark", "INVALID_VALUE"),
    ],
)
def test_a_bad_body_is_told_where_it_is_wrong_and_starts_nothing(
    api: Api, body: dict[str, Any], field: str, code: str | None
) -> None:
    reply = start(api, **body)
    assert reply.status == 400
    (problem,) = reply.error["problems"]
    assert problem["field"] == reply.error["field"] == field
    assert problem["code"] == (code or "INVALID_VALUE")
    assert field in reply.error["message"]
    assert nothing_started(api)


def test_all_that_is_wrong_with_the_columns_is_told_at_once(api: Api) -> None:
    problems = start(api, selectedFields=["x", "id", "id", "y"]).error["problems"]
    assert [(each["field"], each["code"]) for each in problems] == [
        ("selectedFields[0]", "UNKNOWN_COLUMN"),
        ("selectedFields[2]", "DUPLICATE_COLUMN"),
        ("selectedFields[3]", "UNKNOWN_COLUMN"),
    ]


def test_the_format_is_required(api: Api) -> None:
    reply = api.send("POST", EXPORTS, {}, scope=EXPORTER)
    assert (reply.status, reply.error["field"]) == (400, "format")
    assert api.send("POST", EXPORTS, scope=EXPORTER).status == 400


@pytest.mark.parametrize(
    ("put", "body", "code"),
    [
        (put_segment, {"segmentId": "segment-1"}, "SEGMENT_NOT_FOUND"),
        (put_collection, {"collectionId": "collection-1"}, "COLLECTION_NOT_FOUND"),
    ],
)
def test_another_tenants_segment_or_collection_is_none(
    api: Api, put: Callable[[Api, str], None], body: dict[str, Any], code: str
) -> None:
    put(api, "b")
    reply = start(api, **body)
    assert (reply.status, reply.error["code"]) == (404, code)
    assert nothing_started(api)


@pytest.mark.parametrize("scope", ["contacts:read contacts:write", "contacts:admin", "contacts:exports", ""])
def test_neither_reading_nor_writing_nor_administrating_is_the_right_to_export(api: Api, scope: str) -> None:
    reply = api.send("POST", EXPORTS, {"format": "csv"}, scope=scope)
    assert (reply.status, reply.error["code"]) == (403, "SCOPE_MISSING")
    assert "contacts:export" in reply.error["message"]
    assert nothing_started(api)


def test_the_same_key_and_body_give_the_same_job(api: Api) -> None:
    key = {"Idempotency-Key": "key-1"}
    first = start(api, headers=key)
    api.clock.advance(hours=1)
    again = start(api, headers=key)
    assert (again.status, again.json, again.header("location")) == (first.status, first.json, first.header("location"))
    assert again.header("idempotency-replayed") == "true"
    assert list(api.exports.jobs) == api.runner.started == [first.json["jobId"]]
    assert len(audit(api)["items"]) == 1
    assert start(api, headers=key, format="xlsx").status == 422


def test_a_crash_before_the_execution_leaves_one_job_that_the_retry_starts(api: Api) -> None:
    key = {"Idempotency-Key": "key-1"}
    start_execution, api.runner.start_export = api.runner.start_export, lambda _: 1 / 0  # type: ignore[method-assign, assignment]
    assert start(api, headers=key).status == 500
    api.runner.start_export = start_execution  # type: ignore[method-assign]
    reply = start(api, headers=key)
    assert reply.status == 202
    assert list(api.exports.jobs) == api.runner.started == [reply.json["jobId"]]


def test_no_export_starts_without_a_record_of_it(api: Api) -> None:
    api.audit_log.put = lambda _: 1 / 0  # type: ignore[method-assign, assignment]
    assert start(api).status == 500
    assert api.runner.started == []


def test_nothing_of_a_filter_is_logged(api: Api, logged: Callable[[], list[dict[str, Any]]]) -> None:
    start(api, filters={"field": "email", "op": "in", "value": ["secret@example.com"]})
    start(api, filters={"field": "email", "op": "before", "value": "secret@example.com"})
    assert [line["status"] for line in logged()] == [202, 400]
    assert "secret" not in str(logged())
