"""Messages that come again and workers that die: the same contacts, the same counts."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.e2e import bulk_jobs as bulk
from tests.e2e.bulk_internals import Internals
from tests.e2e.event_bus import listening
from tests.e2e.http_client import Api
from tests.e2e.imported_contacts import created

CREATE_QUEUE, DELETE_QUEUE = "CreateSlicesQueue", "DeleteSlicesQueue"


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


@pytest.fixture
def internals(stack: dict[str, Any]) -> Internals:
    return Internals(stack)


@pytest.fixture
def domain() -> str:
    return f"d{uuid.uuid4().hex}.example"


def shown(api: Api, path: str, job_id: str) -> dict[str, Any]:
    return dict(api.get(f"{path}/{job_id}").json())


def test_messages_that_come_three_more_times_change_nothing_also_after_the_clean_up(
    api: Api, internals: Internals, domain: str
) -> None:
    existing = created(api, email=f"p3@{domain}")
    job_id = bulk.start(api, bulk.CREATE, {"contacts": bulk.people(1_100, domain)})["jobId"]
    internals.deliver(CREATE_QUEUE, job_id, range(3), times=3)
    job = bulk.ended(api, bulk.CREATE, job_id)
    internals.wait_until_taken(CREATE_QUEUE)
    assert shown(api, bulk.CREATE, job_id) == job
    assert bulk.counts(job) == {"success": 1_100}
    assert internals.contacts_of(job) == 1_100

    delete_id = bulk.start(api, bulk.DELETE, {"bulkCreateJobId": job_id})["jobId"]
    internals.deliver(DELETE_QUEUE, delete_id, range(3), times=3)
    gone = bulk.ended(api, bulk.DELETE, delete_id)
    assert bulk.counts(gone) == {"deleted": 1_100}

    internals.deliver(CREATE_QUEUE, job_id, range(3), times=3)
    internals.deliver(DELETE_QUEUE, delete_id, range(3), times=3)
    internals.wait_until_taken(CREATE_QUEUE)
    internals.wait_until_taken(DELETE_QUEUE)
    assert internals.contacts_of(job) == 0
    assert [contact["id"] for contact in api.contacts(email=f"p3@{domain}")] == [existing["id"]]
    assert shown(api, bulk.CREATE, job_id) == job
    assert shown(api, bulk.DELETE, delete_id) == gone


@pytest.mark.parametrize("folder", ["create_bulk_slice", "close_bulk_slices"])
def test_a_worker_that_died_before_its_record_has_created_what_it_created(
    api: Api, internals: Internals, domain: str, folder: str
) -> None:
    """The message comes again, to a worker or, after too many times, to the consumer of the dead letters."""
    job = bulk.create(api, [*bulk.people(20, domain), {"email": "nope"}])
    internals.forget_end_of_slice(job["jobId"], 0)
    assert shown(api, bulk.CREATE, job["jobId"])["processedCount"] == 0
    assert internals.invoke(folder, job["jobId"], 0) == {"batchItemFailures": []}
    assert shown(api, bulk.CREATE, job["jobId"]) == job
    assert internals.contacts_of(job) == 20


@pytest.mark.parametrize("folder", ["delete_bulk_slice", "close_bulk_slices"])
def test_a_worker_that_died_before_its_record_has_deleted_what_it_deleted(
    api: Api, internals: Internals, domain: str, folder: str
) -> None:
    job = bulk.create(api, bulk.people(20, domain))
    gone = bulk.clean_up(api, bulkCreateJobId=job["jobId"])
    internals.forget_end_of_slice(gone["jobId"], 0)
    assert internals.invoke(folder, gone["jobId"], 0) == {"batchItemFailures": []}
    assert shown(api, bulk.DELETE, gone["jobId"]) == gone
    assert bulk.counts(gone) == {"deleted": 20}


def test_a_slice_that_no_worker_ever_began_is_closed_as_failed(api: Api, internals: Internals, domain: str) -> None:
    job = bulk.create(api, bulk.people(700, domain))
    left = internals.copy_as_if_never_worked_on(job["jobId"], sendings=1, is_overdue=False)
    internals.invoke("create_bulk_slice", left, 1)
    internals.invoke("close_bulk_slices", left, 0)
    closed = bulk.ended(api, bulk.CREATE, left)
    assert (closed["status"], bulk.counts(closed)) == ("PARTIAL", {"success": 200, "failure": 500})
    assert {(error["index"] < 500, error["code"]) for error in closed["errors"]} == {(True, "NOT_CREATED")}
    assert internals.contacts_of(closed) == 200


def test_a_slice_is_closed_when_no_worker_can_be_at_it_and_none_begins_meanwhile(
    api: Api, internals: Internals, domain: str
) -> None:
    job = bulk.create(api, bulk.people(20, domain))
    job_id = job["jobId"]
    internals.forget_end_of_slice(job_id, 0)
    internals.forget_contacts(job)
    assert len(internals.invoke("close_bulk_slices", job_id, 0)["batchItemFailures"]) == 1, "it comes again"
    assert internals.invoke("create_bulk_slice", job_id, 0) == {"batchItemFailures": []}
    assert internals.contacts_of(job) == 0
    assert shown(api, bulk.CREATE, job_id)["status"] == "PROCESSING"
    internals.age_seal(job_id, 0)
    assert internals.invoke("close_bulk_slices", job_id, 0) == {"batchItemFailures": []}
    closed = shown(api, bulk.CREATE, job_id)
    assert (closed["status"], bulk.counts(closed)) == ("FAILED", {"failure": 20})
    assert internals.contacts_of(job) == 0


def test_created_contacts_are_told_on_the_bus_by_their_ids_alone(
    stack: dict[str, Any], api: Api, tenants: dict[str, str], domain: str
) -> None:
    tenant = tenants["a-user"]
    with listening(stack) as bus:
        job = bulk.create(api, bulk.people(600, domain))
        single = created(api, email=f"single@{domain}")
        job_id = job["jobId"]
        slices = [bus.wait_for("ContactsCreated", eventId=f"bulk_create-{job_id}-{number}") for number in range(2)]
        alone = bus.wait_for("ContactsCreated", contactIds=[single["id"]])
    told = [*(event["detail"] for event in slices), alone["detail"]]
    assert {frozenset(detail) for detail in told} == {frozenset({"eventId", "tenantId", "jobId", "contactIds"})}
    assert [(detail["tenantId"], detail["jobId"]) for detail in told] == [
        (tenant, job_id),
        (tenant, job_id),
        (tenant, None),
    ]
    assert [contact_id for detail in told[:2] for contact_id in detail["contactIds"]] == job["contactIds"]
    assert not [event for event in bus.events if domain in json.dumps(event)]
