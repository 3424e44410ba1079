"""The state machines' definitions: in line with template and contracts, and with each other."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from contacts.contracts.steps import (
    ApplyImportPartInput,
    FailExportInput,
    FinishImportInput,
    FinishRollbackInput,
    FinishRollbackOutput,
    PrepareRollbackInput,
    PrepareRollbackOutput,
    RollBackPartInput,
    StageImportInput,
    StageImportOutput,
    Step,
    WriteExportInput,
)

from .sam_template import (
    STATE_MACHINES,
    definition_text,
    functions,
    of_type,
    state_machine,
    states,
    substitutions,
    tasks,
)

#: The functions that each machine calls, with what they take.
INPUTS: dict[str, dict[str, type[Step]]] = {
    "export": {
        "WriteExportFunctionArn": WriteExportInput,
        "FailExportFunctionArn": FailExportInput,
    },
    "import": {
        "StageImportFunctionArn": StageImportInput,
        "ApplyImportPartFunctionArn": ApplyImportPartInput,
        "FinishImportFunctionArn": FinishImportInput,
    },
    "rollback": {
        "PrepareRollbackFunctionArn": PrepareRollbackInput,
        "RollBackPartFunctionArn": RollBackPartInput,
        "FinishRollbackFunctionArn": FinishRollbackInput,
    },
}
#: The state in which each machine ends what it can't finish.
WAY_OUT = {"export": "FailExport", "import": "FailJob", "rollback": "FailRollback"}
#: Every Choice with the outputs that it decides by.
CHOICES: dict[tuple[str, str], tuple[type[Step], str]] = {
    ("import", "Decide"): (StageImportOutput, "decision"),
    ("rollback", "Decide"): (PrepareRollbackOutput, "mode"),
    ("rollback", "DecideAgain"): (FinishRollbackOutput, "next"),
}
#: Errors that Step Functions itself and its integration with Lambda name; no function's exception is matched by name,
#: because a decision is a value here.
#: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
KNOWN_ERRORS = {"Lambda.TooManyRequestsException", "States.ALL", "States.TaskFailed", "States.Timeout"}
#: That of a Map besides.
ERRORS_OF_MAPS = {"States.ItemReaderFailed"}
#: Those that work in parts.
WITH_MAPS = ("import", "rollback")

every_machine = pytest.mark.parametrize("machine", sorted(INPUTS))
every_machine_with_maps = pytest.mark.parametrize("machine", WITH_MAPS)


def test_these_are_all_the_state_machines(template: dict[str, Any]) -> None:
    assert {path.name for path in STATE_MACHINES.iterdir()} == {f"{machine}.asl.yaml" for machine in INPUTS}
    machines = of_type(template, "AWS::Serverless::StateMachine")
    assert {name: properties["DefinitionUri"] for name, properties in machines.items()} == {
        f"{machine.capitalize()}StateMachine": f"statemachines/{machine}.asl.yaml" for machine in INPUTS
    }


@every_machine
def test_every_substitution_is_defined_and_every_definition_used(template: dict[str, Any], machine: str) -> None:
    assert substitutions(definition_text(machine)) == set(_properties(template, machine)["DefinitionSubstitutions"])


@every_machine
def test_each_substitution_for_a_function_is_that_functions_arn(template: dict[str, Any], machine: str) -> None:
    defined = _properties(template, machine)["DefinitionSubstitutions"]
    for name in INPUTS[machine]:
        assert defined[name] == {"Fn::GetAtt": [name.removesuffix("Arn"), "Arn"]}


@every_machine
def test_a_machine_keeps_data_out_of_its_log(template: dict[str, Any], machine: str) -> None:
    properties = _properties(template, machine)
    assert properties["Type"] == "STANDARD"
    assert properties["Tracing"] == {"Enabled": True}
    assert properties["Logging"]["Level"] == "ERROR"
    assert properties["Logging"]["IncludeExecutionData"] is False
    group = {"Fn::GetAtt": [f"{machine.capitalize()}StateMachineLogGroup", "Arn"]}
    assert properties["Logging"]["Destinations"] == [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}]


@every_machine_with_maps
def test_the_concurrency_of_a_map_is_the_parameters_number(template: dict[str, Any], machine: str) -> None:
    assert _properties(template, machine)["DefinitionSubstitutions"]["MapConcurrency"] == {"Ref": "MapConcurrency"}
    for name, state in _maps(machine, MapConcurrency="20"):
        assert state["MaxConcurrency"] == 20, name


@every_machine
def test_every_step_outlasts_its_function(template: dict[str, Any], machine: str) -> None:
    timeouts = {f"{name}Arn": function["Timeout"] for name, function in functions(template).items()}
    for name, task in tasks(machine):
        assert task["TimeoutSeconds"] > timeouts[task["Parameters"]["FunctionName"]], name


@every_machine
def test_the_whole_outlasts_every_step_and_ends_within_a_day(machine: str) -> None:
    longest = max(task["TimeoutSeconds"] for _, task in tasks(machine))
    assert 4 * longest < state_machine(machine)["TimeoutSeconds"] < 24 * 3600


@every_machine
def test_every_step_is_retried_and_waits_longer_and_longer_apart_from_others(machine: str) -> None:
    for name, task in tasks(machine):
        retried = [error for rule in task["Retry"] for error in rule["ErrorEquals"]]
        assert {"Lambda.TooManyRequestsException", "States.TaskFailed", "States.Timeout"} == set(retried), name
        for rule in task["Retry"]:
            assert rule["BackoffRate"] > 1, name
            assert rule["MaxAttempts"] >= 3, name
            assert rule["JitterStrategy"] == "FULL", name


@every_machine
def test_a_step_waits_for_room_in_the_account_for_most_of_an_hour(machine: str) -> None:
    """Other tenants' jobs can take all of Lambda's concurrency for a while; that must not fail a part of this one."""
    for name, task in tasks(machine):
        [rule] = [rule for rule in task["Retry"] if rule["ErrorEquals"] == ["Lambda.TooManyRequestsException"]]
        bounds = (rule["IntervalSeconds"] * rule["BackoffRate"] ** n for n in range(rule["MaxAttempts"]))
        # Full jitter: half of each bound on average.
        mean = sum(min(bound, rule["MaxDelaySeconds"]) for bound in bounds) / 2
        assert 45 * 60 < mean < 2 * 3600, name


@every_machine
def test_every_way_off_is_caught_but_the_last(machine: str) -> None:
    for name, state in states(state_machine(machine)):
        if state["Type"] in ("Task", "Map") and name != WAY_OUT[machine]:
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


@every_machine_with_maps
def test_nothing_is_failed_while_a_worker_of_a_broken_map_may_still_write(machine: str) -> None:
    definition = state_machine(machine)["States"]
    for name, parts in _maps(machine):
        wait = definition[parts["Catch"][-1]["Next"]]
        assert (wait["Type"], wait["Next"]) == ("Wait", WAY_OUT[machine]), name
        workers = [state for state in parts["ItemProcessor"]["States"].values() if state["Type"] == "Task"]
        assert wait["Seconds"] >= max(worker["TimeoutSeconds"] for worker in workers), name


@pytest.mark.parametrize(("machine", "map_"), [("import", "ApplyParts"), ("rollback", "RollBackParts")])
def test_a_part_is_given_up_when_its_worker_has_ended(template: dict[str, Any], machine: str, map_: str) -> None:
    """What closes the job judges by what is written: nobody may write on."""
    children = dict(_maps(machine))[map_]["ItemProcessor"]["States"]
    [worker] = [state for state in children.values() if state["Type"] == "Task"]
    [given_up] = worker["Catch"]
    assert given_up["ErrorEquals"] == ["States.ALL"]
    wait = children[given_up["Next"]]
    longest = functions(template)[worker["Parameters"]["FunctionName"].removesuffix("Arn")]["Timeout"]
    assert wait["Type"] == "Wait"
    assert wait["Seconds"] > longest
    assert children[wait["Next"]]["Result"] == {"failed": True}


@every_machine
def test_error_names_are_those_of_the_service(machine: str) -> None:
    named = {
        error
        for _, state in states(state_machine(machine))
        for rule in [*state.get("Retry", []), *state.get("Catch", [])]
        for error in rule["ErrorEquals"]
    }
    assert named == (KNOWN_ERRORS | ERRORS_OF_MAPS if machine in WITH_MAPS else KNOWN_ERRORS)


@every_machine
def test_payloads_are_what_the_steps_take(machine: str) -> None:
    for name, task in tasks(machine):
        model = INPUTS[machine][task["Parameters"]["FunctionName"]]
        payload = {key.removesuffix(".$") for key in task["Parameters"]["Payload"]}
        assert payload == {field.alias for field in model.model_fields.values()}, name


@every_machine
def test_decisions_are_those_that_the_steps_take_and_any_other_is_a_failure(machine: str) -> None:
    found = {name: state for name, state in states(state_machine(machine)) if state["Type"] == "Choice"}
    assert {(machine, name) for name in found} == {place for place in CHOICES if place[0] == machine}
    for name, state in found.items():
        model, field = CHOICES[machine, name]
        decisions = set(get_args(model.model_fields[field].annotation))
        assert {choice["StringEquals"] for choice in state["Choices"]} == decisions, name
        assert state["Default"] == WAY_OUT[machine], name


@every_machine_with_maps
def test_a_child_may_take_longer_than_an_express_workflow(template: dict[str, Any], machine: str) -> None:
    express_seconds = 300
    for name, parts in _maps(machine):
        [worker] = [state for state in parts["ItemProcessor"]["States"].values() if state["Type"] == "Task"]
        function = worker["Parameters"]["FunctionName"].removesuffix("Arn")
        assert functions(template)[function]["Timeout"] >= express_seconds, name
        assert parts["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, name


@every_machine_with_maps
def test_maps_of_a_machine_have_labels_of_their_own(machine: str) -> None:
    """Step Functions names the child executions by them and refuses a definition where two are the same."""
    labels = [state["Label"] for _, state in _maps(machine)]
    assert labels
    assert len(set(labels)) == len(labels)


def _properties(template: dict[str, Any], machine: str) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"][f"{machine.capitalize()}StateMachine"]["Properties"]
    return properties


def _maps(machine: str, **values: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, state) for name, state in states(state_machine(machine, **values)) if state["Type"] == "Map"]
