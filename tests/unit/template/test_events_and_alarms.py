"""What tells people and other systems: the event bus, its rule, the alarms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from contacts.runtime.undispatched_jobs import tell_undispatched
from contacts.usecases.mend_bulk_job import OVERDUE_AFTER

from .sam_template import folder, functions, of_type, variables

ONLY_WITH_AN_ADDRESS = (
    "ImportNotificationsRule",
    "NotificationsKey",
    "NotificationsTopic",
    "NotificationsTopicPolicy",
)


@pytest.mark.parametrize("name", ONLY_WITH_AN_ADDRESS)
def test_without_an_address_there_is_nothing_to_notify_with(template: dict[str, Any], name: str) -> None:
    assert template["Resources"][name]["Condition"] == "HasNotificationEmail"
    assert template["Parameters"]["NotificationEmail"]["Default"] == ""


def test_the_address_hears_of_both_ends_of_an_import(template: dict[str, Any]) -> None:
    [rule] = of_type(template, "AWS::Events::Rule").values()
    assert rule["EventBusName"] == {"Ref": "ContactsEventBus"}
    assert rule["EventPattern"] == {
        "source": ["bulk-contacts"],
        "detail-type": ["ContactsImportCompleted", "ContactsImportFailed"],
    }
    assert template["Resources"]["NotificationsTopic"]["Properties"]["Subscription"] == [
        {"Protocol": "email", "Endpoint": {"Ref": "NotificationEmail"}}
    ]


def test_every_target_of_a_rule_is_retried_and_then_put_aside(cloudformation: dict[str, Any]) -> None:
    for name, rule in of_type(cloudformation, "AWS::Events::Rule").items():
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}, name
            assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0, name


def test_eventbridge_may_put_things_aside(template: dict[str, Any]) -> None:
    policies = of_type(template, "AWS::SQS::QueuePolicy").values()
    [allowed] = [s for policy in policies for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    assert allowed["Resource"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Action"] == "sqs:SendMessage"
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_notifications_are_encrypted_with_a_key_that_the_publishers_may_use(template: dict[str, Any]) -> None:
    assert template["Resources"]["NotificationsTopic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "NotificationsKey"}
    assert template["Resources"]["NotificationsKey"]["Properties"]["EnableKeyRotation"] is True


@pytest.mark.parametrize(
    ("namespace", "metric", "dimension"),
    [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"Fn::GetAtt": ["DeadLetterQueue", "QueueName"]}),
        # Has a consumer, which empties it before its depth is looked at.
        ("AWS/SQS", "NumberOfMessagesReceived", {"Fn::GetAtt": ["BulkSlicesDeadLetters", "QueueName"]}),
        ("AWS/ApiGateway", "5xx", {"Ref": "ContactsApi"}),
        ("AWS/Lambda", "Throttles", None),
    ],
)
def test_there_is_an_alarm(template: dict[str, Any], namespace: str, metric: str, dimension: Any) -> None:
    found = [alarm for alarm in _alarms(template) if (alarm["Namespace"], alarm["MetricName"]) == (namespace, metric)]
    assert [[d["Value"] for d in alarm.get("Dimensions", [])] for alarm in found] == [[dimension] if dimension else []]


@pytest.mark.parametrize("metric", ["WriteThrottleEvents", "ReadThrottleEvents"])
def test_every_table_and_each_of_its_indexes_has_alarms_for_throttles(template: dict[str, Any], metric: str) -> None:
    """The metrics of a table by its name alone leave out those of its indexes.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    """
    watched = [
        alarm["Dimensions"]
        for alarm in _alarms(template)
        if (alarm["Namespace"], alarm["MetricName"]) == ("AWS/DynamoDB", metric)
    ]
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert len(tables) == 2
    by_table = [[{"Name": "TableName", "Value": {"Ref": table}}] for table in tables]
    by_index = [
        [{"Name": "TableName", "Value": {"Ref": table}}, {"Name": "GlobalSecondaryIndexName", "Value": name}]
        for table, properties in tables.items()
        for name in (index["IndexName"] for index in properties["GlobalSecondaryIndexes"])
    ]
    assert watched == by_table + by_index


@pytest.mark.parametrize(
    ("metric", "folders"),
    [("jobs_not_dispatched", {"bulk_create_api", "bulk_delete_api"}), ("jobs_left", {"sweep_jobs"})],
)
def test_metrics_of_our_own_are_watched_by_the_dimensions_that_they_are_emitted_with(
    template: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    metric: str,
    folders: set[str],
) -> None:
    """CloudWatch takes a metric by its exact dimensions; an alarm on others sees nothing."""
    emitted = []
    for function in functions(template).values():
        if folder(function) in folders:
            for name in ("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"):
                monkeypatch.setenv(name, variables(function)[name])
            _emit(metric)
            [line] = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line]
            [how] = line["_aws"]["CloudWatchMetrics"]
            [dimensions] = how["Dimensions"]
            emitted.append((how["Namespace"], {name: line[name] for name in dimensions}))
    watched = [
        (alarm["Namespace"], {each["Name"]: each["Value"] for each in alarm["Dimensions"]})
        for alarm in _alarms(template)
        if alarm["MetricName"] == metric
    ]
    assert len(emitted) == len(folders)
    assert watched == emitted


def test_a_sweep_lags_where_none_in_half_an_hour_came_to_all_jobs_whenever_they_ended(template: dict[str, Any]) -> None:
    """Where they take long, there are spells of five minutes in which none ends: no row of such periods holds."""
    [alarm] = [alarm for alarm in _alarms(template) if alarm["MetricName"] == "jobs_left"]
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Minimum", 1800, 1)


def _emit(metric: str) -> None:
    if metric == "jobs_not_dispatched":
        tell_undispatched("job", ConnectionError())
    else:  # as `telemetry.metrics` does, which was made when another test was first
        metrics = Metrics()
        metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
        metrics.flush_metrics()


def test_workers_that_wait_for_each_other_because_they_are_bounded_raise_no_alarm(template: dict[str, Any]) -> None:
    assert template["Resources"]["LambdaThrottlesAlarm"]["Condition"] == "WorkersAreUnbounded"


def test_there_is_an_alarm_for_slices_that_wait_long_before_they_are_given_up(template: dict[str, Any]) -> None:
    found = [alarm for alarm in _alarms(template) if alarm["MetricName"] == "ApproximateAgeOfOldestMessage"]
    watched = [alarm["Dimensions"] for alarm in found]
    queues = ("CreateSlicesQueue", "DeleteSlicesQueue")
    assert watched == [[{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}] for queue in queues]
    for alarm in found:
        assert (alarm["Namespace"], alarm["Statistic"]) == ("AWS/SQS", "Maximum")
        assert alarm["Threshold"] < OVERDUE_AFTER.total_seconds()


@pytest.mark.parametrize("metric", ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"])
def test_every_state_machine_has_alarms_for_executions_that_end_badly(template: dict[str, Any], metric: str) -> None:
    watched = [
        alarm["Dimensions"]
        for alarm in _alarms(template)
        if (alarm["Namespace"], alarm["MetricName"]) == ("AWS/States", metric)
    ]
    machines = of_type(template, "AWS::Serverless::StateMachine")
    assert watched == [[{"Name": "StateMachineArn", "Value": {"Ref": machine}}] for machine in machines]


def test_every_function_has_an_alarm_for_its_errors(template: dict[str, Any]) -> None:
    watched = [
        alarm["Dimensions"][0]["Value"]["Ref"]
        for alarm in _alarms(template)
        if (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Errors")
    ]
    assert sorted(watched) == sorted(functions(template))


def test_alarms_reach_the_address_and_do_not_cry_over_silence(template: dict[str, Any]) -> None:
    for alarm in _alarms(template):
        name = alarm["AlarmDescription"]
        reaches = {"Fn::If": ["HasNotificationEmail", [{"Ref": "NotificationsTopic"}], {"Ref": "AWS::NoValue"}]}
        assert alarm["AlarmActions"] == reaches, name
        assert alarm["TreatMissingData"] == "notBreaching", name
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold", name
        assert alarm["Threshold"] >= 1, name


def _alarms(template: dict[str, Any]) -> list[dict[str, Any]]:
    return list(of_type(template, "AWS::CloudWatch::Alarm").values())
