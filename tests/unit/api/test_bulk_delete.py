"""Clean-up of what a bulk create job created, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from contacts.domain.object_keys import deletions_key
from tests.unit.api.api_client import Api
from tests.unit.api.bulk_jobs import ADMIN, COLLECTIONS, CREATE, DELETE, clean_up, cleaned_up, done, person, start

#: The specification's, in its order.
START_FIELDS = [
    "jobId",
    "bulkCreateJobId",
    "trackingKey",
    "dryRun",
    "status",
    "totalCount",
    "processedCount",
    "deletedCount",
    "notFoundCount",
    "forbiddenCount",
    "failedCount",
]
COUNTS = START_FIELDS[-6:]


def counts(job: dict[str, Any]) -> tuple[int, ...]:
    """Total, processed, deleted, not found, forbidden, failed."""
    return tuple(job[name] for name in COUNTS)


@pytest.fixture
def job(api: Api) -> dict[str, Any]:
    """A create job of three contacts, beside a contact that is somebody's own."""
    api.created(email="own@example.com")
    return done(api, [person(1), person(2), person(3)], clientSource="ios")


def test_start_answers_exactly_the_specified_fields(api: Api, job: dict[str, Any]) -> None:
    reply = clean_up(api, bulkCreateJobId=job["jobId"])
    path = f"{DELETE}/{reply.json['jobId']}"
    assert (reply.status, reply.header("location"), reply.header("retry-after")) == (202, path, "2")
    assert list(reply.json) == START_FIELDS
    assert reply.json == {
        "jobId": reply.json["jobId"],
        "bulkCreateJobId": job["jobId"],
        "trackingKey": job["trackingKey"],
        "dryRun": False,
        "status": "QUEUED",
        **dict.fromkeys(COUNTS, 0),
        "totalCount": 3,
    }
    shown = api.send("GET", path)
    assert shown.header("retry-after") == "2"
    assert shown.json == {**reply.json, "candidateContactIds": [], "deletedContactIds": [], "errors": []}


@pytest.mark.parametrize("names", [["bulkCreateJobId"], ["trackingKey"], ["bulkCreateJobId", "trackingKey"]])
def test_all_that_the_job_created_goes(api: Api, job: dict[str, Any], names: list[str]) -> None:
    given = {"bulkCreateJobId": job["jobId"], "trackingKey": job["trackingKey"]}
    ended = cleaned_up(api, **{name: given[name] for name in names})
    assert (ended["status"], counts(ended)) == ("COMPLETED", (3, 3, 3, 0, 0, 0))
    assert (ended["bulkCreateJobId"], ended["trackingKey"]) == (job["jobId"], job["trackingKey"])
    assert set(ended["deletedContactIds"]) == set(ended["candidateContactIds"]) == set(job["contactIds"])
    assert [contact["email"] for contact in api.all_items("/api/contacts")] == ["own@example.com"]
    assert api.send("GET", f"{DELETE}/{ended['jobId']}").header("retry-after") is None


def test_dry_run_counts_what_would_go_in_candidates_alone(api: Api, job: dict[str, Any]) -> None:
    api.clock.advance(seconds=1)
    api.send("PATCH", f"/api/contacts/{job['contactIds'][1]}", {"firstName": "Edited"})
    ended = cleaned_up(api, bulkCreateJobId=job["jobId"], dryRun=True)
    assert (ended["dryRun"], ended["status"], counts(ended)) == (True, "COMPLETED", (3, 3, 0, 0, 0, 0))
    assert set(ended["candidateContactIds"]) == set(job["contactIds"])
    assert ended["deletedContactIds"] == []
    assert len(api.all_items("/api/contacts")) == 4
    items = {item["contactId"]: item for item in api.all_items(f"{DELETE}/{ended['jobId']}/items", limit=2)}
    assert items == {
        each: {"contactId": each, "outcome": "candidate", "edited": each == job["contactIds"][1], "code": None}
        for each in job["contactIds"]
    }


