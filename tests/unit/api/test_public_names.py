"""Bodies are taken by their public names alone: the names of our own code are unknown fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.api.api_client import READ_AND_WRITE, Api
from tests.unit.api.bulk_jobs import CREATE, all_items, done
from tests.unit.api.exports import EXPORTER


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/contacts", {"first_name": "Ada"}, "first_name"),
        ("/api/contacts", {"addresses": [{"postal_code": "1"}]}, "addresses[0].postal_code"),
        ("/api/contacts", {"engagement": {"emails_sent": 1}}, "engagement.emails_sent"),
        ("/api/contacts/import/upload", {"file_name": "people.csv"}, "file_name"),
        ("/api/contacts/import", {"file_url": "x"}, "file_url"),
        ("/api/contacts/import", {"options": {"duplicate_strategy": "skip"}}, "options.duplicate_strategy"),
        ("/api/contacts/export", {"format": "csv", "segment_id": "x"}, "segment_id"),
        ("/api/contacts/import/x/rollback", {"dry_run": True}, "dry_run"),
        (CREATE, {"contacts": [{"email": "a@x.io"}], "client_source": "ios"}, "client_source"),
        ("/api/contacts/bulk-delete", {"tracking_key": "x"}, "tracking_key"),
    ],
)
def test_a_name_of_our_own_is_refused(api: Api, path: str, body: dict[str, Any], field: str) -> None:
    reply = api.send("POST", path, body, scope=f"{READ_AND_WRITE} {EXPORTER}")
    assert reply.status == 400
    problems = {problem["field"]: problem["code"] for problem in reply.error["problems"]}
    assert problems[field] == "UNKNOWN_FIELD"


@pytest.mark.parametrize(
    ("contact", "field"),
    [({"first_name": "Ada"}, "first_name"), ({"addresses": [{"postal_code": "1"}]}, "addresses[0].postal_code")],
)
def test_a_contact_of_a_bulk_job_with_one_fails_alone(api: Api, contact: dict[str, Any], field: str) -> None:
    job = done(api, [contact, {"firstName": "Ada"}])
    assert [(error["index"], error["code"]) for error in job["errors"]] == [(0, "UNKNOWN_FIELD")]
    assert field in job["errors"][0]["message"]
    assert [item["outcome"] for item in all_items(api, f"{CREATE}/{job['jobId']}/items")] == ["failed", "created"]


def test_a_segment_that_is_not_there_is_named_by_its_field(api: Api) -> None:
    body = {"format": "csv", "segmentId": "nothing"}
    replies = [
        api.send("POST", "/api/contacts/export", body, scope=EXPORTER),
        api.send("GET", "/api/contacts", query={"segmentId": "nothing"}),
    ]
    assert [(each.status, each.error["code"], each.error["field"]) for each in replies] == [
        (404, "SEGMENT_NOT_FOUND", "segmentId")
    ] * 2
