"""What tells people and other systems: the event bus, its rule, the alarms."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.usecases.mend_bulk_job import OVERDUE_AFTER

from .sam_template import functions, of_type

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
def test_every_table_has_alarms_for_throttles(template: dict[str, Any], metric: str) -> None:
    watched = [
        alarm["Dimensions"]
        for alarm in _alarms(template)
        if (alarm["Namespace"], alarm["MetricName"]) == ("AWS/DynamoDB", metric)
    ]
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert len(tables) == 2
    assert watched == [[{"Name": "TableName", "Value": {"Ref": table}}] for table in tables]


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
