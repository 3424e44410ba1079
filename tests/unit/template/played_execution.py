"""Runs a state machine's definition on the local engine's interpreter, with functions and S3 played by the test.

Waits are skipped and noted; what the definition does is not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import stepfunctions

from .sam_template import state_machine

#: A function's answer, or the error name that its task fails with.
Function = Callable[[dict[str, Any]], Any]


class TaskFails(Exception):
    """Raised by a played function: the task fails with this error name."""


@dataclass
class Execution:
    """What came of one execution."""

    status: str
    error: str | None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Every call of a function, in order: its name and the payload."""
    payloads: list[str] = field(default_factory=list)
    """Every input and output of a state, as text."""
    waits: list[float] = field(default_factory=list)
    """Every wait between states and between attempts, in seconds."""

    def called(self, function: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.calls if name == function]


def play(
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    given: Mapping[str, Any],
    functions: Mapping[str, Function],
    objects: Mapping[str, str],
) -> Execution:
    """Run one execution to its end.

    Args:
        monkeypatch: puts the players into the engine.
        machine: `import` or `rollback`.
        given: the execution's input.
        functions: called with the payload, by the function's name in the definition without `FunctionArn`.
        objects: the texts of the bucket `files`, by key.
    """
    done = Execution(status="", error=None)

    def call(arn: str, payload: dict[str, Any]) -> Any:
        name = arn.removesuffix("FunctionArn")
        done.calls.append((name, payload))
        try:
            return functions[name](payload)
        except TaskFails as error:
            raise stepfunctions._ExecutionError(str(error), "a cause, perhaps with somebody's name") from None

    def read(bucket: str, key: str) -> str:
        if bucket != "files" or key not in objects:
            raise stepfunctions._ExecutionError("States.ItemReaderFailed", "The specified key does not exist.")
        return objects[key]

    monkeypatch.setattr(stepfunctions, "_call_lambda", call)
    monkeypatch.setattr(stepfunctions, "_s3_object_text", read)
    monkeypatch.setattr(stepfunctions, "_scaled_sleep", done.waits.append)
    # The engine's pause before every execution, whatever its definition says.
    monkeypatch.setattr(stepfunctions, "time", SimpleNamespace(**{**vars(time), "sleep": lambda _seconds: None}))
    monkeypatch.setattr(stepfunctions, "_emit_execution_status_event", lambda _execution: None)
    machine_arn = f"arn:aws:states:eu-central-1:000000000000:stateMachine:{machine}"
    arn = f"arn:aws:states:eu-central-1:000000000000:execution:{machine}:played"
    execution: dict[str, Any] = {
        "executionArn": arn,
        "stateMachineArn": machine_arn,
        "name": "played",
        "status": "RUNNING",
        "startDate": "2026-01-01T12:00:00Z",
        "input": json.dumps(dict(given)),
        "events": [],
    }
    definition = json.dumps(state_machine(machine, Partition="aws"))
    monkeypatch.setattr(stepfunctions, "_state_machines", {machine_arn: {"name": machine, "definition": definition}})
    monkeypatch.setattr(stepfunctions, "_executions", {arn: execution})
    stepfunctions._run_execution(arn)
    done.status, done.error = execution["status"], execution.get("error")
    for event in execution["events"]:
        details = event.get("stateEnteredEventDetails") or event.get("stateExitedEventDetails") or {}
        done.payloads += [details[key] for key in ("input", "output") if key in details]
    return done