def test_edited_contact_is_deleted_and_marked(api: Api, job: dict[str, Any]) -> None:
    edited, *_ = job["contactIds"]
    api.clock.advance(seconds=1)
    api.send("PATCH", f"/api/contacts/{edited}", {"email": "moved@example.com"})
    ended = cleaned_up(api, bulkCreateJobId=job["jobId"])
    assert counts(ended) == (3, 3, 3, 0, 0, 0)
    items = api.all_items(f"{DELETE}/{ended['jobId']}/items")
    assert {item["contactId"] for item in items if item["edited"]} == {edited}
    assert {item["outcome"] for item in items} == {"deleted"}


def test_named_contacts_count_once_each_and_others_stay(api: Api, job: dict[str, Any]) -> None:
    first, second, third = job["contactIds"]
    own = api.all_items("/api/contacts", email="own@example.com")[0]["id"]
    theirs = api.created(tenant="b", email="x@example.com")["id"]
    api.send("DELETE", f"/api/contacts/{second}")
    named = [first, first, second, own, theirs, "0" * 36, "no id at all", "ä"]
    ended = cleaned_up(api, bulkCreateJobId=job["jobId"], contactIds=named)
    assert (ended["status"], counts(ended)) == ("COMPLETED", (7, 7, 1, 5, 1, 0))
    assert ended["candidateContactIds"] == ended["deletedContactIds"] == [first]
    items = api.all_items(f"{DELETE}/{ended['jobId']}/items", limit=3)
    assert [(item["contactId"], item["outcome"]) for item in items] == [
        (first, "deleted"),
        (second, "notFound"),
        (own, "forbidden"),
        (theirs, "notFound"),
        ("0" * 36, "notFound"),
        ("no id at all", "notFound"),
        ("ä", "notFound"),
    ]
    assert {contact["id"] for contact in api.all_items("/api/contacts")} == {own, third}
    assert api.send("GET", f"/api/contacts/{theirs}", tenant="b").status == 200


def test_contact_that_no_worker_reported_is_found(api: Api, job: dict[str, Any]) -> None:
    """A worker wrote it and died: the contact alone tells whose it is."""
    for key in [key for key in api.files.versions if "/outcomes/" in key]:
        del api.files.versions[key]
    ended = cleaned_up(api, bulkCreateJobId=job["jobId"])
    assert set(ended["deletedContactIds"]) == set(job["contactIds"])


def test_cleaning_up_again_finds_nobody(api: Api, job: dict[str, Any]) -> None:
    cleaned_up(api, bulkCreateJobId=job["jobId"])
    again = cleaned_up(api, trackingKey=job["trackingKey"], contactIds=job["contactIds"])
    assert counts(again) == (3, 3, 0, 3, 0, 0)


