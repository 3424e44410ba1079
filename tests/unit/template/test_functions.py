"""Every function: its folder, its sample event, its logs, its time, its layers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from contacts.contracts.slice_message import SliceMessage
from contacts.contracts.steps import CleanUpExportsInput
from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE
from contacts.usecases.mend_bulk_job import OVERDUE_AFTER

from .sam_template import ROOT, folder, functions, of_type, tasks, variables

FUNCTIONS = ROOT / "functions"
EVENTS = ROOT / "events"

#: Samples beside the one that each function has, with the function that they are for.
FURTHER_EVENTS = {"clean_up_exports_dry_run": "clean_up_exports"}

#: API Gateway answers 503 after this many seconds, whatever the function still does.
HTTP_API_SECONDS = 30


def test_each_folder_is_one_function_and_each_function_one_folder(template: dict[str, Any]) -> None:
    folders = {path.parent.name for path in FUNCTIONS.glob("*/handler.py")}
    assert {folder(function) for function in functions(template).values()} == folders


def test_each_function_has_a_sample_event_and_each_event_a_function(template: dict[str, Any]) -> None:
    events = {path.stem for path in EVENTS.iterdir()}
    folders = {folder(function) for function in functions(template).values()}
    assert folders <= events
    assert events - folders == set(FURTHER_EVENTS)


def test_logical_ids_follow_the_folders(template: dict[str, Any]) -> None:
    for name, function in functions(template).items():
        words = folder(function).split("_")
        assert name == "".join(word.capitalize() for word in words) + "Function"


def test_runtime_tracing_and_log_format_are_the_same_everywhere(template: dict[str, Any]) -> None:
    for name, function in functions(template).items():
        assert function["Runtime"] == "python3.13", name
        assert function["Architectures"] == ["arm64"], name
        assert function["Handler"] == "handler.handler", name
        assert function["Tracing"] == "Active", name
        assert function["LoggingConfig"]["LogFormat"] == "JSON", name


def test_each_function_logs_to_a_group_of_its_own_that_forgets(template: dict[str, Any]) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    used = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions(template).values()]
    assert len(set(used)) == len(used)
    assert set(used) <= set(groups)


def test_every_log_group_forgets_after_the_days_of_the_parameter(template: dict[str, Any]) -> None:
    for name, group in of_type(template, "AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


def test_events_are_never_logged(template: dict[str, Any]) -> None:
    for name, function in functions(template).items():
        assert "POWERTOOLS_LOGGER_LOG_EVENT" not in variables(function), name
        assert variables(function)["POWERTOOLS_LOG_LEVEL"] != "DEBUG", name


def test_each_function_names_itself_in_logs_and_traces(template: dict[str, Any]) -> None:
    for name, function in functions(template).items():
        assert variables(function)["POWERTOOLS_SERVICE_NAME"] == folder(function).replace("_", "-"), name


def test_functions_behind_the_api_end_before_the_gateway_gives_up(template: dict[str, Any]) -> None:
    behind_the_api = [f for f in functions(template).values() if _event_types(f) == {"HttpApi"}]
    assert len(behind_the_api) == 9
    for function in behind_the_api:
        assert function["Timeout"] < HTTP_API_SECONDS, folder(function)


def test_a_function_is_called_by_the_api_by_the_clock_by_a_queue_or_by_a_state_machine(
    template: dict[str, Any],
) -> None:
    called = {task["Parameters"]["FunctionName"].removesuffix("Arn") for task in _tasks()}
    for name, function in functions(template).items():
        assert (name in called) != bool(_event_types(function)), name


def test_what_runs_unattended_leaves_failures_in_the_dead_letter_queue(template: dict[str, Any]) -> None:
    scheduled = {name: f for name, f in functions(template).items() if "Schedule" in _event_types(f)}
    assert set(scheduled) == {"SweepJobsFunction", "CleanUpExportsFunction"}
    queue = {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    for name, function in scheduled.items():
        on_failure = function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
        assert on_failure == {"Type": "SQS", "Destination": queue}, name
        for event in function["Events"].values():
            assert event["Properties"]["DeadLetterConfig"] == {"Arn": queue}, name


@pytest.mark.parametrize("path", sorted(EVENTS.iterdir()), ids=lambda path: path.stem)
def test_sample_events_have_the_shape_that_aws_sends(path: Any, template: dict[str, Any]) -> None:
    event = json.loads(path.read_text())
    name = FURTHER_EVENTS.get(path.stem, path.stem)
    [function] = [f for f in functions(template).values() if folder(f) == name]
    types = _event_types(function)
    if types == {"HttpApi"}:
        routes = {(e["Properties"]["Method"], e["Properties"]["Path"]) for e in function["Events"].values()}
        assert event["version"] == "2.0"
        method, route = event["routeKey"].split(" ")
        assert (method, route) in routes
        assert event["requestContext"]["http"]["method"] == method
        open_route = next(
            e["Properties"].get("Auth", {}).get("Authorizer") == "NONE"
            for e in function["Events"].values()
            if (e["Properties"]["Method"], e["Properties"]["Path"]) == (method, route)
        )
        assert ("authorizer" in event["requestContext"]) != open_route
    elif types == {"Schedule"}:
        given = _event(function).get("Input")
        if given is None:
            assert event["source"] == "aws.events"
        elif path.stem == name:
            assert event == json.loads(given)
        else:
            assert set(event) == set(json.loads(given))
    elif types == {"SQS"}:
        [record] = event["Records"]
        assert record["eventSource"] == "aws:sqs"
        SliceMessage.model_validate_json(record["body"])
        from_a_queue_with_dead_letters = "DeadLetterQueueSourceArn" not in record["attributes"]
        assert from_a_queue_with_dead_letters == ("RedrivePolicy" in _queue_of(function, template))
    else:
        payloads = [
            task["Parameters"]["Payload"] for task in _tasks() if task["Parameters"]["FunctionName"] == _arn(function)
        ]
        assert payloads
        for payload in payloads:
            assert set(event) == {key.removesuffix(".$") for key in payload}


def test_exports_are_cleaned_up_every_day_at_four_by_what_the_clock_says(template: dict[str, Any]) -> None:
    clock = _event(functions(template)["CleanUpExportsFunction"])
    assert clock["Schedule"] == "cron(0 4 * * ? *)"
    assert CleanUpExportsInput.model_validate_json(clock["Input"]) == CleanUpExportsInput(dry_run=False)
    dry_run = json.loads((EVENTS / "clean_up_exports_dry_run.json").read_text())
    assert CleanUpExportsInput.model_validate(dry_run).dry_run is True


def test_what_writes_exports_has_a_processor_and_room_for_the_contacts_that_wait(template: dict[str, Any]) -> None:
    """1,769 MB come with one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
    writer = functions(template)["WriteExportFunction"]
    assert writer["MemorySize"] >= 1769
    a_million_contacts_in_mb = 1_000_000 * 4_096 / 1024**2
    assert writer["EphemeralStorage"]["Size"] > a_million_contacts_in_mb


