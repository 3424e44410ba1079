"""Jobs that a crash left behind, mended by the function that the clock starts."""

from __future__ import annotations

import json
import time
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


def job_left_behind(
    aws: boto3.Session, stack: dict[str, Any], job_id: str, *, new_id: str | None = None, **changes: Any
) -> str:
    """A copy of a finished job as a crash would have left it, under an id of its own. From then on a sweep can meet
    it, be it another test's."""
    table = aws.resource("dynamodb", endpoint_url=stack["awsEndpoint"]).Table(stack["resources"]["JobsTable"])
    item = table.get_item(Key={"pk": f"JOB#{job_id}", "sk": "JOB"})["Item"]
    new_id = new_id or str(uuid.uuid4())
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


def test_an_import_whose_execution_died_is_sealed_and_closed(stack: dict[str, Any], aws: boto3.Session) -> None:
    """No part of it was begun. Its seals go where only plans do, which takes a right of its own."""
    api = Api.of(stack, "a-user")
    mail = f"ann@d{uuid.uuid4().hex}.example"
    job = api.run_import("p.csv", csv_file(("E-mail",), (mail,)), {"E-mail": "email"})
    (contact,) = api.contacts(email=mail)
    assert api.client.delete(f"/api/contacts/{contact['id']}").status_code == 204
    left = str(uuid.uuid4())
    files, bucket = aws.client("s3", endpoint_url=stack["awsEndpoint"]), stack["resources"]["FilesBucket"]
    for found in files.list_objects_v2(Bucket=bucket, Prefix=f"staged/{job['tenantId']}/{job['jobId']}/")["Contents"]:
        copy = found["Key"].replace(job["jobId"], left)
        files.copy_object(Bucket=bucket, Key=copy, CopySource={"Bucket": bucket, "Key": found["Key"]})
    end_an_execution(aws, stack, left, of=job["jobId"])
    gone = dict.fromkeys(("completedAt", "announced"))
    counters = dict.fromkeys(("createdCount", "updatedCount", "skippedCount", "errorCount"), 0)
    job_left_behind(aws, stack, job["jobId"], new_id=left, status="processing", **gone, **counters)
    sweep(aws, stack)

    closed = api.wait(left)
    assert (closed["status"], closed["errorCount"]) == ("failed", 1)
    seals = files.list_objects_v2(Bucket=bucket, Prefix=f"undo/{job['tenantId']}/{left}/part-")["Contents"]
    assert [seal["Key"].rpartition("/")[2] for seal in seals] == ["round-000.json"]
    assert "sealedAt" in json.loads(files.get_object(Bucket=bucket, Key=seals[0]["Key"])["Body"].read())
    assert api.contacts(email=mail) == []


def end_an_execution(aws: boto3.Session, stack: dict[str, Any], job_id: str, *, of: str) -> None:
    """An execution of the job's name that is over, and did nothing for it: it was about one that has ended."""
    machines = aws.client("stepfunctions", endpoint_url=stack["awsEndpoint"])
    execution = machines.start_execution(
        stateMachineArn=stack["resources"]["ImportStateMachine"],
        name=job_id,
        input=json.dumps({"jobId": of}),
    )["executionArn"]
    while machines.describe_execution(executionArn=execution)["status"] == "RUNNING":
        time.sleep(0.05)
