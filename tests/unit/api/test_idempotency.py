"""Idempotency-Key: same key and request, same answer; other request, 422; for 24 hours, of a tenant and user."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from contacts.contracts.http_bulk_create import BulkCreateAccepted, BulkCreateBody
from contacts.domain.bulk_job import BulkJob, BulkStatus
from contacts.domain.export_job import ExportJob, ExportStatus
from contacts.domain.import_job import ImportStatus
from contacts.domain.rollback import RollbackStatus
from contacts.runtime.bulk_use_cases import start_bulk_create
from contacts.usecases.do_once import Answer, DoOnce, KeyedRequest
from contacts.usecases.start_bulk_create import BulkCreateRequest
from tests.support.port_faults import Crash
from tests.unit.api.api_client import READ_AND_WRITE, Api, Reply
from tests.unit.api.exports import EXPORTER
from tests.unit.api.rolled_back_imports import import_ended

KEY = {"Idempotency-Key": "key-1"}
MAKERS = {
    "/api/contacts/import/upload": {"fileName": "people.csv"},
    "/api/contacts": {"email": "ada@example.com", "tags": ["x"]},
    "/api/contacts/bulk-create": {"contacts": [{"email": "ada@example.com"}], "clientSource": "ios"},
    "/api/collections": {"name": "Fair", "editors": ["bob"]},
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
    assert len(api.runner.started) == (path == "/api/contacts/import")
    assert len(api.jobs.jobs) == (path in ("/api/contacts/import", "/api/contacts/bulk-create"))
    assert len(api.collections.collections) == (path == "/api/collections")
    assert len(api.all_items("/api/contacts")) == (path == "/api/contacts")


@pytest.mark.parametrize("path", MAKERS)
def test_same_key_with_another_body_is_refused(api: Api, path: str) -> None:
    post(api, path, MAKERS[path])
    name, value = next(iter(MAKERS[path].items()))
    other = [{"email": "other@example.com"}] if isinstance(value, list) else "other@example.com"
    reply = post(api, path, {**MAKERS[path], name: other})
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
    replies = [post(api, path, body) for path, body in MAKERS.items()]
    assert {(reply.status, reply.header("idempotency-replayed")) for reply in replies} == {(201, None), (202, None)}


def test_key_is_free_after_24_hours(api: Api) -> None:
    first = post(api, "/api/contacts", {"firstName": "Ada"})
    api.clock.advance(hours=24)
    assert post(api, "/api/contacts", {"firstName": "Ada"}).json["id"] != first.json["id"]


def end_job(api: Api, job_id: str) -> None:
    """As it would end by itself, now."""
    job, now = api.jobs.jobs[job_id], api.clock()
    if isinstance(job, BulkJob):
        api.jobs.jobs[job_id] = replace(job, status=BulkStatus.COMPLETED, changed_at=now)
    elif isinstance(job, ExportJob):
        api.jobs.jobs[job_id] = replace(job, status=ExportStatus.COMPLETED, announced=True, changed_at=now)
    else:
        rollback = job.rollback and replace(job.rollback, status=RollbackStatus.COMPLETED)
        ended = replace(job, status=ImportStatus.COMPLETED, announced=True, rollback=rollback, changed_at=now)
        api.jobs.jobs[job_id] = ended


@pytest.mark.parametrize("what", ["import", "rollback", "export", "bulk-create", "bulk-delete", "collection"])
def test_key_of_a_job_is_kept_while_it_is_open_and_for_24_hours_from_its_last_change(api: Api, what: str) -> None:
    scope, path, body = READ_AND_WRITE, f"/api/contacts/{what}", dict[str, Any]()
    if what == "import":
        body = api.import_body()
    elif what == "rollback":
        path = f"/api/contacts/import/{import_ended(api)}/rollback"
    elif what == "export":
        scope, body = EXPORTER, {"format": "csv"}
    elif what == "bulk-create":
        body = ONE
    else:
        into = post(api, "/api/collections", {"name": "Fair"}, {}).json["id"]
        made = post(api, BULK, {**ONE, "collectionId": into}, {}).json["jobId"]
        api.work()
        if what == "collection":
            path = f"{BULK}/{made}/collection"
        else:
            body = {"bulkCreateJobId": made}
    first = post(api, path, body, scope=scope)
    assert first.status in (200, 202), first.text
    job_id = first.json["jobId"]
    api.clock.advance(days=5)
    if what != "collection":
        assert post(api, path, body, scope=scope).json == first.json, "it waits still"
    end_job(api, job_id)
    api.clock.advance(hours=23)
    again = post(api, path, body, scope=scope)
    assert (again.status, again.json, again.header("idempotency-replayed")) == (first.status, first.json, "true")
    api.clock.advance(hours=1)
    assert post(api, path, body, scope=scope).header("idempotency-replayed") is None


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


def test_crash_before_the_answer_is_kept_leaves_one_contact_announced_under_one_name(api: Api) -> None:
    body = {"email": "ada@example.com"}
    keep, api.idempotency.store_answer = api.idempotency.store_answer, lambda *_: 1 / 0  # type: ignore[method-assign, assignment]
    assert post(api, "/api/contacts", body).status == 500
    api.idempotency.store_answer = keep  # type: ignore[method-assign]
    api.clock.advance(minutes=1)
    reply = post(api, "/api/contacts", body)
    assert reply.status == 201
    assert [reply.json] == api.all_items("/api/contacts")
    first, again = api.events.published
    assert first == again


BULK = "/api/contacts/bulk-create"
ONE = {"contacts": [{"email": "ada@example.com"}]}
#: Where the key of a request can stand: its headers, and what the body has on top.
PLACES: list[tuple[dict[str, str], dict[str, Any]]] = [
    (KEY, {}),
    ({}, {"idempotencyKey": "key-1"}),
    (KEY, {"idempotencyKey": "key-1"}),
    (KEY, {"idempotencyKey": None}),
]


@pytest.mark.parametrize(("headers", "more"), PLACES)
@pytest.mark.parametrize(("first_headers", "first_more"), PLACES)
def test_key_in_the_body_means_the_same_as_in_the_header(
    api: Api, first_headers: dict[str, str], first_more: dict[str, Any], headers: dict[str, str], more: dict[str, Any]
) -> None:
    first = post(api, BULK, {**ONE, **first_more}, first_headers)
    again = post(api, BULK, {**ONE, **more}, headers)
    assert (again.status, again.json, again.header("idempotency-replayed")) == (202, first.json, "true")
    assert len(api.bulk_jobs.jobs) == 1
    other = post(api, BULK, {"contacts": [{"email": "bob@example.com"}], **more}, headers)
    assert (other.status, other.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("path", [BULK, "/api/contacts/bulk-delete"])
def test_two_keys_of_one_request(api: Api, path: str) -> None:
    made = post(api, BULK, ONE, {}).json
    api.work()
    body = ONE if path == BULK else {"bulkCreateJobId": made["jobId"]}
    reply = post(api, path, {**body, "idempotencyKey": "key-2"})
    assert (reply.status, reply.error["code"], reply.error["field"]) == (
        400,
        "IDEMPOTENCY_KEY_MISMATCH",
        "idempotencyKey",
    )
    assert (len(api.bulk_jobs.jobs), api.idempotency.claims) == (1, {})


def test_same_key_gives_one_clean_up_and_the_answer_of_its_start(api: Api) -> None:
    job = post(api, BULK, ONE, {}).json["jobId"]
    api.work()
    body = {"bulkCreateJobId": job, "idempotencyKey": "key-1"}
    first = post(api, "/api/contacts/bulk-delete", body, {})
    api.work()
    again = post(api, "/api/contacts/bulk-delete", body, {})
    assert (again.status, again.json) == (202, first.json)
    assert len(api.bulk_jobs.jobs) == 2


def test_fifty_identical_starts_at_once_make_one_job(api: Api) -> None:
    wait, answers = threading.Barrier(50), []

    def start() -> None:
        entries = BulkCreateBody.model_validate({"contacts": [{"email": f"p{n}@x.org"} for n in range(9)]}).entries()
        request = BulkCreateRequest(tenant="a", user="ada", is_admin=False, entries=entries)
        keyed = KeyedRequest(tenant="a", user="ada", route="r", key="k", body={})
        wait.wait()

        def operation(seed: str) -> Answer:
            job = start_bulk_create(api.wiring())(request, seed)
            return Answer(202, BulkCreateAccepted.of(job).to_json())

        answers.append(DoOnce(store=api.idempotency)(keyed, uuid4().hex, operation)[0].body)

    threads = [threading.Thread(target=start) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 50
    assert all(answer == answers[0] for answer in answers)
    assert len(api.bulk_jobs.jobs) == len(api.slice_queue.messages) == 1


def test_crash_before_the_job_is_sent_leaves_one_that_the_retry_sends(api: Api) -> None:
    mark, api.bulk_jobs.mark_sent = api.bulk_jobs.mark_sent, crash  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        post(api, BULK, ONE)
    api.bulk_jobs.mark_sent = mark  # type: ignore[method-assign]
    reply = post(api, BULK, ONE)
    assert reply.status == 202
    assert list(api.bulk_jobs.jobs) == [job for _, job, _ in api.slice_queue.messages] == [reply.json["jobId"]]


def crash(*_: Any) -> None:
    raise Crash


def test_crash_before_a_contact_is_announced_is_made_good_by_the_retry(api: Api) -> None:
    publish, api.events.publish = api.events.publish, crash  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        post(api, "/api/contacts", {"email": "ada@example.com"})
    assert len(api.all_items("/api/contacts")) == 1
    api.events.publish = publish  # type: ignore[method-assign]
    made = post(api, "/api/contacts", {"email": "ada@example.com"}).json
    assert [detail["contactIds"] for _, detail in api.events.published] == [[made["id"]]]


def test_retry_of_the_collection_step_with_a_key(api: Api) -> None:
    into = post(api, "/api/collections", {"name": "Fair"}, {}).json["id"]
    job = post(api, BULK, {**ONE, "collectionId": into}, {}).json["jobId"]
    api.work()
    first, again = (post(api, f"{BULK}/{job}/collection", None) for _ in range(2))
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    assert (first.header("idempotency-replayed"), again.header("idempotency-replayed")) == (None, "true")


def test_without_a_key_every_request_makes_something(api: Api) -> None:
    ids = {post(api, "/api/contacts", {"firstName": "Ada"}, {}).json["id"] for _ in range(2)}
    assert len(ids) == 2
