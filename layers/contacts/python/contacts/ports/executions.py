"""State machines at work on jobs."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class ExecutionState(StrEnum):
    """How the state machine stands with a job."""

    MISSING = "missing"
    RUNNING = "running"
    ENDED = "ended"


class JobRunner(Protocol):
    """Starts the state machine of a job. The execution is named after the job, so a second start does nothing."""

    def start_import(self, job_id: str) -> None: ...

    def import_state(self, job_id: str) -> ExecutionState: ...

    def start_rollback(self, job_id: str, run: int, attempt: int) -> None: ...

    def rollback_state(self, job_id: str, run: int, attempt: int) -> ExecutionState: ...
