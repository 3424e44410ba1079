"""Exports that a crash left behind, mended by the function that the clock starts."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.e2e import exports
from tests.e2e.event_bus import aws_session, listening
from tests.e2e.export_jobs_table import ExportJobsTable
from tests.e2e.http_client import Api
from tests.e2e.test_sweeper import sweep


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-admin")


@pytest.fixture
def done(api: Api) -> dict[str, Any]:
    """A completed export, to make others of."""
    return exports.export(api, format="csv", filters=exports.tagged(f"t{uuid.uuid4().hex}")).job


def test_one_whose_execution_never_started_is_started(stack: dict[str, Any], api: Api, done: dict[str, Any]) -> None:
    table = ExportJobsTable(stack)
    left = table.pending_copy(done["jobId"])
    table.leave_behind(left)
    sweep(aws_session(stack), stack)
    job = exports.ended(api, left)
    assert job["status"] == "completed"
    assert exports.download(api, job).job["sha256"] == done["sha256"]


def test_one_whose_execution_died_is_failed_with_what_it_left_removed(
    stack: dict[str, Any], api: Api, done: dict[str, Any]
) -> None:
    session, table = aws_session(stack), ExportJobsTable(stack)
    left = table.pending_copy(done["jobId"], status="processing", attempt=1)
    s3, bucket = session.client("s3", endpoint_url=stack["awsEndpoint"]), stack["resources"]["FilesBucket"]
    prefix = f"exports/{done['tenantId']}/{left}/"
    s3.put_object(Bucket=bucket, Key=f"{prefix}attempt-0001/contacts.csv", Body=b"half of it")
    machines = session.client("stepfunctions", endpoint_url=stack["awsEndpoint"])
    # An execution of its name that is over, and did nothing for it.
    execution = machines.start_execution(
        stateMachineArn=stack["resources"]["ExportStateMachine"],
        name=left,
        input=json.dumps({"jobId": str(uuid.uuid4())}),
    )["executionArn"]
    with listening(stack) as bus:
        while machines.describe_execution(executionArn=execution)["status"] == "RUNNING":
            assert exports.show(api, left)["status"] == "processing"
        table.leave_behind(left)
        sweep(session, stack)
        bus.wait_for("ContactsExportFailed", jobId=left)
    job = exports.show(api, left)
    assert (job["status"], job["error"]["code"]) == ("failed", "EXPORT_FAILED")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
