"""What every `JobRunner`, and every `ExportRunner`, does: the in-memory one and Step Functions' on the local engine;
its details by stubs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from contacts.adapters.stepfunctions import StepFunctionsExportRunner, StepFunctionsRunner
from contacts.export_ports import ExportRunner
from contacts.ports import ExecutionState, JobRunner
from tests.support.aws_clients import REGION, make_client, ministack_endpoint
from tests.support.memory_runner import MemoryRunner

MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:Import"
EXECUTION = f"arn:aws:states:{REGION}:123456789012:execution:Import:job-1"
ROLLBACK_MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:Rollback"
STARTED = "2026-01-01T00:00:00Z"
#: Waits until the test is over, so that the execution is seen to run.
WAITING = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3_600, "End": True}}}


@pytest.fixture(params=["memory", "ministack"])
def runner(request: pytest.FixtureRequest) -> JobRunner:
    if request.param == "memory":
        return MemoryRunner()
    client = make_client("stepfunctions", ministack_endpoint())
    return StepFunctionsRunner(
        client=client,
        import_state_machine_arn=waiting_machine(client, "import"),
        rollback_state_machine_arn=waiting_machine(client, "rollback"),
    )


@pytest.fixture(params=["memory", "ministack"])
def export_runner(request: pytest.FixtureRequest) -> ExportRunner:
    if request.param == "memory":
        return MemoryRunner()
    client = make_client("stepfunctions", ministack_endpoint())
    return StepFunctionsExportRunner(client=client, state_machine_arn=waiting_machine(client, "export"))


def waiting_machine(client: Any, kind: str) -> str:
    created = client.create_state_machine(
        name=f"{kind}-{uuid.uuid4()}", definition=json.dumps(WAITING), roleArn="arn:aws:iam::123456789012:role/r"
    )
    return str(created["stateMachineArn"])


def test_a_job_that_was_started_runs_and_another_is_missing(runner: JobRunner) -> None:
    assert runner.import_state("job-1") is ExecutionState.MISSING
    runner.start_import("job-1")
    assert runner.import_state("job-1") is ExecutionState.RUNNING
    assert runner.import_state("job-2") is ExecutionState.MISSING


def test_a_second_start_does_nothing(runner: JobRunner) -> None:
    runner.start_import("job-1")
    runner.start_import("job-1")
    assert runner.import_state("job-1") is ExecutionState.RUNNING


def test_each_attempt_of_each_rollback_is_an_execution_of_its_own(runner: JobRunner) -> None:
    runner.start_import("job-1")
    assert runner.rollback_state("job-1", 1, 1) is ExecutionState.MISSING
    runner.start_rollback("job-1", 1, 1)
    runner.start_rollback("job-1", 1, 1)
    runner.start_rollback("job-1", 1, 3)
    runner.start_rollback("job-1", 11, 1)
    found = {(run, attempt): runner.rollback_state("job-1", run, attempt) for run in (1, 11) for attempt in (1, 2, 3)}
    running = [key for key, state in found.items() if state is ExecutionState.RUNNING]
    assert running == [(1, 1), (1, 3), (11, 1)]
    assert {state for key, state in found.items() if key not in running} == {ExecutionState.MISSING}
    assert runner.rollback_state("job-2", 1, 1) is ExecutionState.MISSING


def test_an_export_that_was_started_runs_once_and_another_is_missing(export_runner: ExportRunner) -> None:
    assert export_runner.export_state("job-1") is ExecutionState.MISSING
    export_runner.start_export("job-1")
    export_runner.start_export("job-1")
    assert export_runner.export_state("job-1") is ExecutionState.RUNNING
    assert export_runner.export_state("job-2") is ExecutionState.MISSING


@pytest.fixture
def stub() -> Iterator[tuple[StepFunctionsRunner, Stubber]]:
    client = make_client("stepfunctions")
    with Stubber(client) as stubber:
        runner = StepFunctionsRunner(
            client=client, import_state_machine_arn=MACHINE, rollback_state_machine_arn=ROLLBACK_MACHINE
        )
        yield runner, stubber
        stubber.assert_no_pending_responses()


def test_the_execution_is_named_after_the_job_and_told_nothing_else(stub: tuple[StepFunctionsRunner, Stubber]) -> None:
    runner, stubber = stub
    stubber.add_response(
        "start_execution",
        {"executionArn": EXECUTION, "startDate": STARTED},
        {"stateMachineArn": MACHINE, "name": "job-1", "input": '{"jobId": "job-1"}'},
    )
    runner.start_import("job-1")


def test_a_rollbacks_execution_is_told_job_and_run_and_its_name_has_room(
    stub: tuple[StepFunctionsRunner, Stubber],
) -> None:
    runner, stubber = stub
    job = str(uuid.uuid4())
    name = f"{job}-rollback-12345-12345"
    assert len(name) <= 80  # the quota of an execution's name
    execution = f"{ROLLBACK_MACHINE.replace('stateMachine', 'execution')}:{name}"
    stubber.add_response(
        "start_execution",
        {"executionArn": execution, "startDate": STARTED},
        {"stateMachineArn": ROLLBACK_MACHINE, "name": name, "input": json.dumps({"jobId": job, "run": 12345})},
    )
    runner.start_rollback(job, 12345, 12345)
    found = {"executionArn": execution, "stateMachineArn": ROLLBACK_MACHINE, "status": "FAILED", "startDate": STARTED}
    stubber.add_response("describe_execution", found, {"executionArn": execution})
    assert runner.rollback_state(job, 12345, 12345) is ExecutionState.ENDED


def test_an_exports_execution_is_named_after_the_job_and_told_nothing_else() -> None:
    machine = MACHINE.replace("Import", "Export")
    client = make_client("stepfunctions")
    with Stubber(client) as stubber:
        stubber.add_response(
            "start_execution",
            {"executionArn": f"{machine}:job-1", "startDate": STARTED},
            {"stateMachineArn": machine, "name": "job-1", "input": '{"jobId": "job-1"}'},
        )
        StepFunctionsExportRunner(client=client, state_machine_arn=machine).start_export("job-1")
        stubber.assert_no_pending_responses()


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
