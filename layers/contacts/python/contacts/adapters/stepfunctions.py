"""State machines of jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from contacts.ports import ExecutionState

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_RUNNING = frozenset({"RUNNING", "PENDING_REDRIVE"})


class StepFunctionsRunner:
    """`JobRunner` on Step Functions. An execution's name is used once for 90 days, longer than any job runs."""

    def __init__(self, *, client: SFNClient, import_state_machine_arn: str) -> None:
        self._client = client
        self._import_state_machine_arn = import_state_machine_arn

    def start_import(self, job_id: str) -> None:
        try:
            self._client.start_execution(
                stateMachineArn=self._import_state_machine_arn, name=job_id, input=json.dumps({"jobId": job_id})
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return  # it has run, which is what the caller wants

    def import_state(self, job_id: str) -> ExecutionState:
        machine = self._import_state_machine_arn.replace(":stateMachine:", ":execution:", 1)
        try:
            execution = self._client.describe_execution(executionArn=f"{machine}:{job_id}")
        except self._client.exceptions.ExecutionDoesNotExist:
            return ExecutionState.MISSING
        return ExecutionState.RUNNING if execution["status"] in _RUNNING else ExecutionState.ENDED
