"""Bulk create jobs over HTTP: started, polled, and what became of every contact of the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contacts.runtime.http_api import MAX_BODY_BYTES
from tests.unit.api.api_client import Api
from tests.unit.api.bulk_jobs import ADMIN, COLLECTIONS, CREATE, all_items, done, person, start

#: The specification's, in its order.
START_FIELDS = [
    "jobId",
    "trackingKey",
    "clientSource",
    "clientReferenceId",
    "status",
    "totalCount",
    "processedCount",
    "successCount",
    "failureCount",
    "skippedCount",
]
COUNTS = START_FIELDS[-5:]
SECRET = "secret@example.com"


def counts(job: dict[str, Any]) -> tuple[int, ...]:
    return tuple(job[name] for name in COUNTS)


def test_start_answers_exactly_the_specified_fields(api: Api) -> None:
    reply = api.send("POST", CREATE, {"contacts": [person(1)], "clientSource": "ios", "clientReferenceId": "run 7"})
    job_id = reply.json["jobId"]
    assert reply.status == 202
    assert (reply.header("location"), reply.header("retry-after")) == (f"{CREATE}/{job_id}", "2")
    assert list(reply.json) == START_FIELDS
    assert reply.json == {
        "jobId": job_id,
        "trackingKey": f"bcc:j:{job_id}:s:ios:r:run-7",
        "clientSource": "ios",
        "clientReferenceId": "run 7",
        "status": "QUEUED",
        **dict.fromkeys(COUNTS, 0),
        "totalCount": 1,
    }


def test_job_from_start_to_end(api: Api) -> None:
    job = start(api, [person(number) for number in range(1_200)])
    path = f"{CREATE}/{job['jobId']}"
    queued = api.send("GET", path)
    assert queued.json == {**job, "contactIds": [], "errors": []}
    assert queued.header("retry-after") == "2"

    api.work(slices=2)
    running = api.send("GET", path)
    assert running.header("retry-after") == "2"
    assert (running.json["status"], counts(running.json)) == ("PROCESSING", (1_200, 1_000, 1_000, 0, 0))
    assert len(running.json["contactIds"]) == 1_000

    api.work()
    ended = api.send("GET", path)
    assert ended.header("retry-after") is None
    assert (ended.json["status"], counts(ended.json)) == ("COMPLETED", (1_200, 1_200, 1_200, 0, 0))
    assert len(set(ended.json["contactIds"])) == 1_200
    assert ended.json["errors"] == []


def test_created_contact_is_the_one_that_was_sent(api: Api) -> None:
    sent = {
        **person(1),
        "email": " Ada@Example.com ",
        "lastName": "Lovelace",
        "company": "Engines",
        "title": "Countess",
        "phone": "+44 20 7946 0958",
        "notes": "line\nbreak",
        "emails": ["ada2@example.com"],
        "phones": ["007"],
        "addresses": [{"label": "home", "street": "1 Way", "city": "London", "region": "X", "country": "UK"}],
        "tags": ["vip", "vip"],
        "customFields": {"Shoe size": "007", "empty": ""},
        "engagement": {"opens": 1},
        "clientContactId": "phone-1",
    }
    job = done(api, [sent], clientSource="ios")
    (contact_id,) = job["contactIds"]
    contact = api.send("GET", f"/api/contacts/{contact_id}").json
    expected = {name: value for name, value in sent.items() if name != "clientContactId"}
    assert {name: contact[name] for name in expected} == {
        **expected,
        "email": "Ada@Example.com",
        "tags": ["vip"],
        "customFields": {"Shoe size": "007"},
    }
    assert contact["externalSource"] == job["trackingKey"] == f"bcc:j:{job['jobId']}:s:ios"


#: A contact that is wrong, the code and the message that its sender is told.
FAULTS: list[tuple[Any, str, str]] = [
    ({"email": SECRET + " x"}, "INVALID_VALUE", "email: this has not the form of an e-mail address"),
    ({"email": [SECRET]}, "INVALID_VALUE", "email: Input should be a valid string"),
    ({}, "CONTACT_EMPTY", "a contact needs a value in at least one field"),
    ({"clientContactId": "x"}, "CONTACT_EMPTY", "a contact needs a value in at least one field"),
    ({"firstName": " "}, "CONTACT_EMPTY", "a contact needs a value in at least one field"),
    (SECRET, "INVALID_VALUE", "a contact is a JSON object"),
    (None, "INVALID_VALUE", "a contact is a JSON object"),
    ([person(1)], "INVALID_VALUE", "a contact is a JSON object"),
    ({**person(1), "planet": SECRET}, "UNKNOWN_FIELD", "planet: there is no such field to be set"),
    ({**person(1), "id": SECRET}, "UNKNOWN_FIELD", "id: there is no such field to be set"),
    ({**person(1), "externalSource": SECRET}, "UNKNOWN_FIELD", "externalSource: there is no such field to be set"),
    ({**person(1), "x" * 5_000: 1}, "UNKNOWN_FIELD", "x" * 128 + ": there is no such field to be set"),
    ({"emails": ["ok@example.com", "x"]}, "INVALID_VALUE", "emails[1]: this has not the form of an e-mail address"),
    ({"addresses": [{"city": 1}]}, "INVALID_VALUE", "addresses[0].city: Input should be a valid string"),
    ({"firstName": "x" * 1_025}, "INVALID_VALUE", "firstName: String should have at most 1024 characters"),
    (
        {**person(1), "clientContactId": "x" * 129},
        "INVALID_VALUE",
        "clientContactId: String should have at most 128 characters",
    ),
    ({**person(1), "client_contact_id": "x"}, "UNKNOWN_FIELD", "client_contact_id: there is no such field to be set"),
    ({**person(1), "clientContactId": 7}, "INVALID_VALUE", "clientContactId: Input should be a valid string"),
    (
        {"customFields": {f"f{number}": "x" * 4_096 for number in range(17)}},
        "CONTACT_TOO_LARGE",
        "the contact would have",
    ),
]


@pytest.mark.parametrize(("contact", "code", "message"), FAULTS, ids=lambda value: str(value)[:40])
def test_contact_that_does_not_validate_fails_alone(
    api: Api, contact: Any, code: str, message: str, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    job = done(api, [person(0), contact, person(2)])
    assert (job["status"], counts(job)) == ("PARTIAL", (3, 3, 2, 1, 0))
    (error,) = job["errors"]
    assert error == {"index": 1, "field": None, "code": code, "message": error["message"]}
    assert error["message"].startswith(message)
    assert SECRET not in str(error) + str(logged())
    items = api.all_items(f"{CREATE}/{job['jobId']}/items")
    assert [item["outcome"] for item in items] == ["created", "failed", "created"]
    assert (items[1]["contactId"], items[1]["code"]) == (None, code)


def test_job_in_which_every_contact_fails(api: Api) -> None:
    job = done(api, [{"email": "x"}, {}])
    assert (job["status"], counts(job)) == ("FAILED", (2, 2, 0, 2, 0))
    assert [error["index"] for error in job["errors"]] == [0, 1]
    assert job["contactIds"] == []


def test_first_of_several_with_one_email_wins(api: Api) -> None:
    contacts = [
        {"email": "Ada@example.com", "clientContactId": "a"},
        {"firstName": "No e-mail", "clientContactId": "b"},
        {"firstName": "No e-mail", "clientContactId": "c"},
        {"email": " ADA@EXAMPLE.COM ", "clientContactId": "d"},
        {"email": "bob@example.com", "emails": ["ada@example.com"], "clientContactId": "e"},
    ]
    job = done(api, contacts)
    assert (job["status"], counts(job)) == ("COMPLETED", (5, 5, 4, 0, 1))
    items = api.all_items(f"{CREATE}/{job['jobId']}/items")
    first = items[0]["contactId"]
    assert [item["outcome"] for item in items] == ["created", "created", "created", "skipped", "created"]
    assert items[3] == {
        "index": 3,
        "clientContactId": "d",
        "outcome": "skipped",
        "contactId": first,
        "duplicateOf": 0,
        "code": "DUPLICATE_IN_REQUEST",
    }
    assert [item["contactId"] for item in items if item["outcome"] == "created"] == job["contactIds"]
    assert first == job["contactIds"][0]


def test_contact_that_fails_stands_in_nobodys_way(api: Api) -> None:
    job = done(api, [{"email": "ada@example.com", "planet": 1}, {"email": "ada@example.com"}])
    assert counts(job) == (2, 2, 1, 1, 0)


def test_email_that_exists_gives_a_second_contact(api: Api) -> None:
    first = api.created(email="ada@example.com")
    job = done(api, [{"email": "Ada@example.com"}])
    found = api.all_items("/api/contacts", email="ada@example.com")
    assert [contact["id"] for contact in found] == [first["id"], *job["contactIds"]]


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_items_in_pages_of_the_requests_order(api: Api, limit: int) -> None:
    contacts = [person(number, clientContactId=f"c{number}") for number in range(15)]
    job = done(api, contacts)
    items = api.all_items(f"{CREATE}/{job['jobId']}/items", limit=limit)
    assert [(item["index"], item["clientContactId"]) for item in items] == [(n, f"c{n}") for n in range(15)]
    assert list(items[0]) == ["index", "clientContactId", "outcome", "contactId", "duplicateOf", "code"]


def test_items_of_a_job_that_runs_are_those_that_are_done(api: Api) -> None:
    job = start(api, [person(number) for number in range(600)])
    path = f"{CREATE}/{job['jobId']}/items"
    assert api.all_items(path, limit=200) == []
    api.work(slices=1)
    assert [item["index"] for item in api.all_items(path, limit=200)] == list(range(500))


def test_cursor_of_items_holds_for_its_job_and_tenant(api: Api) -> None:
    one, two = (done(api, [person(number), person(number + 1)])["jobId"] for number in (0, 10))
    cursor = api.send("GET", f"{CREATE}/{one}/items", query={"limit": 1}).json["nextCursor"]
    assert api.send("GET", f"{CREATE}/{one}/items", query={"cursor": cursor}).status == 200
    for path, tenant in [(f"{CREATE}/{two}/items", "a"), (f"{CREATE}/{one}/items", "b")]:
        reply = api.send("GET", path, query={"cursor": cursor}, tenant=tenant)
        assert (reply.status, reply.error["code"]) == (400, "CURSOR_INVALID")


@pytest.mark.parametrize("number", [0, 5_001])
def test_number_of_contacts_that_is_refused(api: Api, number: int) -> None:
    reply = api.send("POST", CREATE, {"contacts": [person(1)] * number})
    assert (reply.status, reply.error["field"]) == (400, "contacts")
    if number:
        assert reply.error["code"] == "CONTACTS_TOO_MANY"
        assert "5000" in reply.error["message"]
    else:
        assert reply.error["code"] == "CONTACTS_MISSING"
    assert (api.files.versions, api.bulk_jobs.jobs, api.slice_queue.messages) == ({}, {}, [])


def test_largest_number_of_contacts(api: Api) -> None:
    job = done(api, [person(number) for number in range(5_000)])
    assert (job["status"], counts(job)) == ("COMPLETED", (5_000, 5_000, 5_000, 0, 0))


def test_body_that_is_too_large(api: Api) -> None:
    body = {"contacts": [{"notes": "x" * 16_000}] * (MAX_BODY_BYTES // 16_000)}
    reply = api.send("POST", CREATE, body)
    assert (reply.status, reply.error["code"]) == (413, "BODY_TOO_LARGE")
    assert str(MAX_BODY_BYTES) in reply.error["message"]
    assert (api.files.versions, api.bulk_jobs.jobs) == ({}, {})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "contacts"),
        ({"contacts": None}, "contacts"),
        ({"contacts": "x"}, "contacts"),
        ({"contacts": {"0": {}}}, "contacts"),
        ({"contacts": [{"firstName": "x"}], "collectionId": 7}, "collectionId"),
        ({"contacts": [{"firstName": "x"}], "collection_id": "x"}, "collection_id"),
        ({"contacts": [{"firstName": "x"}], "clientSource": "x" * 129}, "clientSource"),
        ({"contacts": [{"firstName": "x"}], "clientReferenceId": "x" * 257}, "clientReferenceId"),
        ({"contacts": [{"firstName": "x"}], "idempotencyKey": ""}, "idempotencyKey"),
        ({"contacts": [{"firstName": "x"}], "idempotencyKey": "x" * 256}, "idempotencyKey"),
        ({"contacts": [{"firstName": "x"}], "idempotencyKey": "with blank"}, "idempotencyKey"),
        ({"contacts": [{"firstName": "x"}], "tenantId": "b"}, "tenantId"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_bodies_that_are_refused_whole(api: Api, body: dict[str, Any], field: str) -> None:
    reply = api.send("POST", CREATE, body)
    assert (reply.status, reply.error["code"], reply.error["field"]) == (400, "INVALID_REQUEST", field)
    assert (api.files.versions, api.bulk_jobs.jobs) == ({}, {})


def test_created_contacts_are_announced_by_their_ids(api: Api) -> None:
    job = done(api, [person(1), person(2), {}])
    assert api.events.published == [
        (
            "ContactsCreated",
            {
                "eventId": f"bulk_create-{job['jobId']}-0",
                "tenantId": "a",
                "jobId": job["jobId"],
                "contactIds": job["contactIds"],
            },
        )
    ]


def test_messages_and_logs_hold_no_contact(api: Api, logged: Callable[[], list[dict[str, Any]]]) -> None:
    job = done(api, [{"email": SECRET, "firstName": "Ada"}, {"email": SECRET}], clientReferenceId="x")
    assert SECRET not in str(api.events.published) + str(logged())
    assert job["errors"] == []


@pytest.mark.parametrize("suffix", ["", "/items"])
def test_job_is_its_users_and_administrators_to_see(api: Api, suffix: str) -> None:
    path = f"{CREATE}/{done(api, [person(1)])['jobId']}{suffix}"
    assert api.send("GET", path).status == 200
    assert api.send("GET", path, user="bob", scope=ADMIN).status == 200
    for who in ({"user": "bob"}, {"tenant": "b"}, {"tenant": "b", "user": "bob", "scope": ADMIN}):
        reply = api.send("GET", path, **who)  # type: ignore[arg-type]
        assert (reply.status, reply.error["code"]) == (403, "JOB_FORBIDDEN")


@pytest.mark.parametrize("job", ["none", "0" * 36, "x" * 2_000, "a b", "ä"])
@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("GET", "/items"), ("POST", "/collection")])
def test_no_such_job(api: Api, job: str, method: str, suffix: str) -> None:
    assert api.send(method, f"{CREATE}/{job}{suffix}").status == 404


def test_job_of_another_kind_is_none(api: Api) -> None:
    imported = api.started()
    assert api.send("GET", f"{CREATE}/{imported}").error["code"] == "JOB_NOT_FOUND"
    created = start(api, [person(1)])["jobId"]
    assert api.send("GET", f"/api/contacts/import/{created}").error["code"] == "JOB_NOT_FOUND"
    assert api.send("GET", f"/api/contacts/bulk-delete/{created}").error["code"] == "JOB_NOT_FOUND"


def test_job_expires_a_day_after_its_last_change_and_its_contacts_stay(api: Api) -> None:
    job = start(api, [person(1)])
    api.clock.advance(hours=20)
    api.work()
    api.clock.advance(hours=23, minutes=59)
    assert api.send("GET", f"{CREATE}/{job['jobId']}").status == 200
    api.clock.advance(minutes=1)
    for path in (f"{CREATE}/{job['jobId']}", f"{CREATE}/{job['jobId']}/items"):
        reply = api.send("GET", path)
        assert (reply.status, reply.error["code"]) == (404, "JOB_NOT_FOUND")
    (contact,) = api.all_items("/api/contacts")
    assert contact["externalSource"] == job["trackingKey"]


def collection(api: Api, **more: Any) -> str:
    """The id of a collection."""
    sending = {name: more.pop(name) for name in ("tenant", "user", "scope") if name in more}
    return str(api.send("POST", COLLECTIONS, {"name": "Fair", **more}, **sending).json["id"])


def test_contacts_go_into_the_collection(api: Api) -> None:
    into = collection(api)
    job = done(api, [person(number) for number in range(600)], collectionId=into)
    assert job["status"] == "COMPLETED"
    items = api.all_items(f"{COLLECTIONS}/{into}/items", limit=200)
    assert [item["id"] for item in items] == job["contactIds"]


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ({"user": "bob"}, 202, None),
        ({"user": "ada"}, 202, None),
        ({"user": "eve", "scope": ADMIN}, 202, None),
        ({"user": "eve"}, 403, "COLLECTION_FORBIDDEN"),
        ({"tenant": "b", "user": "ada", "scope": ADMIN}, 404, "COLLECTION_NOT_FOUND"),
    ],
)
def test_who_may_put_contacts_into_a_collection(api: Api, who: dict[str, str], status: int, code: str | None) -> None:
    into = collection(api, editors=["bob"])
    reply = api.send("POST", CREATE, {"contacts": [person(1)], "collectionId": into}, **who)  # type: ignore[arg-type]
    assert reply.status == status
    if code is not None:
        assert (reply.error["code"], reply.error["field"]) == (code, "collectionId")
        assert (api.files.versions, api.bulk_jobs.jobs) == ({}, {})


def test_rights_that_were_taken_away_meanwhile_and_the_retry(api: Api) -> None:
    into = collection(api, editors=["bob"])
    job = start(api, [person(1)], user="bob", collectionId=into)
    path = f"{CREATE}/{job['jobId']}"
    early = api.send("POST", f"{path}/collection", user="bob")
    assert (early.status, early.error["code"]) == (409, "JOB_NOT_ENDED")

    api.send("PUT", f"{COLLECTIONS}/{into}/editors", {"editors": []})
    api.work()
    ended = api.send("GET", path, user="bob").json
    assert (ended["status"], counts(ended)) == ("PARTIAL", (1, 1, 1, 0, 0))
    (error,) = ended["errors"]
    assert (error["index"], error["field"], error["code"]) == (None, "collectionId", "COLLECTION_FORBIDDEN")
    assert len(ended["contactIds"]) == 1
    assert api.all_items(f"{COLLECTIONS}/{into}/items") == []

    assert api.send("POST", f"{path}/collection", user="bob").error["code"] == "COLLECTION_FORBIDDEN"
    assert api.send("POST", f"{path}/collection", user="eve").error["code"] == "JOB_FORBIDDEN"
    api.send("PUT", f"{COLLECTIONS}/{into}/editors", {"editors": ["bob"]})
    for _ in range(2):
        lifted = api.send("POST", f"{path}/collection", user="bob")
        assert (lifted.status, lifted.json) == (200, {**ended, "status": "COMPLETED", "errors": []})
    assert [item["id"] for item in api.all_items(f"{COLLECTIONS}/{into}/items")] == ended["contactIds"]


def test_job_without_a_collection_has_none_to_fill(api: Api) -> None:
    job = done(api, [person(1)])
    reply = api.send("POST", f"{CREATE}/{job['jobId']}/collection")
    assert (reply.status, reply.error["code"]) == (409, "NO_COLLECTION")


def test_collection_step_that_failed_for_good_is_told_with_the_failures(api: Api) -> None:
    into = collection(api)
    start(api, [person(1), {}], collectionId=into)
    api.collections.collections.clear()
    api.work()
    (summary,) = api.all_items("/api/jobs")
    job = api.send("GET", f"{CREATE}/{summary['jobId']}").json
    assert job["status"] == "PARTIAL"
    assert [(error["index"], error["code"]) for error in job["errors"]] == [
        (1, "CONTACT_EMPTY"),
        (None, "COLLECTION_NOT_FOUND"),
    ]


def test_jobs_of_two_tenants_do_not_meet(api: Api) -> None:
    one = done(api, [person(1)], clientReferenceId="same")
    two = done(api, [person(1)], clientReferenceId="same", tenant="b")
    assert one["contactIds"] != two["contactIds"]
    assert [item["contactId"] for item in all_items(api, f"{CREATE}/{two['jobId']}/items", tenant="b")] == two[
        "contactIds"
    ]
    assert [contact["id"] for contact in api.all_items("/api/contacts")] == one["contactIds"]
