"""The record of how contacts left: who, when, which and how many."""

from __future__ import annotations

import json

import pytest

from tests.unit.api import api_client
from tests.unit.api.api_client import Api
from tests.unit.api.exports import ADMIN, AUDIT, EXPORTER, EXPORTS, audit, clean_up, completed, download, started

CONDITION = {"field": "company", "op": "equals", "value": "Acme"}


def test_an_export_and_its_link_are_told_with_what_was_asked_for(api: Api) -> None:
    api.created(email="ada@example.com", company="Acme")
    api.created(email="bob@example.com", company="Other")
    job = completed(api, filters=CONDITION, selectedFields=["id", "email"], includeEngagementMetrics=True)
    api.clock.advance(minutes=1)
    download(api, job, user="bob")
    choice = {
        "exportType": "filtered",
        "fileFormat": "csv",
        "filters": CONDITION,
        "segmentId": None,
        "collectionId": None,
        "selectedFields": ["id", "email"],
        "includeCustomFields": False,
        "includeEngagementMetrics": True,
        "byteOrderMark": False,
    }
    assert audit(api) == {
        "items": [
            {
                **choice,
                "at": "2026-01-01T00:01:00.000Z",
                "action": "download",
                "user": "bob",
                "jobId": job,
                "contacts": 1,
            },
            {
                **choice,
                "at": "2026-01-01T00:00:00.000Z",
                "action": "export",
                "user": "ada",
                "jobId": job,
                "contacts": 1,
            },
        ],
        "nextCursor": None,
    }


def test_a_page_of_long_filters_fits_an_answer_of_lambda(api: Api) -> None:
    filters = {"or": [{**CONDITION, "value": "\x01" * 1_000}] * 10}
    jobs = [started(api, filters=filters) for _ in range(90)]
    page = api.send("GET", AUDIT, query={"limit": 200}, scope=ADMIN)
    assert len(json.dumps(page.text)) < 6 * 1024 * 1024
    found = [item["jobId"] for item in page.json["items"]]
    cursor = page.json["nextCursor"]
    while cursor:
        page = api.send("GET", AUDIT, query={"limit": 200, "cursor": cursor}, scope=ADMIN)
        found += [item["jobId"] for item in page.json["items"]]
        cursor = page.json["nextCursor"]
    assert sorted(found) == sorted(jobs)


def test_an_export_that_has_not_completed_is_told_without_a_number(api: Api) -> None:
    started(api)
    (record,) = audit(api)["items"]
    assert (record["action"], record["contacts"]) == ("export", None)


def test_records_outlive_the_export(api: Api) -> None:
    job = completed(api)
    api.clock.advance(days=7)
    clean_up(api)
    assert [record["jobId"] for record in audit(api)["items"]] == [job]


@pytest.mark.parametrize("limit", [1, 2, 5, 7, 200])
def test_pages_hold_each_record_once_the_newest_first(api: Api, limit: int) -> None:
    jobs = []
    for _ in range(5):
        jobs.append(started(api))
        api.clock.advance(seconds=1)
    items, cursor = [], None
    while True:
        page = audit(api, query={"limit": limit} | ({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= limit
        items += page["items"]
        if (cursor := page["nextCursor"]) is None:
            break
    assert [record["jobId"] for record in items] == jobs[::-1]


def test_a_tenant_sees_its_own_alone(api: Api) -> None:
    for tenant in ("a", "b"):
        for _ in range(2):
            api.send("POST", EXPORTS, {"format": "csv"}, tenant=tenant, user=f"user-of-{tenant}", scope=EXPORTER)
    cursors = {}
    for tenant in ("a", "b"):
        assert {record["user"] for record in audit(api, tenant=tenant)["items"]} == {f"user-of-{tenant}"}
        cursors[tenant] = audit(api, tenant=tenant, query={"limit": 1})["nextCursor"]
    reply = api.send("GET", AUDIT, tenant="a", scope=ADMIN, query={"cursor": cursors["b"]})
    assert (reply.status, reply.error["code"]) == (400, "CURSOR_INVALID")


def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    for _ in range(2):
        api.created(email="ada@example.com")
    cursor = api.send("GET", "/api/contacts", query={"limit": 1}).json["nextCursor"]
    reply = api.send("GET", AUDIT, scope=ADMIN, query={"cursor": cursor})
    assert (reply.status, reply.error["code"]) == (400, "CURSOR_INVALID")


@pytest.mark.parametrize("scope", ["contacts:read contacts:write contacts:export", ""])
def test_it_needs_an_administrator(api: Api, scope: str) -> None:
    reply = api.send("GET", AUDIT, scope=scope)
    assert (reply.status, reply.error["code"]) == (403, "SCOPE_MISSING")
    assert "contacts:admin" in reply.error["message"]


def test_a_route_that_nobody_gave_a_scope_is_closed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the gateway sends under another key than the function knows must not fall back on the right to read."""
    monkeypatch.setattr(api_client, "ROUTES", {"GET /api/contacts/export/{id}/download": "exports_api"})
    reply = download(api, "x", scope=f"contacts:read {EXPORTER}")
    assert (reply.status, reply.error["code"]) == (404, "ROUTE_NOT_FOUND")
