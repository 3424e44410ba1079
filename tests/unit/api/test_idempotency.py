"""Idempotency-Key: same key and request, same answer; other request, 422; for 24 hours, of a tenant and user."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.api.api_client import Api, Reply

KEY = {"Idempotency-Key": "key-1"}
MAKERS = {
    "/api/contacts/import/upload": {"fileName": "people.csv"},
    "/api/contacts": {"email": "ada@example.com", "tags": ["x"]},
}


def post(api: Api, path: str, body: Any, headers: dict[str, str] | None = None, **more: Any) -> Reply:
    return api.send("POST", path, body, headers=KEY if headers is None else headers, **more)


@pytest.mark.parametrize("path", [*MAKERS, "/api/contacts/import"])
def test_same_key_and_body_give_the_same_answer(api: Api, path: str) -> None:
    body = MAKERS.get(path) or api.import_body()
    first = post(api, path, body)
    api.clock.advance(hours=1)
    again = post(api, path, body)
    assert 200 <= first.status < 300
    assert (again.status, again.json) == (first.status, first.json)
    assert again.header("location") == first.header("location")
    assert (first.header("idempotency-replayed"), again.header("idempotency-replayed")) == (None, "true")
    assert len(api.jobs.jobs) == len(api.runner.started) == (path == "/api/contacts/import")
    assert len(api.all_items("/api/contacts")) == (path == "/api/contacts")


@pytest.mark.parametrize("path", MAKERS)
def test_same_key_with_another_body_is_refused(api: Api, path: str) -> None:
    post(api, path, MAKERS[path])
    reply = post(api, path, {**MAKERS[path], next(iter(MAKERS[path])): "other@example.com"})
    assert (reply.status, reply.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_query_parameters_are_part_of_the_request(api: Api) -> None:
    post(api, "/api/contacts", {"email": "ada@example.com"})
    reply = post(api, "/api/contacts", {"email": "ada@example.com"}, query={"allowDuplicate": "true"})
    assert reply.status == 422


def test_formatting_of_the_body_is_not(api: Api) -> None:
    first = api.send("POST", "/api/contacts", raw='{"email":"a@example.com","phone":"1"}', headers=KEY)
    again = api.send("POST", "/api/contacts", raw='{ "phone": "1", "email": "a@example.com" }', headers=KEY)
    assert again.json == first.json


@pytest.mark.parametrize("other", [{"tenant": "b"}, {"user": "bob"}])
def test_keys_belong_to_tenant_and_user(api: Api, other: dict[str, str]) -> None:
    post(api, "/api/contacts", {"email": "ada@example.com"})
    reply = post(api, "/api/contacts", {"email": "bob@example.com"}, **other)
    assert (reply.status, reply.header("idempotency-replayed")) == (201, None)


def test_keys_belong_to_a_route(api: Api) -> None:
    assert {post(api, path, body).status for path, body in MAKERS.items()} == {201}


def test_key_is_free_after_24_hours(api: Api) -> None:
    first = post(api, "/api/contacts", {"firstName": "Ada"})
    api.clock.advance(hours=24)
    assert post(api, "/api/contacts", {"firstName": "Ada"}).json["id"] != first.json["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "with blank", "ümlaut", "tab\t"])
def test_key_that_is_none(api: Api, key: str) -> None:
    reply = post(api, "/api/contacts", {"firstName": "Ada"}, {"Idempotency-Key": key})
    assert (reply.status, reply.error["field"].lower()) == (400, "idempotency-key")
    assert api.all_items("/api/contacts") == []


@pytest.mark.parametrize("key", ["x", "x" * 255, "!~,;=", "a,b"])
def test_key_of_visible_ascii(api: Api, key: str) -> None:
    headers = {"Idempotency-Key": key}
    ids = {post(api, "/api/contacts", {"firstName": "Ada"}, headers).json["id"] for _ in range(2)}
    assert len(ids) == 1


def test_refusal_is_not_kept(api: Api) -> None:
    url = api.send("POST", "/api/contacts/import/upload", {"fileName": "x.csv"}).json["fileUrl"]
    body = api.import_body(fileUrl=url)
    assert post(api, "/api/contacts/import", body).status == 400
    api.files.put(api.links.key_of(url) or "", b"email\n")
    assert post(api, "/api/contacts/import", body).status == 202


def test_crash_before_the_start_leaves_one_job_that_the_retry_starts(api: Api) -> None:
    body = api.import_body()
    start, api.runner.start_import = api.runner.start_import, lambda _: 1 / 0  # type: ignore[method-assign, assignment]
    assert post(api, "/api/contacts/import", body).status == 500
    api.runner.start_import = start  # type: ignore[method-assign]
    reply = post(api, "/api/contacts/import", body)
    assert reply.status == 202
    assert list(api.jobs.jobs) == api.runner.started == [reply.json["jobId"]]


def test_crash_before_the_answer_is_kept_leaves_one_contact(api: Api) -> None:
    body = {"email": "ada@example.com"}
    keep, api.idempotency.store_answer = api.idempotency.store_answer, lambda *_: 1 / 0  # type: ignore[method-assign, assignment]
    assert post(api, "/api/contacts", body).status == 500
    api.idempotency.store_answer = keep  # type: ignore[method-assign]
    api.clock.advance(minutes=1)
    reply = post(api, "/api/contacts", body)
    assert reply.status == 201
    assert [reply.json] == api.all_items("/api/contacts")


def test_without_a_key_every_request_makes_something(api: Api) -> None:
    ids = {post(api, "/api/contacts", {"firstName": "Ada"}, {}).json["id"] for _ in range(2)}
    assert len(ids) == 2
