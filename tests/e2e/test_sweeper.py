"""Jobs that a crash left behind, mended by the function that the clock starts."""

from __future__ import annotations

import json
import uuid
from typing import Any

import boto3
import pytest

from tests.e2e.http_client import Api, csv_file

LONG_AGO = "2020-01-01T00:00:00.000Z"


@pytest.fixture
def aws(stack: dict[str, Any]) -> boto3.Session:
    return boto3.Session(stack["accessKeyId"], stack["secretAccessKey"], region_name=stack["region"])


def sweep(aws: boto3.Session, stack: dict[str, Any]) -> dict[str, int]:
    functions = aws.client("lambda", endpoint_url=stack["awsEndpoint"])
    answer = functions.invoke(FunctionName=stack["resources"]["SweepJobsFunction"], Payload=b"{}")
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return dict(payload)


def job_left_behind(aws: boto3.Session, stack: dict[str, Any], job_id: str, **changes: Any) -> str:
    """A copy of a finished job as a crash would have left it, under an id of its own."""
    table = aws.resource("dynamodb", endpoint_url=stack["awsEndpoint"]).Table(stack["resources"]["JobsTable"])
    item = table.get_item(Key={"pk": f"JOB#{job_id}", "sk": "JOB"})["Item"]
    new_id = str(uuid.uuid4())
    copy = json.loads(json.dumps(item, default=int).replace(job_id, new_id))
    copy.update({"changedAt": LONG_AGO, "openKey": "open", **changes})
    table.put_item(Item={name: value for name, value in copy.items() if value is not None})
    return new_id


def test_a_job_whose_execution_never_started_is_started(stack: dict[str, Any], aws: boto3.Session) -> None:
    api = Api.of(stack, "a-user")
    mail = f"ann@d{uuid.uuid4().hex}.example"
    url = api.upload("p.csv", csv_file(("E-mail",), (mail,)))
    finished = api.run_import("other.csv", csv_file(("E-mail",), ("nobody",)), {"E-mail": "email"})
    table = aws.resource("dynamodb", endpoint_url=stack["awsEndpoint"]).Table(stack["resources"]["JobsTable"])
    names = set(table.get_item(Key={"pk": f"JOB#{finished['jobId']}", "sk": "JOB"})["Item"])
    done = {"staged", "completedAt", "startedAt", "announced", "fileError"} & names
    started = api.post(
        "/api/contacts/import", {"fileName": "p.csv", "fileUrl": url, "fieldMapping": {"E-mail": "email"}}
    )
    api.wait(started.json()["jobId"])
    (contact,) = api.contacts(email=mail)
    assert api.client.delete(f"/api/contacts/{contact['id']}").status_code == 204

    counters = {name: 0 for name in names if name.endswith("Count")}
    left = job_left_behind(aws, stack, started.json()["jobId"], status="pending", **dict.fromkeys(done), **counters)
    sweep(aws, stack)

    assert api.wait(left)["status"] == "completed"
    assert len(api.contacts(email=mail)) == 1


def test_a_job_whose_end_was_not_announced_is_announced_and_done_with(
    stack: dict[str, Any], aws: boto3.Session
) -> None:
    api = Api.of(stack, "a-user")
    job = api.run_import("p.csv", csv_file(("E-mail",), ("nobody",)), {"E-mail": "email"})
    left = job_left_behind(aws, stack, job["jobId"], announced=None)
    sweep(aws, stack)
    table = aws.resource("dynamodb", endpoint_url=stack["awsEndpoint"]).Table(stack["resources"]["JobsTable"])
    item = table.get_item(Key={"pk": f"JOB#{left}", "sk": "JOB"})["Item"]
    assert item["announced"] is True
    assert "openKey" not in item, "the next sweep does not meet it"
