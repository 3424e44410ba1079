"""What every `JobRunner` does: the in-memory one and Step Functions' on the local engine; its details by stubs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from contacts.adapters.stepfunctions import StepFunctionsRunner
from contacts.ports import ExecutionState, JobRunner
from tests.support.aws_clients import REGION, make_client, ministack_endpoint
from tests.support.memory_runner import MemoryRunner

MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:Import"
EXECUTION = f"arn:aws:states:{REGION}:123456789012:execution:Import:job-1"
STARTED = "2026-01-01T00:00:00Z"
#: Waits until the test is over, so that the execution is seen to run.
WAITING = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3_600, "End": True}}}


@pytest.fixture(params=["memory", "ministack"])
def runner(request: pytest.FixtureRequest) -> JobRunner:
    if request.param == "memory":
        return MemoryRunner()
    client = make_client("stepfunctions", ministack_endpoint())
    machine = client.create_state_machine(
        name=f"import-{uuid.uuid4()}", definition=json.dumps(WAITING), roleArn="arn:aws:iam::123456789012:role/r"
    )
    return StepFunctionsRunner(client=client, import_state_machine_arn=machine["stateMachineArn"])


def test_a_job_that_was_started_runs_and_another_is_missing(runner: JobRunner) -> None:
    assert runner.import_state("job-1") is ExecutionState.MISSING
    runner.start_import("job-1")
    assert runner.import_state("job-1") is ExecutionState.RUNNING
    assert runner.import_state("job-2") is ExecutionState.MISSING


def test_a_second_start_does_nothing(runner: JobRunner) -> None:
    runner.start_import("job-1")
    runner.start_import("job-1")
    assert runner.import_state("job-1") is ExecutionState.RUNNING


@pytest.fixture
def stub() -> Iterator[tuple[StepFunctionsRunner, Stubber]]:
    client = make_client("stepfunctions")
    with Stubber(client) as stubber:
        yield StepFunctionsRunner(client=client, import_state_machine_arn=MACHINE), stubber
        stubber.assert_no_pending_responses()


def test_the_execution_is_named_after_the_job_and_told_nothing_else(stub: tuple[StepFunctionsRunner, Stubber]) -> None:
    runner, stubber = stub
    stubber.add_response(
        "start_execution",
        {"executionArn": EXECUTION, "startDate": STARTED},
        {"stateMachineArn": MACHINE, "name": "job-1", "input": '{"jobId": "job-1"}'},
    )
    runner.start_import("job-1")


def test_an_execution_that_ran_before_is_no_error(stub: tuple[StepFunctionsRunner, Stubber]) -> None:
    runner, stubber = stub
    stubber.add_client_error("start_execution", "ExecutionAlreadyExists")
    runner.start_import("job-1")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("RUNNING", ExecutionState.RUNNING),
        ("PENDING_REDRIVE", ExecutionState.RUNNING),
        ("SUCCEEDED", ExecutionState.ENDED),
        ("FAILED", ExecutionState.ENDED),
        ("TIMED_OUT", ExecutionState.ENDED),
        ("ABORTED", ExecutionState.ENDED),
    ],
)
def test_each_status_means_a_state(
    stub: tuple[StepFunctionsRunner, Stubber], status: str, state: ExecutionState
) -> None:
    runner, stubber = stub
    found = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "status": status, "startDate": STARTED}
    stubber.add_response("describe_execution", found, {"executionArn": EXECUTION})
    assert runner.import_state("job-1") is state


def test_trouble_is_never_taken_for_an_answer(stub: tuple[StepFunctionsRunner, Stubber]) -> None:
    runner, stubber = stub
    stubber.add_client_error("start_execution", "ExecutionLimitExceeded")
    with pytest.raises(ClientError, match="ExecutionLimitExceeded"):
        runner.start_import("job-1")
    stubber.add_client_error("describe_execution", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        runner.import_state("job-1")
