"""Creating many contacts at once: what is accepted, what becomes of each, and that a request starts one job."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e import bulk_jobs as bulk
from tests.e2e.http_client import ANSWER_SECONDS, Api
from tests.e2e.imported_contacts import created

ROUTES = [
    ("POST", bulk.CREATE),
    ("GET", f"{bulk.CREATE}/x"),
    ("GET", f"{bulk.CREATE}/x/items"),
    ("POST", f"{bulk.CREATE}/x/collection"),
    ("POST", bulk.DELETE),
    ("GET", f"{bulk.DELETE}/x"),
    ("GET", f"{bulk.DELETE}/x/items"),
    ("POST", "/api/collections"),
    ("GET", "/api/collections"),
    ("GET", "/api/collections/x"),
    ("GET", "/api/collections/x/items"),
    ("PUT", "/api/collections/x/editors"),
]


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


@pytest.fixture
def domain() -> str:
    return f"d{uuid.uuid4().hex}.example"


def test_five_thousand_mixed_entries_each_come_to_their_own_end(api: Api, domain: str) -> None:
    existing = created(api, firstName="Before", email=f"p7@{domain}")
    entries: list[Any] = bulk.people(5_000, domain)
    entries[10] = {"clientContactId": "c-10", "email": "not an address"}
    entries[11] = "no object"
    entries[12] = {"clientContactId": "c-12", "firstName": "X", "favouriteColour": "blue"}
    entries[4_000] = {"clientContactId": "c-4000", "firstName": "Again", "email": f"  P1@{domain.upper()} "}
    entries[4_001] = {"clientContactId": "c-4001", "email": "not an address"}
    for n in (20, 4_020):  # without e-mail, and the same in all else
        entries[n] = {"clientContactId": f"c-{n}", "firstName": "Same", "phone": "+1 202 555 0143"}
    failing, skipped = {10, 11, 12, 4_001}, {4_000}

    began = time.monotonic()
    answer = api.post(bulk.CREATE, {"contacts": entries, "clientSource": "ios", "clientReferenceId": "run 1"})
    print(f"5,000 contacts were accepted in {time.monotonic() - began:.2f} s")  # noqa: T201
    assert answer.status_code == 202, answer.text
    started = answer.json()
    assert set(started) == bulk.CREATE_START_FIELDS
    assert (started["status"], started["totalCount"], started["processedCount"]) == ("QUEUED", 5_000, 0)
    assert started["trackingKey"] == f"bcc:j:{started['jobId']}:s:ios:r:run-1"
    assert answer.headers["retry-after"].isdigit()
    assert answer.headers["location"] == f"{bulk.CREATE}/{started['jobId']}"

    job = bulk.ended(api, bulk.CREATE, started["jobId"])
    assert job["status"] == "PARTIAL"
    assert bulk.counts(job) == {"success": 4_995, "failure": 4, "skipped": 1}
    assert len(set(job["contactIds"])) == 4_995
    assert [error["index"] for error in job["errors"]] == sorted(failing)
    assert all(error["code"] and error["message"] for error in job["errors"])

    items = bulk.items(api, bulk.CREATE, job["jobId"])
    assert [item["index"] for item in items] == list(range(5_000))
    assert [item["contactId"] for item in items if item["outcome"] == "created"] == job["contactIds"]
    assert {item["index"] for item in items if item["outcome"] == "failed"} == failing
    assert {item["index"] for item in items if item["outcome"] == "skipped"} == skipped
    assert items[4_000]["duplicateOf"] == 1
    assert items[4_000]["contactId"] == items[1]["contactId"]
    assert items[11]["clientContactId"] is None
    named = [item for item in items if item["index"] != 11]
    assert all(item["clientContactId"] == f"c-{item['index']}" for item in named)

    for n in (0, 20, 499, 500, 4_020, 4_999):
        contact = api.get(f"/api/contacts/{items[n]['contactId']}").json()
        assert contact["externalSource"] == started["trackingKey"]
        assert contact["firstName"] == entries[n]["firstName"]
    # An e-mail that exists already is none of this job's business.
    assert {each["id"] for each in api.contacts(email=f"p7@{domain}")} == {existing["id"], items[7]["contactId"]}
    assert len(api.contacts(email=f"p1@{domain}")) == 1


def test_a_job_whose_entries_all_fail_has_failed(api: Api) -> None:
    job = bulk.create(api, [{"email": "nope"}, 7])
    assert (job["status"], job["contactIds"], bulk.counts(job)) == ("FAILED", [], {"failure": 2})


def test_a_contact_has_what_a_phone_has(api: Api, domain: str) -> None:
    phone = {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "company": "Analytical Engines",
        "title": "Countess",
        "email": f"ada@{domain}",
        "phone": "+1 202 555 0143",
        "emails": [f"a@{domain}", f"b@{domain}"],
        "phones": ["+44 20 7946 0958"],
        "addresses": [{"street": "12 St James's Square", "city": "London", "country": "GB"}],
        "notes": "one\ntwo",
        "customFields": {"colour": "green"},
    }
    job = bulk.create(api, [phone])
    assert (job["status"], job["errors"]) == ("COMPLETED", [])
    contact = api.get(f"/api/contacts/{job['contactIds'][0]}").json()
    assert {name: contact[name] for name in phone} == phone


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"contacts": []}, (400, "CONTACTS_MISSING")),
        ({"contacts": [{}] * 5_001}, (400, "CONTACTS_TOO_MANY")),
        ({}, (400, "INVALID_REQUEST")),
        ({"contacts": {"email": "a@b.example"}}, (400, "INVALID_REQUEST")),
        ({"contacts": [{}], "contact": 1}, (400, "INVALID_REQUEST")),
        ({"contacts": [{}], "clientSource": 7}, (400, "INVALID_REQUEST")),
        ([], (400, "BODY_INVALID")),
    ],
    ids=["none", "too many", "missing", "no list", "unknown field", "no text", "no object"],
)
def test_a_body_that_is_wrong_is_refused_as_a_whole(api: Api, body: Any, refused: tuple[int, str]) -> None:
    assert bulk.refusal(api.post(bulk.CREATE, body)) == refused


def test_a_body_that_is_too_large_or_no_json_is_refused(api: Api) -> None:
    broken = api.client.post(bulk.CREATE, content='{"contacts": [', headers={"content-type": "application/json"})
    assert bulk.refusal(broken) == (400, "BODY_INVALID")
    notes = "x" * 9_000
    large = api.post(bulk.CREATE, {"contacts": [{"firstName": "A", "notes": notes}] * 500})
    assert large.status_code == 413
    assert "4194304" in large.json()["error"]["message"]


def test_fifty_identical_starts_at_once_make_one_job(api: Api, domain: str) -> None:
    body = {"contacts": bulk.people(3, domain), "idempotencyKey": uuid.uuid4().hex}
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: api.post(bulk.CREATE, body), range(50)))
    assert {answer.status_code for answer in answers} == {202}
    [job_id] = {answer.json()["jobId"] for answer in answers}
    job = bulk.ended(api, bulk.CREATE, job_id)
    assert bulk.counts(job) == {"success": 3}
    assert len(api.contacts(email=f"p0@{domain}")) == 1

    other = api.post(bulk.CREATE, {**body, "contacts": bulk.people(2, domain)})
    assert bulk.refusal(other) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_key_is_its_users_alone(stack: dict[str, Any], api: Api, domain: str) -> None:
    body = {"contacts": bulk.people(1, domain), "idempotencyKey": uuid.uuid4().hex}
    callers = [api, Api.of(stack, "a-admin"), Api.of(stack, "b-admin")]
    assert len({bulk.start(caller, bulk.CREATE, body)["jobId"] for caller in callers}) == 3


@pytest.mark.parametrize(
    ("user", "status"), [("a-user", 200), ("a-admin", 200), ("a-readonly", 403), ("b-admin", 403), ("c-user", 403)]
)
def test_a_job_is_shown_to_its_user_and_to_administrators(
    stack: dict[str, Any], shown_job: str, user: str, status: int
) -> None:
    caller = Api.of(stack, user)
    for path in (f"{bulk.CREATE}/{shown_job}", f"{bulk.CREATE}/{shown_job}/items"):
        assert caller.get(path).status_code == status


@pytest.fixture(scope="module")
def shown_job(stack: dict[str, Any]) -> str:
    return str(bulk.create(Api.of(stack, "a-user"), [{"firstName": "Ann"}])["jobId"])


@pytest.mark.parametrize("job_id", ["00000000-0000-4000-8000-000000000000", "x"])
def test_an_unknown_job_is_not_found(api: Api, job_id: str) -> None:
    for path in (f"{bulk.CREATE}/{job_id}", f"{bulk.CREATE}/{job_id}/items", f"{bulk.DELETE}/{job_id}"):
        assert bulk.refusal(api.get(path)) == (404, "JOB_NOT_FOUND")


def test_no_route_answers_without_a_token_or_changes_anything_without_the_scope_for_it(stack: dict[str, Any]) -> None:
    reader = Api.of(stack, "a-readonly")
    for method, path in ROUTES:
        stranger = httpx.request(method, stack["apiUrl"] + path, json={}, timeout=ANSWER_SECONDS, trust_env=False)
        assert stranger.status_code == 401, path
        if method != "GET":
            assert bulk.refusal(reader.client.request(method, path, json={})) == (403, "SCOPE_MISSING"), path
