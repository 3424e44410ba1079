"""A `JobRunner` that notes what was started and runs nothing."""

from __future__ import annotations

from contacts.ports import ExecutionState


class MemoryRunner:
    """`started` holds each job once, in order; `states` is where a test says how an execution ended."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.states: dict[str, ExecutionState] = {}

    def start_import(self, job_id: str) -> None:
        if job_id not in self.states:
            self.started.append(job_id)
            self.states[job_id] = ExecutionState.RUNNING

    def import_state(self, job_id: str) -> ExecutionState:
        return self.states.get(job_id, ExecutionState.MISSING)