def test_collection_forgets_who_was_deleted(api: Api) -> None:
    into = api.send("POST", COLLECTIONS, {"name": "Fair"}).json["id"]
    job = done(api, [person(1), person(2)], collectionId=into)
    first, second = job["contactIds"]
    cleaned_up(api, bulkCreateJobId=job["jobId"], contactIds=[first])
    assert [item["id"] for item in api.all_items(f"{COLLECTIONS}/{into}/items")] == [second]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "JOB_REQUIRED", "bulkCreateJobId"),
        ({"dryRun": True}, "JOB_REQUIRED", "bulkCreateJobId"),
        ({"trackingKey": "x"}, "TRACKING_KEY_INVALID", "trackingKey"),
        ({"trackingKey": "bcc:j:*"}, "TRACKING_KEY_INVALID", "trackingKey"),
        ({"trackingKey": "x" * 513}, "INVALID_REQUEST", "trackingKey"),
        ({"bulkCreateJobId": 7}, "INVALID_REQUEST", "bulkCreateJobId"),
        ({"bulkCreateJobId": "JOB", "trackingKey": "OTHER"}, "TRACKING_KEY_MISMATCH", "trackingKey"),
        ({"bulkCreateJobId": "JOB", "contactIds": []}, "CONTACTS_MISSING", "contactIds"),
        ({"bulkCreateJobId": "JOB", "contactIds": ["x"] * 5_001}, "CONTACTS_TOO_MANY", "contactIds"),
        ({"bulkCreateJobId": "JOB", "contactIds": "x"}, "INVALID_REQUEST", "contactIds"),
        ({"bulkCreateJobId": "JOB", "contactIds": [""]}, "INVALID_REQUEST", "contactIds[0]"),
        ({"bulkCreateJobId": "JOB", "contactIds": ["ok", 7]}, "INVALID_REQUEST", "contactIds[1]"),
        ({"bulkCreateJobId": "JOB", "contactIds": ["x" * 129]}, "INVALID_REQUEST", "contactIds[0]"),
        ({"bulkCreateJobId": "JOB", "dryRun": "yes"}, "INVALID_REQUEST", "dryRun"),
        ({"bulkCreateJobId": "JOB", "dryRun": None}, "INVALID_REQUEST", "dryRun"),
        ({"bulkCreateJobId": "JOB", "force": True}, "INVALID_REQUEST", "force"),
        ({"bulkCreateJobId": "JOB", "idempotencyKey": "a b"}, "INVALID_REQUEST", "idempotencyKey"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_bodies_that_are_refused(api: Api, job: dict[str, Any], body: dict[str, Any], code: str, field: str) -> None:
    other = done(api, [person(9)])
    standing = {"JOB": job["jobId"], "OTHER": other["trackingKey"]}
    reply = clean_up(api, **{name: standing.get(str(value), value) for name, value in body.items()})
    assert (reply.status, reply.error["code"], reply.error["field"]) == (400, code, field)
    assert len(api.bulk_jobs.jobs) == 2


def test_job_that_still_creates(api: Api) -> None:
    started = start(api, [person(1)])
    for given in ({"bulkCreateJobId": started["jobId"]}, {"trackingKey": started["trackingKey"]}):
        reply = clean_up(api, **given)
        assert (reply.status, reply.error["code"]) == (409, "JOB_NOT_ENDED")


@pytest.mark.parametrize("by", ["bulkCreateJobId", "trackingKey"])
def test_clean_up_belongs_to_the_user_of_the_create_job(api: Api, job: dict[str, Any], by: str) -> None:
    given = {by: job["jobId" if by == "bulkCreateJobId" else by]}
    reply = clean_up(api, **given, user="bob")
    assert (reply.status, reply.error["code"]) == (403, "JOB_FORBIDDEN")
    ended = cleaned_up(api, **given, user="bob", scope=ADMIN)
    assert counts(ended) == (3, 3, 3, 0, 0, 0)


@pytest.mark.parametrize("suffix", ["", "/items"])
def test_delete_job_is_its_users_and_administrators_to_see(api: Api, job: dict[str, Any], suffix: str) -> None:
    path = f"{DELETE}/{cleaned_up(api, bulkCreateJobId=job['jobId'], user='bob', scope=ADMIN)['jobId']}{suffix}"
    assert api.send("GET", path, user="bob").status == 200
    assert api.send("GET", path, user="eve", scope=ADMIN).status == 200
    for who in ({"user": "ada"}, {"tenant": "b", "user": "bob", "scope": ADMIN}):
        assert api.send("GET", path, **who).error["code"] == "JOB_FORBIDDEN"  # type: ignore[arg-type]


def test_job_and_key_of_another_tenant(api: Api, job: dict[str, Any]) -> None:
    by_id = clean_up(api, bulkCreateJobId=job["jobId"], tenant="b", scope=ADMIN)
    assert (by_id.status, by_id.error["code"]) == (403, "JOB_FORBIDDEN")
    by_key = cleaned_up(api, trackingKey=job["trackingKey"], tenant="b")
    assert (by_key["status"], counts(by_key), by_key["candidateContactIds"]) == ("COMPLETED", (0,) * 6, [])
    named = cleaned_up(api, trackingKey=job["trackingKey"], contactIds=job["contactIds"], tenant="b", scope=ADMIN)
    assert counts(named) == (3, 3, 0, 3, 0, 0)
    assert len(api.all_items("/api/contacts")) == 4


def test_after_a_day_the_tracking_key_alone_does(api: Api, job: dict[str, Any]) -> None:
    api.clock.advance(hours=24)
    by_id = clean_up(api, bulkCreateJobId=job["jobId"])
    assert (by_id.status, by_id.error["code"]) == (404, "JOB_NOT_FOUND")
    api.files.versions.clear()
    assert clean_up(api, trackingKey=job["trackingKey"], user="bob").status == 403
    assert counts(cleaned_up(api, trackingKey=job["trackingKey"])) == (3, 3, 3, 0, 0, 0)


def test_after_ninety_days_administrators_alone_may(api: Api, job: dict[str, Any]) -> None:
    api.clock.advance(days=90)
    reply = clean_up(api, trackingKey=job["trackingKey"])
    assert (reply.status, reply.error["code"]) == (403, "JOB_FORBIDDEN")
    assert counts(cleaned_up(api, trackingKey=job["trackingKey"], scope=ADMIN)) == (3, 3, 3, 0, 0, 0)


def test_outcome_is_kept_for_operators_and_the_route_expires(api: Api, job: dict[str, Any]) -> None:
    ended = cleaned_up(api, bulkCreateJobId=job["jobId"])
    kept = orjson.loads(api.files.get(deletions_key("a", ended["jobId"])) or b"")
    assert {item["contactId"] for item in kept["items"]} == set(job["contactIds"])
    assert (kept["trackingKey"], kept["totalCount"]) == (job["trackingKey"], 3)
    api.clock.advance(hours=24)
    assert api.send("GET", f"{DELETE}/{ended['jobId']}").status == 404
    assert api.send("GET", f"{DELETE}/{ended['jobId']}/items").status == 404


def test_what_could_not_be_deleted_is_told(api: Api, job: dict[str, Any]) -> None:
    started = clean_up(api, bulkCreateJobId=job["jobId"]).json
    api.slice_queue.messages.clear()
    api.close(started["jobId"])
    ended = api.send("GET", f"{DELETE}/{started['jobId']}").json
    assert (ended["status"], counts(ended)) == ("FAILED", (3, 3, 0, 0, 0, 3))
    assert {(error["contactId"], error["code"]) for error in ended["errors"]} == {
        (each, "NOT_DELETED") for each in job["contactIds"]
    }
    assert all(error["message"] for error in ended["errors"])
    items = api.all_items(f"{DELETE}/{started['jobId']}/items")
    assert {(item["outcome"], item["code"]) for item in items} == {("failed", "NOT_DELETED")}


def test_cursor_of_items_holds_for_its_kind(api: Api, job: dict[str, Any]) -> None:
    deleted = cleaned_up(api, bulkCreateJobId=job["jobId"])["jobId"]
    cursor = api.send("GET", f"{CREATE}/{job['jobId']}/items", query={"limit": 1}).json["nextCursor"]
    reply = api.send("GET", f"{DELETE}/{deleted}/items", query={"cursor": cursor})
    assert (reply.status, reply.error["code"]) == (400, "CURSOR_INVALID")


def test_contact_of_another_key_is_no_candidate_though_the_record_names_it(api: Api, job: dict[str, Any]) -> None:
    """Each candidate's own mark decides, whatever the job's record says of it."""
    (contact,) = api.contacts.find_by_ids("a", job["contactIds"][:1]).values()
    api.contacts._tenant("a").contacts[contact.id] = replace(contact, external_source="bcc:j:other")
    ended = cleaned_up(api, bulkCreateJobId=job["jobId"])
    assert counts(ended) == (3, 3, 2, 0, 1, 0)
    assert contact.id not in ended["candidateContactIds"]
