"""What Step Functions would run: for every execution that was started, the tasks that may run now.

Tasks of one pass may run in any order. A task that dies stays to be retried; one that is given up leaves the rest to
its state machine's Catch. An execution that is killed runs nothing more, and says that it has ended.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contacts.domain.export_job import ExportJob
from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import manifest_key, rollback_manifest_key
from contacts.domain.rollback import RollbackMode
from contacts.ports import ExecutionState
from contacts.usecases.finish_rollback import AfterPass
from contacts.usecases.stage_import import StageDecision
from tests.support.memory_runner import rollback_execution
from tests.support.whole_world import WholeWorld


@dataclass(frozen=True)
class Task:
    """One call of one handler."""

    kind: str
    job_id: str
    run: int = 0
    mode: RollbackMode | None = None
    part: int = 0

    def __call__(self, world: WholeWorld) -> Any:
        job_id, run = self.job_id, self.run
        calls: dict[str, Callable[[], Any]] = {
            "stage": lambda: world.stage(job_id),
            "apply": lambda: world.apply(job_id, self.part),
            "finish": lambda: world.finish(job_id),
            "prepare rollback": lambda: world.prepare_rollback(job_id, run),
            "roll back part": lambda: world.roll_back_part(job_id, run, self.mode or RollbackMode.LOOK, self.part),
            "finish rollback": lambda: world.finish_rollback(job_id, run, self.mode),
            "fail rollback": lambda: world.finish_rollback(job_id, run, None, broken_off=True),
            "write export": lambda: world.write_export(job_id),
            "fail export": lambda: world.fail_export(job_id),
        }
        return calls[self.kind]()


@dataclass
class Execution:
    """`name` as in `MemoryRunner`; `todo` may run now; `past` ran, or died and was given up."""

    name: str
    todo: list[Task]
    past: list[Task] = field(default_factory=list)


class Executions:
    def __init__(self, world: WholeWorld) -> None:
        self._world = world
        self.all: dict[str, Execution] = {}

    def sync(self) -> None:
        """Begin what was started."""
        for name in self._world.runner.started[len(self.all) :]:
            self.all[name] = Execution(name, [self._first_task(name)])

    @property
    def live(self) -> list[Execution]:
        return [each for each in self.all.values() if each.todo]

    def succeed(self, execution: Execution, task: Task, result: Any) -> None:
        """Go on after a task has ended."""
        execution.past.append(task)
        execution.todo.remove(task)
        if not execution.todo:
            execution.todo = self._following(task, result)
        self._end_if_done(execution)

    def give_up(self, execution: Execution, task: Task) -> bool:
        """Go on after a task has failed for good; False where its state machine never stops trying."""
        instead = {
            "stage": [Task("finish", task.job_id)],
            "apply": [],
            "roll back part": [],
            "prepare rollback": [Task("fail rollback", task.job_id, task.run)],
            "finish rollback": [Task("fail rollback", task.job_id, task.run)],
            "write export": [Task("fail export", task.job_id)],
        }.get(task.kind)
        if instead is None:
            return False
        execution.past.append(task)
        execution.todo.remove(task)
        if not execution.todo:
            execution.todo = instead or self._following(task, None)
        self._end_if_done(execution)
        return True

    def kill(self, execution: Execution) -> None:
        execution.past += execution.todo
        execution.todo = []
        self._end_if_done(execution)

    def _end_if_done(self, execution: Execution) -> None:
        if not execution.todo:
            self._world.runner.states[execution.name] = ExecutionState.ENDED

    def _first_task(self, name: str) -> Task:
        job = self._world.table.get(name)
        if isinstance(job, ImportJob):
            return Task("stage", name)
        if isinstance(job, ExportJob):
            return Task("write export", name)
        for each in self._world.table.values():
            rollback = each.rollback if isinstance(each, ImportJob) else None
            if rollback is not None and rollback_execution(each.id, rollback.run, rollback.attempt) == name:
                return Task("prepare rollback", each.id, rollback.run)
        raise AssertionError(f"{name} was started, and there is no such job")

    def _following(self, task: Task, result: Any) -> list[Task]:
        job_id, run = task.job_id, task.run
        match task.kind:
            case "stage" if result.decision is StageDecision.APPLY:
                return [Task("apply", job_id, part=part) for part in self._parts(manifest_key, job_id)]
            case "stage" | "apply":
                return [Task("finish", job_id)]
            case "prepare rollback" if result.mode is not None:
                return self._pass(job_id, run, result.mode)
            case "roll back part":
                return [Task("finish rollback", job_id, run, task.mode)]
            case "finish rollback" if result is AfterPass.WRITE and task.mode is RollbackMode.LOOK:
                return self._pass(job_id, run, RollbackMode.WRITE)
        return []

    def _pass(self, job_id: str, run: int, mode: RollbackMode) -> list[Task]:
        parts = self._parts(rollback_manifest_key, job_id, run)
        tasks = [Task("roll back part", job_id, run, mode, part) for part in parts]
        return tasks or [Task("finish rollback", job_id, run, mode)]

    def _parts(self, key: Any, job_id: str, *more: int) -> list[int]:
        body = self._world.files.get(key(self._world.import_job(job_id).tenant, job_id, *more))
        assert body is not None, "there is no manifest"
        return [entry["part"] for entry in json.loads(body)]
