"""Collections, and bulk create jobs that fill them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.e2e import bulk_jobs as bulk
from tests.e2e.http_client import Api


@pytest.fixture
def admin(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-admin")


@pytest.fixture
def user(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


@pytest.fixture
def domain() -> str:
    return f"d{uuid.uuid4().hex}.example"


def made(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.post("/api/collections", {"name": "Fair", **body})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/collections/{answer.json()['id']}"
    return dict(answer.json())


def set_editors(api: Api, collection: dict[str, Any], *editors: str) -> int:
    return api.client.put(f"/api/collections/{collection['id']}/editors", json={"editors": list(editors)}).status_code


def members(api: Api, collection: dict[str, Any]) -> list[str]:
    return [contact["id"] for contact in api.pages(f"/api/collections/{collection['id']}/items", limit=100)]


def test_a_collection_is_shown_and_listed_in_its_tenant_alone(stack: dict[str, Any], admin: Api, user: Api) -> None:
    collection = made(admin, editors=["a-user"])
    assert user.get(f"/api/collections/{collection['id']}").json() == collection
    assert collection in list(user.pages("/api/collections"))
    stranger = Api.of(stack, "b-admin")
    assert collection["id"] not in {each["id"] for each in stranger.pages("/api/collections")}
    for path in ("", "/items"):
        assert stranger.get(f"/api/collections/{collection['id']}{path}").status_code == 404
    assert set_editors(stranger, collection, "b-admin") == 404


def test_only_its_creator_and_administrators_set_editors(admin: Api, user: Api) -> None:
    of_admin, of_user = made(admin, editors=["a-user"]), made(user)
    assert set_editors(user, of_admin, "a-user") == 403
    assert set_editors(user, of_user, "someone") == 200
    assert set_editors(admin, of_user, "someone", "else") == 200
    assert user.get(f"/api/collections/{of_user['id']}").json()["editors"] == ["someone", "else"]


def test_created_contacts_are_in_the_collection_until_they_are_cleaned_up(user: Api, domain: str) -> None:
    collection = made(user)
    entries = [*bulk.people(600, domain), {"email": "nope"}, {"email": f"p1@{domain}"}]
    job = bulk.create(user, entries, collectionId=collection["id"])
    assert (job["status"], bulk.counts(job)) == ("PARTIAL", {"success": 600, "failure": 1, "skipped": 1})
    assert sorted(members(user, collection)) == sorted(job["contactIds"])
    assert bulk.counts(bulk.clean_up(user, bulkCreateJobId=job["jobId"])) == {"deleted": 600}
    assert members(user, collection) == []


def test_a_collection_that_may_not_be_filled_is_refused_before_anything_is_stored(
    stack: dict[str, Any], admin: Api, user: Api, domain: str
) -> None:
    collection = made(admin)
    reference = uuid.uuid4().hex
    body = {"contacts": bulk.people(2, domain), "collectionId": collection["id"], "clientReferenceId": reference}
    assert bulk.refusal(user.post(bulk.CREATE, body)) == (403, "COLLECTION_FORBIDDEN")
    assert bulk.refusal(Api.of(stack, "b-admin").post(bulk.CREATE, body)) == (404, "COLLECTION_NOT_FOUND")
    unknown = {**body, "collectionId": "00000000-0000-4000-8000-000000000000"}
    assert bulk.refusal(user.post(bulk.CREATE, unknown)) == (404, "COLLECTION_NOT_FOUND")
    for tenant in (admin, Api.of(stack, "b-admin")):
        listed = list(tenant.pages("/api/jobs", type="bulk_create", limit=100))
        assert reference not in {job["clientReferenceId"] for job in listed}
    assert user.contacts(email=f"p0@{domain}") == []


def test_rights_taken_away_on_the_way_end_a_job_partial_and_given_back_lift_it(
    admin: Api, user: Api, domain: str
) -> None:
    collection = made(admin, editors=["a-user"])
    body = {"contacts": bulk.people(2_500, domain), "collectionId": collection["id"]}
    job_id = bulk.start(user, bulk.CREATE, body)["jobId"]
    assert set_editors(admin, collection) == 200

    job = bulk.ended(user, bulk.CREATE, job_id)
    assert (job["status"], bulk.counts(job)) == ("PARTIAL", {"success": 2_500})
    [error] = job["errors"]
    assert (error["index"], error["code"], error["field"]) == (None, "COLLECTION_FORBIDDEN", "collectionId")
    assert members(user, collection) == []
    assert len(user.contacts(email=f"p2499@{domain}")) == 1

    retry = f"{bulk.CREATE}/{job_id}/collection"
    assert bulk.refusal(user.post(retry, {})) == (403, "COLLECTION_FORBIDDEN")
    assert set_editors(admin, collection, "a-user") == 200
    for _ in range(2):  # the second one finds it done
        lifted = user.post(retry, {})
        assert lifted.status_code == 200, lifted.text
        assert (lifted.json()["status"], lifted.json()["errors"]) == ("COMPLETED", [])
    first = user.get(f"/api/collections/{collection['id']}/items", limit=100).json()["items"]
    assert len(first) == 100
    assert {contact["externalSource"] for contact in first} == {job["trackingKey"]}


def test_a_job_without_a_collection_has_nothing_to_retry(user: Api) -> None:
    job = bulk.create(user, [{"firstName": "Ann"}])
    assert bulk.refusal(user.post(f"{bulk.CREATE}/{job['jobId']}/collection", {})) == (409, "NO_COLLECTION")
