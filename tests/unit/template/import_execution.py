"""Runs the import's definition on the local engine's interpreter, with functions and S3 played by the test.

Waits between attempts are skipped; what the definition does is not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from ministack.services import stepfunctions

from .sam_template import state_machine

#: A step's answer, or the error name that its task fails with.
Step = Callable[[dict[str, Any]], Any]


class TaskFails(Exception):
    """Raised by a played step: the task fails with this error name."""


@dataclass
class Execution:
    """What came of one execution."""

    status: str
    error: str | None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Every call of a function, in order: its name and the payload."""
    payloads: list[str] = field(default_factory=list)
    """Every input and output of a state, as text."""

    def called(self, function: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.calls if name == function]


def run_import(monkeypatch: pytest.MonkeyPatch, job: str, manifest: str | None = None, **steps: Step) -> Execution:
    """Run one execution to its end.

    Args:
        monkeypatch: puts the players into the engine.
        job: the job's id.
        manifest: the manifest's text, None where there is no such object.
        steps: `stage`, `apply` and `finish`: called with the payload.
    """
    functions = {
        "StageImportFunctionArn": steps["stage"],
        "ApplyImportPartFunctionArn": steps.get("apply", _unexpected),
        "FinishImportFunctionArn": steps["finish"],
    }
    done = Execution(status="", error=None)

    def call(function: str, payload: dict[str, Any]) -> Any:
        done.calls.append((function.removesuffix("FunctionArn"), payload))
        try:
            return functions[function](payload)
        except TaskFails as error:
            raise stepfunctions._ExecutionError(str(error), "a cause, perhaps with somebody's name") from None

    def read(bucket: str, key: str) -> str:
        if manifest is None or (bucket, key) != ("files", f"staged/{job}/manifest.json"):
            raise stepfunctions._ExecutionError("States.ItemReaderFailed", "The specified key does not exist.")
        return manifest

    monkeypatch.setattr(stepfunctions, "_call_lambda", call)
    monkeypatch.setattr(stepfunctions, "_s3_object_text", read)
    monkeypatch.setattr(stepfunctions, "_scaled_sleep", lambda _seconds: None)
    monkeypatch.setattr(stepfunctions, "_emit_execution_status_event", lambda _execution: None)
    machine = "arn:aws:states:eu-central-1:000000000000:stateMachine:import"
    arn = f"arn:aws:states:eu-central-1:000000000000:execution:import:{job}"
    execution: dict[str, Any] = {
        "executionArn": arn,
        "stateMachineArn": machine,
        "name": job,
        "status": "RUNNING",
        "startDate": "2026-01-01T12:00:00Z",
        "input": json.dumps({"jobId": job}),
        "events": [],
    }
    definition = json.dumps(state_machine(Partition="aws"))
    monkeypatch.setattr(stepfunctions, "_state_machines", {machine: {"name": "import", "definition": definition}})
    monkeypatch.setattr(stepfunctions, "_executions", {arn: execution})
    stepfunctions._run_execution(arn)
    done.status, done.error = execution["status"], execution.get("error")
    for event in execution["events"]:
        details = event.get("stateEnteredEventDetails") or event.get("stateExitedEventDetails") or {}
        done.payloads += [details[key] for key in ("input", "output") if key in details]
    return done


def _unexpected(payload: dict[str, Any]) -> None:
    raise AssertionError(f"no part was to be applied: {payload}")
