"""Who may export and download, what is answered before there is a file, and what is kept on record."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import httpx
import pytest

from tests.e2e import exports
from tests.e2e.event_bus import aws_session, listening
from tests.e2e.export_jobs_table import ExportJobsTable
from tests.e2e.http_client import Api, fetch

NO_JOB = "00000000-0000-4000-8000-000000000000"
#: `export_jobs` of the specification, in camelCase.
FIELDS = {
    *("jobId", "tenantId", "exportType", "filters", "selectedFields", "fileFormat", "fileUrl", "fileSize", "status"),
    *("totalContacts", "processedContacts", "startedAt", "completedAt", "expiresAt", "createdBy", "createdAt"),
}


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-admin")


@pytest.fixture
def nobody() -> dict[str, Any]:
    """A filter of its own for each test, by which its records are known."""
    return exports.tagged(f"t{uuid.uuid4().hex}")


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["error"]["code"])


def invoke(stack: dict[str, Any], function: str, event: dict[str, Any]) -> None:
    functions = aws_session(stack).client("lambda", endpoint_url=stack["awsEndpoint"])
    answer = functions.invoke(FunctionName=stack["resources"][function], Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_a_job_shows_what_the_specification_says_and_its_file_has_a_good_name(
    api: Api, tenants: dict[str, str], nobody: dict[str, Any]
) -> None:
    got = exports.export(api, format="csv", filters=nobody, selectedFields=["email"])
    job = got.job
    assert set(job) >= FIELDS | {"sha256"}
    shown = {
        name: job[name] for name in ("tenantId", "createdBy", "exportType", "filters", "selectedFields", "fileFormat")
    }
    assert shown == {
        "tenantId": tenants["a-admin"],
        "createdBy": "a-admin",
        "exportType": "filtered",
        "filters": nobody,
        "selectedFields": ["email"],
        "fileFormat": "csv",
    }
    assert job["createdAt"] <= job["startedAt"] <= job["completedAt"] < job["expiresAt"]
    disposition = got.headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="contacts-filtered-\d{4}-\d\d-\d\d-\d{4}\.csv"', disposition)
    (listed,) = [each for each in api.pages("/api/jobs") if each["jobId"] == job["jobId"]]
    assert (listed["type"], listed["status"], listed["expired"]) == ("export", "completed", False)


def test_the_files_own_address_is_no_way_in_and_a_link_holds_for_its_file_alone(
    stack: dict[str, Any], api: Api, nobody: dict[str, Any]
) -> None:
    job = exports.export(api, format="jsonl", filters=nobody).job
    path = f"/{stack['resources']['FilesBucket']}/" + job["fileUrl"].split("/", 3)[3]
    assert fetch(stack["awsEndpoint"] + path).status_code == 403
    answer = exports.link(api, job["jobId"]).json()
    assert "X-Amz-Expires=300" in answer["downloadUrl"]
    assert fetch(answer["downloadUrl"].replace(".jsonl?", ".csv?")).status_code == 403


def test_the_same_key_starts_the_same_export(api: Api, nobody: dict[str, Any]) -> None:
    body, key = {"format": "csv", "filters": nobody}, uuid.uuid4().hex
    first, second = (api.post(exports.EXPORTS, body, Idempotency_Key=key) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    other = api.post(exports.EXPORTS, {**body, "format": "json"}, Idempotency_Key=key)
    assert other.status_code == 422


def test_who_may_what(stack: dict[str, Any], api: Api, nobody: dict[str, Any]) -> None:
    job_id = exports.export(api, format="csv", filters=nobody).job["jobId"]
    of_a_reader, of_another_tenant = Api.of(stack, "a-readonly"), Api.of(stack, "b-admin")
    path = f"{exports.EXPORTS}/{job_id}"

    for user in ("a-user", "a-readonly"):  # the one may write contacts, but not take them out
        mine = Api.of(stack, user)
        assert refusal(mine.post(exports.EXPORTS, {"format": "csv"})) == (403, "SCOPE_MISSING")
        assert refusal(mine.get(f"{path}/download")) == (403, "SCOPE_MISSING")
        assert refusal(mine.get(f"{exports.EXPORTS}/audit")) == (403, "SCOPE_MISSING")
    assert of_a_reader.get(path).status_code == 200
    for way in (path, f"{path}/download"):
        assert refusal(of_another_tenant.get(way)) == (403, "JOB_FORBIDDEN")
        assert fetch(stack["apiUrl"] + way).status_code == 401
    for missing in (NO_JOB, "no-id"):
        assert refusal(api.get(f"{exports.EXPORTS}/{missing}")) == (404, "JOB_NOT_FOUND")
        assert refusal(exports.link(api, missing)) == (404, "JOB_NOT_FOUND")
    assert job_id not in {each["jobId"] for each in of_another_tenant.pages("/api/jobs")}


def test_every_export_and_every_link_is_on_record(stack: dict[str, Any], api: Api, nobody: dict[str, Any]) -> None:
    job = exports.export(api, format="csv", filters=nobody).job
    assert refusal(exports.link(Api.of(stack, "b-admin"), job["jobId"])) == (403, "JOB_FORBIDDEN")
    assert exports.link(api, job["jobId"]).status_code == 200

    records = [each for each in api.pages(f"{exports.EXPORTS}/audit", limit=20) if each["filters"] == nobody]
    assert [each["action"] for each in records] == ["download", "download", "export"]
    assert records[0]["at"] > records[1]["at"] > records[2]["at"] == job["createdAt"]
    for record in records:
        assert (record["user"], record["jobId"], record["contacts"]) == ("a-admin", job["jobId"], 0)
    others = Api.of(stack, "b-admin").pages(f"{exports.EXPORTS}/audit")
    assert not [each for each in others if each["filters"] == nobody]


def test_before_it_is_ready_there_is_no_link_and_when_it_failed_neither(
    stack: dict[str, Any], api: Api, nobody: dict[str, Any]
) -> None:
    """What the state machine does when no try could write the file, here by its last step alone."""
    job = exports.export(api, format="csv", filters=nobody).job
    waiting = ExportJobsTable(stack).pending_copy(job["jobId"])
    assert refusal(exports.link(api, waiting)) == (400, "EXPORT_NOT_READY")

    with listening(stack) as bus:
        invoke(stack, "FailExportFunction", {"jobId": waiting})
        failed = bus.wait_for("ContactsExportFailed", jobId=waiting)
    assert (failed["detail"]["status"], failed["detail"]["errorCode"]) == ("failed", "EXPORT_FAILED")
    shown = exports.show(api, waiting)
    assert (shown["status"], shown["error"]["code"], shown["fileUrl"]) == ("failed", "EXPORT_FAILED", None)
    assert refusal(exports.link(api, waiting)) == (400, "EXPORT_FAILED")

    invoke(stack, "FailExportFunction", {"jobId": job["jobId"]})  # it has ended otherwise
    assert exports.show(api, job["jobId"]) == job


def test_other_systems_hear_of_the_end_once(stack: dict[str, Any], api: Api, nobody: dict[str, Any]) -> None:
    with listening(stack) as bus:
        job = exports.export(api, format="xlsx", filters=nobody).job
        heard = bus.wait_for("ContactsExportCompleted", jobId=job["jobId"])
        invoke(stack, "WriteExportFunction", {"jobId": job["jobId"]})  # delivered twice
        # Sent after whatever that may have sent.
        later = exports.export(api, format="csv", filters=nobody).job
        bus.wait_for("ContactsExportCompleted", jobId=later["jobId"])
        assert len(bus.of("ContactsExportCompleted", jobId=job["jobId"])) == 1
    detail = heard["detail"]
    told = ("tenantId", "exportType", "fileFormat", "totalContacts", "fileSize", "status", "expiresAt")
    assert {name: detail[name] for name in told} == {name: job[name] for name in told}
    assert detail["eventId"] == f"export-{job['jobId']}-completed"


def test_a_segment_that_is_gone_by_then_fails_the_export_and_no_execution(
    stack: dict[str, Any], api: Api, nobody: dict[str, Any]
) -> None:
    job = exports.export(api, format="csv", filters=nobody).job
    orphan = ExportJobsTable(stack).pending_copy(job["jobId"], options={"segmentId": "seg-gone"})
    invoke(stack, "WriteExportFunction", {"jobId": orphan})
    shown = exports.show(api, orphan)
    assert (shown["status"], shown["error"]["code"]) == ("failed", "SEGMENT_NOT_FOUND")
