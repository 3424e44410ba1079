"""The import's state machine: in line with template and contracts, and where it goes when things go wrong."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from contacts.contracts.steps import (
    ApplyImportPartInput,
    ApplyImportPartOutput,
    FinishImportInput,
    Manifest,
    StageImportInput,
    StageImportOutput,
    Step,
)

from .import_execution import Execution, TaskFails, run_import
from .sam_template import STATE_MACHINE, functions, state_machine, states, substitutions

JOB = "job-1"
INPUTS: dict[str, type[Step]] = {
    "StageImportFunctionArn": StageImportInput,
    "ApplyImportPartFunctionArn": ApplyImportPartInput,
    "FinishImportFunctionArn": FinishImportInput,
}
#: Errors that Step Functions itself and its integration with Lambda name; no function's exception is matched by name,
#: because a decision is a value here.
#: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
KNOWN_ERRORS = {
    "Lambda.TooManyRequestsException",
    "States.ALL",
    "States.ItemReaderFailed",
    "States.TaskFailed",
    "States.Timeout",
}


class TestDefinition:
    def test_every_substitution_is_defined_and_every_definition_used(self, template: dict[str, Any]) -> None:
        defined = _machine(template)["DefinitionSubstitutions"]
        assert substitutions(STATE_MACHINE.read_text()) == set(defined)

    def test_each_substitution_for_a_function_is_that_functions_arn(self, template: dict[str, Any]) -> None:
        defined = _machine(template)["DefinitionSubstitutions"]
        for name in INPUTS:
            assert defined[name] == {"Fn::GetAtt": [name.removesuffix("Arn"), "Arn"]}

    def test_it_lies_in_a_file_and_keeps_data_out_of_its_log(self, template: dict[str, Any]) -> None:
        machine = _machine(template)
        assert machine["DefinitionUri"] == "statemachines/import.asl.yaml"
        assert machine["Type"] == "STANDARD"
        assert machine["Tracing"] == {"Enabled": True}
        assert machine["Logging"]["Level"] == "ERROR"
        assert machine["Logging"]["IncludeExecutionData"] is False

    def test_the_concurrency_of_the_map_is_a_number(self) -> None:
        assert state_machine(MapConcurrency="20")["States"]["ApplyParts"]["MaxConcurrency"] == 20

    def test_every_step_outlasts_its_function(self, template: dict[str, Any]) -> None:
        timeouts = {f"{name}Arn": function["Timeout"] for name, function in functions(template).items()}
        for name, task in _tasks():
            assert task["TimeoutSeconds"] > timeouts[task["Parameters"]["FunctionName"]], name

    def test_the_whole_outlasts_every_step_and_ends_within_a_day(self) -> None:
        definition = state_machine()
        longest = max(task["TimeoutSeconds"] for _, task in _tasks())
        assert 4 * longest < definition["TimeoutSeconds"] < 24 * 3600

    def test_every_step_is_retried_and_waits_longer_and_longer_apart_from_others(self) -> None:
        for name, task in _tasks():
            retried = [error for rule in task["Retry"] for error in rule["ErrorEquals"]]
            assert {"Lambda.TooManyRequestsException", "States.TaskFailed", "States.Timeout"} == set(retried), name
            for rule in task["Retry"]:
                assert rule["BackoffRate"] > 1, name
                assert rule["MaxAttempts"] >= 3, name
                assert rule["JitterStrategy"] == "FULL", name

    def test_every_way_off_is_caught_but_the_last(self) -> None:
        for name, state in states(state_machine()):
            if state["Type"] in ("Task", "Map") and name != "FailJob":
                assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name

    def test_error_names_are_those_of_the_service(self) -> None:
        named = {
            error
            for _, state in states(state_machine())
            for rule in [*state.get("Retry", []), *state.get("Catch", [])]
            for error in rule["ErrorEquals"]
        }
        assert named == KNOWN_ERRORS

    def test_payloads_are_what_the_steps_take(self) -> None:
        for name, task in _tasks():
            model = INPUTS[task["Parameters"]["FunctionName"]]
            payload = {key.removesuffix(".$") for key in task["Parameters"]["Payload"]}
            assert payload == {field.alias for field in model.model_fields.values()}, name

    def test_decisions_are_those_that_staging_takes(self) -> None:
        choices = state_machine()["States"]["Decide"]["Choices"]
        decisions = StageImportOutput.model_fields["decision"].annotation
        assert {choice["StringEquals"] for choice in choices} == set(get_args(decisions))

    def test_a_child_may_take_longer_than_an_express_workflow(self, template: dict[str, Any]) -> None:
        parts = state_machine()["States"]["ApplyParts"]
        express_seconds = 300
        assert functions(template)["ApplyImportPartFunction"]["Timeout"] >= express_seconds
        assert parts["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


class TestExecution:
    def test_every_part_is_applied_and_the_job_finished(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done = _run(monkeypatch, parts=3)
        assert done.status == "SUCCEEDED"
        assert sorted(call["part"] for call in done.called("ApplyImportPart")) == [0, 1, 2]
        assert done.called("FinishImport") == [{"jobId": JOB, "cause": None}]
        for function, payload in done.calls:
            INPUTS[f"{function}FunctionArn"].model_validate(payload)

    def test_what_travels_does_not_grow_with_the_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        few, many = _run(monkeypatch, parts=1), _run(monkeypatch, parts=200)
        assert max(map(len, many.payloads)) == max(map(len, few.payloads))

    def test_a_refused_file_is_finished_without_applying(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done = _run(monkeypatch, decision="finish")
        assert done.status == "SUCCEEDED"
        assert not done.called("ApplyImportPart")
        assert done.called("FinishImport") == [{"jobId": JOB, "cause": None}]

    def test_a_decision_nobody_knows_fails_the_job(self, monkeypatch: pytest.MonkeyPatch) -> None:
        _assert_failed(_run(monkeypatch, decision="perhaps"))

    @pytest.mark.parametrize("error", ["RuntimeError", "States.Timeout", "Lambda.TooManyRequestsException"])
    @pytest.mark.parametrize("step", ["stage", "apply", "finish"])
    def test_a_step_that_fails_for_a_while_is_done_again(
        self, monkeypatch: pytest.MonkeyPatch, step: str, error: str
    ) -> None:
        done = _run(monkeypatch, parts=1, failures={step: 3}, error=error)
        assert done.status == "SUCCEEDED"
        assert done.called("FinishImport")[-1] == {"jobId": JOB, "cause": None}

    def test_a_part_that_fails_for_good_does_not_stop_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done = _run(monkeypatch, parts=3, broken_part=1)
        assert done.status == "SUCCEEDED"
        assert {call["part"] for call in done.called("ApplyImportPart")} == {0, 1, 2}
        assert done.called("FinishImport") == [{"jobId": JOB, "cause": None}]

    def test_a_file_that_cannot_be_staged_fails_the_job(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done = _run(monkeypatch, failures={"stage": 99})
        _assert_failed(done)
        assert not done.called("ApplyImportPart")

    def test_a_manifest_that_is_gone_fails_the_job(self, monkeypatch: pytest.MonkeyPatch) -> None:
        _assert_failed(_run(monkeypatch, parts=None))

    def test_a_job_that_cannot_be_finished_is_failed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done = _run(monkeypatch, parts=1, failures={"finish": 7})
        _assert_failed(done)

    def test_where_even_that_fails_the_execution_shows_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done = _run(monkeypatch, parts=1, failures={"finish": 99})
        assert (done.status, done.error) == ("FAILED", "RuntimeError")

    def test_causes_do_not_travel_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An exception's text may speak of a row: it stays in the history of the task that raised it."""
        for failing in ({"stage": 99}, {"finish": 7}):
            done = _run(monkeypatch, parts=1, failures=failing)
            assert not [payload for payload in done.payloads if "somebody's name" in payload]


