"""Rolling imports back over HTTP: when it is refused, the list that it leaves, and keys that make it happen once."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.http_client import Api, csv_file
from tests.e2e.imported_contacts import counts, edited, imported, only, outcomes, segment_of


@pytest.fixture(scope="module")
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


@pytest.fixture
def domain() -> str:
    """An e-mail domain that no other test uses: the tests of a run share one tenant."""
    return f"d{uuid.uuid4().hex[:12]}.example"


# --- When it is refused


def test_twice_at_once_and_again_later(api: Api, domain: str) -> None:
    job = imported(api, [{"email": f"p{number}@{domain}"} for number in range(200)])
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.start_rollback(job["jobId"]), range(4)))
    assert Counter(answer.status_code for answer in answers) == {202: 1, 409: 3}
    # The first may have ended by the time the last one comes.
    refused = {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409}
    assert refused <= {"ROLLBACK_RUNNING", "ALREADY_ROLLED_BACK", "JOB_CHANGED"}
    assert counts(api.wait_for_rollback(job["jobId"])) == {"deleted": 200}

    again = api.start_rollback(job["jobId"])
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ALREADY_ROLLED_BACK")
    assert "rolled_back" in again.json()["error"]["message"]


def test_while_the_import_runs(api: Api, domain: str) -> None:
    rows = [(f"p{number}@{domain}",) for number in range(8_000)]
    started = api.start_import("people.csv", csv_file(("E-mail",), *rows), {"E-mail": "email"})
    job_id = started.json()["jobId"]
    refused = api.start_rollback(job_id)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "IMPORT_RUNNING")
    assert api.job(job_id)["canRollback"] is False
    job = api.wait(job_id)
    assert (job["status"], job["createdCount"], job["rollback"]) == ("completed", 8_000, None)


def test_an_import_that_wrote_nothing(api: Api) -> None:
    job = api.run_import("p.csv", csv_file(("E-mail",), ("no address",)), {"E-mail": "email"})
    assert job["canRollback"] is False
    refused = api.start_rollback(job["jobId"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "NOTHING_TO_ROLL_BACK")


def test_who_may_not(stack: dict[str, Any], api: Api, domain: str) -> None:
    job_id = imported(api, [{"email": f"ann@{domain}"}])["jobId"]
    theirs, reader = Api.of(stack, "b-admin"), Api.of(stack, "a-readonly")
    assert theirs.start_rollback(job_id).status_code == 403
    refused = reader.start_rollback(job_id)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "SCOPE_MISSING")
    assert api.job(job_id)["rollback"] is None
    api.roll_back(job_id, dryRun=True)
    for path in ("/rollback", "/rollback/download"):
        assert theirs.get(f"/api/contacts/import/{job_id}{path}").status_code == 403
        assert reader.get(f"/api/contacts/import/{job_id}{path}").status_code == 200


# --- The list that it leaves, and the key that makes it happen once


def test_the_list_pages_and_downloads(api: Api, domain: str) -> None:
    job = imported(api, [{"email": f"p{number:04d}@{domain}"} for number in range(2_500)])
    job_id = job["jobId"]
    path = f"/api/contacts/import/{job_id}/rollback"
    assert api.get(path).json()["error"]["code"] == "ROLLBACK_NOT_FOUND"
    edited(api, only(api, f"p1234@{domain}"), phone="mine", tags=["vip"])

    assert counts(api.roll_back(job_id)) == {"deleted": 2_499, "kept": 1}

    lines = outcomes(api, job_id, limit=170)
    assert [line["row"] for line in lines] == list(range(1, 2_501))
    assert len({line["contactId"] for line in lines}) == 2_500
    kept = {"row": 1_235, "action": "kept", "fields": ["phone", "tags.vip"], "reason": "EDITED_LATER"}
    assert [line for line in lines if line["action"] != "deleted"] == [
        {"contactId": only(api, f"p1234@{domain}")["id"], **kept}
    ]
    rows = api.download(f"{path}/download")
    assert [(row["contactId"], int(row["row"]), row["action"]) for row in rows] == [
        (line["contactId"], line["row"], line["action"]) for line in lines
    ]
    assert (rows[1_234]["fields"], rows[1_234]["reason"]) == ("phone tags.vip", "EDITED_LATER")


def test_a_key_makes_one_rollback_and_belongs_to_its_import(api: Api, domain: str) -> None:
    one, other = (imported(api, [{"email": f"{name}@{domain}"}])["jobId"] for name in ("ann", "bob"))
    key = str(uuid.uuid4())
    path = f"/api/contacts/import/{one}/rollback"
    first = api.post(path, {}, idempotency_key=key)
    assert (first.status_code, first.json()) == (202, {"success": True, "jobId": one, "status": "rolling_back"})
    assert first.headers["location"] == f"/api/contacts/import/{one}"
    assert first.headers["retry-after"]
    api.wait_for_rollback(one)
    again = api.post(path, {}, idempotency_key=key)
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (202, first.json(), "true")
    assert api.post(f"/api/contacts/import/{other}/rollback", {}, idempotency_key=key).status_code == 422
    assert api.job(other)["rollback"] is None


def test_contacts_of_a_rolled_back_file_can_be_imported_anew(api: Api, domain: str) -> None:
    rows = [{"email": f"ann@{domain}", "firstName": "Ann"}]
    first = imported(api, rows, segmentName=domain)
    ann = only(api, f"ann@{domain}")
    api.roll_back(first["jobId"])
    again = imported(api, rows, segmentName=domain)
    assert (again["createdCount"], only(api, f"ann@{domain}")["id"] != ann["id"]) == (1, True)
    segment = segment_of(api, domain)
    assert segment is not None
    assert [contact["email"] for contact in api.contacts(segmentId=segment["id"])] == [f"ann@{domain}"]