def test_slices_come_one_at_a_time_and_what_failed_comes_again(template: dict[str, Any]) -> None:
    sources = {name: _event(f) for name, f in functions(template).items() if _event_types(f) == {"SQS"}}
    queues = {name: source["Queue"]["Fn::GetAtt"][0] for name, source in sources.items()}
    assert queues == {
        "CreateBulkSliceFunction": "CreateSlicesQueue",
        "DeleteBulkSliceFunction": "DeleteSlicesQueue",
        "CloseBulkSlicesFunction": "BulkSlicesDeadLetters",
    }
    for name, source in sources.items():
        assert source["BatchSize"] == 1, name
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        bounded = source.get("ScalingConfig") == {"MaximumConcurrency": {"Ref": "SliceConcurrency"}}
        assert bounded == (name != "CloseBulkSlicesFunction"), name


def test_functions_that_a_queue_calls_and_that_send_to_queues_may_call_each_other_for_long(
    template: dict[str, Any],
) -> None:
    """Lambda stops a chain after 16 invocations: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html

    Whoever ends a slice sends the tenant's next one; twenty jobs of 5,000 make chains of fifty.
    """
    for name, function in functions(template).items():
        in_a_chain = _event_types(function) == {"SQS"} and "CREATE_SLICES_QUEUE_URL" in variables(function)
        assert function.get("RecursiveLoop") == ("Allow" if in_a_chain else None), name
    allowed = [name for name, function in functions(template).items() if "RecursiveLoop" in function]
    assert allowed == ["CreateBulkSliceFunction", "DeleteBulkSliceFunction", "CloseBulkSlicesFunction"]


