"""The list that a rollback leaves, in pages and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from contacts.domain import object_keys
from tests.unit.api.api_client import Api
from tests.unit.api.rolled_back_imports import (
    ROWS,
    end,
    failed,
    import_ended,
    list_of,
    looking,
    post,
    rolled_back,
    rolling_back,
)


def test_lines_of_the_list(api: Api) -> None:
    job = rolled_back(api)
    body = api.send("GET", f"/api/contacts/import/{job}/rollback", query={"limit": 4}).json
    found = [(line["row"], line["action"], line["fields"], line["reason"]) for line in body["items"]]
    assert found == [
        (1, "kept", ["customFields.a\u2028b", "phone", "tags.vip"], "EDITED_LATER"),
        (2, "unchanged", [], "GONE"),
        (3, "restored", [], None),
        (4, "deleted", [], None),
    ]
    assert [line["contactId"] for line in body["items"]] == [f"{job}-{row}" for row in (1, 2, 3, 4)]
    assert set(body["items"][0]) == {"contactId", "row", "action", "fields", "reason"}


@pytest.mark.parametrize("limit", [1, 7, 100, 125, 200])
def test_pages_hold_each_contact_once_in_the_order_of_rows(api: Api, limit: int) -> None:
    items = api.all_items(f"/api/contacts/import/{rolled_back(api)}/rollback", limit=limit)
    assert [item["row"] for item in items] == list(range(1, ROWS + 1))


def test_page_has_100_lines_unless_asked(api: Api) -> None:
    assert len(api.send("GET", f"/api/contacts/import/{rolled_back(api)}/rollback").json["items"]) == 100


def test_download(api: Api) -> None:
    job = rolled_back(api)
    reply = api.send("GET", f"/api/contacts/import/{job}/rollback/download")
    key = object_keys.rollback_csv_key("a", job, 1)
    assert reply.json == {
        "downloadUrl": api.links.sign_download(key, file_name="people-rollback.csv", seconds=300),
        "expiresAt": "2026-01-01T00:05:00.000Z",
    }
    lines = list(csv.DictReader(io.StringIO((api.files.get(key) or b"").decode(), newline="")))
    assert len(lines) == ROWS
    assert lines[0] == {
        "contactId": f"{job}-1",
        "row": "1",
        "action": "kept",
        "fields": "customFields.a\u2028b phone tags.vip",
        "reason": "EDITED_LATER",
    }


PATHS = ["/rollback", "/rollback/download"]


@pytest.mark.parametrize("path", PATHS)
def test_list_of_an_import_that_was_never_rolled_back(api: Api, path: str) -> None:
    reply = api.send("GET", f"/api/contacts/import/{import_ended(api)}{path}")
    assert (reply.status, reply.error["code"]) == (404, "ROLLBACK_NOT_FOUND")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("state", [rolling_back, looking])
def test_list_waits_for_the_end(api: Api, state: Callable[[Api], str], path: str) -> None:
    reply = api.send("GET", f"/api/contacts/import/{state(api)}{path}")
    assert (reply.status, reply.error["code"], reply.header("retry-after")) == (409, "NOT_READY", "2")


def test_next_rollback_has_a_list_of_its_own(api: Api) -> None:
    job = import_ended(api)
    path = f"/api/contacts/import/{job}/rollback"
    post(api, job, {"dryRun": True})
    end(api, job)
    cursor = api.send("GET", path).json["nextCursor"]
    post(api, job)
    end(api, job, outcomes=list_of(job)[:3])
    assert len(api.all_items(path)) == 3
    reply = api.send("GET", path, query={"cursor": cursor})
    assert (reply.status, reply.error["code"]) == (409, "LIST_CHANGED")


def test_list_of_a_failed_rollback_is_another_one_once_it_went_on(api: Api) -> None:
    job = failed(api)
    path = f"/api/contacts/import/{job}/rollback"
    cursor = api.send("GET", path).json["nextCursor"]
    post(api, job)
    end(api, job)
    assert api.send("GET", path, query={"cursor": cursor}).error["code"] == "LIST_CHANGED"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("state", "answer"), [(rolled_back, (410, "RESULTS_EXPIRED")), (failed, (404, "FILE_NOT_FOUND"))]
)
def test_a_rollback_outlives_its_list(
    api: Api, state: Callable[[Api], str], answer: tuple[int, str], path: str
) -> None:
    job = state(api)
    cursor = api.send("GET", f"/api/contacts/import/{job}/rollback").json["nextCursor"]
    api.files.delete([key for key in api.files.versions if "/rollback-" in key])
    for query in ({}, {"cursor": cursor}):
        reply = api.send("GET", f"/api/contacts/import/{job}{path}", query=query if path == "/rollback" else {})
        assert (reply.status, reply.error["code"]) == answer


def test_cursor_belongs_to_its_import_tenant_and_list(api: Api) -> None:
    job, other = rolled_back(api), rolled_back(api)
    cursor = api.send("GET", f"/api/contacts/import/{job}/rollback").json["nextCursor"]
    for path, tenant in [
        (f"/api/contacts/import/{other}/rollback", "a"),
        (f"/api/contacts/import/{job}/rollback", "b"),
        (f"/api/contacts/import/{job}/errors", "a"),
    ]:
        reply = api.send("GET", path, query={"cursor": cursor}, tenant=tenant)
        assert (reply.status, reply.error["code"]) == (400, "CURSOR_INVALID")
