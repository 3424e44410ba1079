"""State machines of jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from contacts.ports import ExecutionState

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_RUNNING = frozenset({"RUNNING", "PENDING_REDRIVE"})


class StepFunctionsRunner:
    """`JobRunner` on Step Functions."""

    def __init__(self, *, client: SFNClient, import_state_machine_arn: str, rollback_state_machine_arn: str) -> None:
        self._imports = _Executions(client, import_state_machine_arn)
        self._rollbacks = _Executions(client, rollback_state_machine_arn)

    def start_import(self, job_id: str) -> None:
        self._imports.start(job_id, {"jobId": job_id})

    def import_state(self, job_id: str) -> ExecutionState:
        return self._imports.state(job_id)

    def start_rollback(self, job_id: str, run: int, attempt: int) -> None:
        self._rollbacks.start(_rollback_execution(job_id, run, attempt), {"jobId": job_id, "run": run})

    def rollback_state(self, job_id: str, run: int, attempt: int) -> ExecutionState:
        return self._rollbacks.state(_rollback_execution(job_id, run, attempt))


class StepFunctionsExportRunner:
    """`ExportRunner` on Step Functions."""

    def __init__(self, *, client: SFNClient, state_machine_arn: str) -> None:
        self._exports = _Executions(client, state_machine_arn)

    def start_export(self, job_id: str) -> None:
        self._exports.start(job_id, {"jobId": job_id})

    def export_state(self, job_id: str) -> ExecutionState:
        return self._exports.state(job_id)


class _Executions:
    """The executions of one state machine. A name is used once for 90 days, longer than any job runs."""

    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self._machine = state_machine_arn

    def start(self, name: str, given: Mapping[str, str | int]) -> None:
        try:
            self._client.start_execution(stateMachineArn=self._machine, name=name, input=json.dumps(given))
        except self._client.exceptions.ExecutionAlreadyExists:
            return  # it has run, which is what the caller wants

    def state(self, name: str) -> ExecutionState:
        executions = self._machine.replace(":stateMachine:", ":execution:", 1)
        try:
            execution = self._client.describe_execution(executionArn=f"{executions}:{name}")
        except self._client.exceptions.ExecutionDoesNotExist:
            return ExecutionState.MISSING
        return ExecutionState.RUNNING if execution["status"] in _RUNNING else ExecutionState.ENDED


def _rollback_execution(job_id: str, run: int, attempt: int) -> str:
    """A name of its own for each attempt. A job's id is a UUID, which leaves room below the quota of 80 characters."""
    return f"{job_id}-rollback-{run}-{attempt}"