def test_a_message_stays_hidden_for_longer_than_a_worker_can_be_at_it(template: dict[str, Any]) -> None:
    """Six times the time-out: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    for name, function in functions(template).items():
        if _event_types(function) == {"SQS"}:
            assert _queue_of(function, template)["VisibilityTimeout"] == 6 * function["Timeout"], name


def test_who_closes_a_slice_comes_again_when_its_workers_are_gone(template: dict[str, Any]) -> None:
    workers = [functions(template)[name]["Timeout"] for name in ("CreateBulkSliceFunction", "DeleteBulkSliceFunction")]
    again = template["Resources"]["BulkSlicesDeadLetters"]["Properties"]["VisibilityTimeout"]
    assert timedelta(seconds=max(workers)) < SLICE_WORKER_LIFE < timedelta(seconds=again)


def test_the_sweeper_waits_until_a_message_can_be_on_its_way_no_more(template: dict[str, Any]) -> None:
    for name in ("CreateSlicesQueue", "DeleteSlicesQueue"):
        queue = template["Resources"][name]["Properties"]
        redrive = queue["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["BulkSlicesDeadLetters", "Arn"]}
        seconds = queue["VisibilityTimeout"] * redrive["maxReceiveCount"]
        assert timedelta(seconds=seconds) < OVERDUE_AFTER < timedelta(seconds=queue["MessageRetentionPeriod"])


def test_sample_events_of_the_api_carry_the_claims_that_the_parameters_name(template: dict[str, Any]) -> None:
    defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    for path in EVENTS.glob("*_api.json"):
        claims = json.loads(path.read_text())["requestContext"]["authorizer"]["jwt"]["claims"]
        assert {"sub", defaults["TenantClaim"], defaults["ScopeClaim"]} <= set(claims), path.stem


def test_the_workers_of_all_tenants_can_be_bounded_and_are_not_by_default(template: dict[str, Any]) -> None:
    parameter = template["Parameters"]["WorkerConcurrency"]
    assert (parameter["Default"], parameter["MinValue"]) == (0, 0)
    assert template["Conditions"]["WorkersAreUnbounded"] == {"Fn::Equals": [{"Ref": "WorkerConcurrency"}, 0]}
    bound = {"Fn::If": ["WorkersAreUnbounded", {"Ref": "AWS::NoValue"}, {"Ref": "WorkerConcurrency"}]}
    reserved = {
        folder(function): function["ReservedConcurrentExecutions"]
        for function in functions(template).values()
        if "ReservedConcurrentExecutions" in function
    }
    assert reserved == {"apply_import_part": bound, "roll_back_part": bound}


def _event_types(function: dict[str, Any]) -> set[str]:
    return {event["Type"] for event in (function.get("Events") or {}).values()}


def _event(function: dict[str, Any]) -> dict[str, Any]:
    """The properties of the one event that calls a function."""
    [event] = function["Events"].values()
    properties: dict[str, Any] = event["Properties"]
    return properties


def _queue_of(function: dict[str, Any], template: dict[str, Any]) -> dict[str, Any]:
    queue: dict[str, Any] = template["Resources"][_event(function)["Queue"]["Fn::GetAtt"][0]]["Properties"]
    return queue


def _tasks() -> list[dict[str, Any]]:
    return [task for machine in ("export", "import", "rollback") for _, task in tasks(machine)]


def _arn(function: dict[str, Any]) -> str:
    return "".join(word.capitalize() for word in folder(function).split("_")) + "FunctionArn"
