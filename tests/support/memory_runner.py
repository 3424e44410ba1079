"""A `JobRunner`, and an `ExportRunner`, that notes what was started and runs nothing."""

from __future__ import annotations

from contacts.ports import ExecutionState


def rollback_execution(job_id: str, run: int, attempt: int) -> str:
    """What a rollback's execution is called in `MemoryRunner.started` and `MemoryRunner.states`."""
    return f"{job_id}-rollback-{run}-{attempt}"


class MemoryRunner:
    """`started` holds each execution once, in order: an import's or an export's is called as the job. `states` is where
    a test says how one ended."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.states: dict[str, ExecutionState] = {}

    def start_import(self, job_id: str) -> None:
        self._start(job_id)

    def import_state(self, job_id: str) -> ExecutionState:
        return self.states.get(job_id, ExecutionState.MISSING)

    def start_rollback(self, job_id: str, run: int, attempt: int) -> None:
        self._start(rollback_execution(job_id, run, attempt))

    def rollback_state(self, job_id: str, run: int, attempt: int) -> ExecutionState:
        return self.states.get(rollback_execution(job_id, run, attempt), ExecutionState.MISSING)

    def start_export(self, job_id: str) -> None:
        self._start(job_id)

    def export_state(self, job_id: str) -> ExecutionState:
        return self.states.get(job_id, ExecutionState.MISSING)

    def _start(self, name: str) -> None:
        if name not in self.states:
            self.started.append(name)
            self.states[name] = ExecutionState.RUNNING