def _run(
    monkeypatch: pytest.MonkeyPatch,
    *,
    parts: int | None = 0,
    decision: str = "apply",
    failures: dict[str, int] | None = None,
    error: str = "RuntimeError",
    broken_part: int | None = None,
) -> Execution:
    """Run an import whose steps answer as the contracts say, after failing so many times."""
    left = dict(failures or {})

    def fail_first(step: str) -> None:
        if left.get(step, 0) > 0:
            left[step] -= 1
            raise TaskFails(error)

    def stage(payload: dict[str, Any]) -> dict[str, Any]:
        fail_first("stage")
        manifest = Manifest(bucket="files", key=f"staged/{payload['jobId']}/manifest.json").to_event()
        return {"jobId": payload["jobId"], "decision": decision, "manifest": manifest}

    def apply(payload: dict[str, Any]) -> dict[str, Any]:
        fail_first("apply")
        if payload["part"] == broken_part:
            raise TaskFails(error)
        return ApplyImportPartOutput().to_event()

    def finish(payload: dict[str, Any]) -> None:
        fail_first("finish")

    manifest = None if parts is None else json.dumps([{"part": part} for part in range(parts)])
    return run_import(monkeypatch, JOB, manifest, stage=stage, apply=apply, finish=finish)


def _assert_failed(done: Execution) -> None:
    assert (done.status, done.error) == ("FAILED", "ImportFailed")
    assert done.called("FinishImport")[-1] == {"jobId": JOB, "cause": "IMPORT_FAILED"}


def _machine(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"]["ImportStateMachine"]["Properties"]
    return properties


def _tasks() -> list[tuple[str, dict[str, Any]]]:
    return [(name, state) for name, state in states(state_machine()) if state["Type"] == "Task"]
