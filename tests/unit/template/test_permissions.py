"""What holds for the rights of every function and state machine."""

from __future__ import annotations

from typing import Any

import pytest

from .iam_statements import (
    REMOVES_EXPORTS,
    STATE_MACHINE_ROLES,
    WORKERS,
    objects,
    policies,
    resources_by_action,
    role_statements,
)
from .sam_template import as_list, of_type, tasks

#: Actions for which AWS takes no resource.
#: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
LOG_DELIVERY = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}
#: What SAM attaches to every function: writing its logs, and sending traces (X-Ray takes no resource).
ADDED_BY_SAM = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"}
#: What it attaches to one that is called by a queue: taking messages out of it.
ADDED_BY_SAM_FOR_QUEUES = {"AWSLambdaSQSQueueExecutionRole"}
LINK_SIGNERS = {"ExportsApiFunctionRole", "ImportsApiFunctionRole", "RollbackApiFunctionRole"}
#: What a star in the ARN of an object or of an execution stands behind.
PREFIXES = (
    *("uploads/", "staged/", "bulk/", "undo/", "results/", "exports/", "deletions/"),
    *("-import:", "-import/", "-rollback:", "-rollback/", ".Name}:"),
)


def test_no_action_is_a_wildcard(cloudformation: dict[str, Any]) -> None:
    for role, statement in role_statements(cloudformation):
        for action in as_list(statement["Action"]):
            assert "*" not in action, f"{role}: {action}"


def test_a_resource_is_a_wildcard_only_where_aws_takes_none(cloudformation: dict[str, Any]) -> None:
    for role, statement in role_statements(cloudformation):
        if "*" in as_list(statement["Resource"]):
            assert role in STATE_MACHINE_ROLES
            assert set(as_list(statement["Action"])) == LOG_DELIVERY


def test_a_star_in_a_resource_stands_behind_a_prefix(cloudformation: dict[str, Any]) -> None:
    for role, statement in role_statements(cloudformation):
        for resource in as_list(statement["Resource"]):
            arn = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
            if "*" in arn and arn != "*":
                assert arn.split("*")[0].endswith(PREFIXES), f"{role}: {arn}"


def test_managed_policies_are_only_those_that_sam_adds(cloudformation: dict[str, Any]) -> None:
    for role, properties in of_type(cloudformation, "AWS::IAM::Role").items():
        names = {arn.rsplit("/", 1)[-1] for arn in properties.get("ManagedPolicyArns", [])}
        assert names <= (ADDED_BY_SAM | ADDED_BY_SAM_FOR_QUEUES if role in WORKERS else ADDED_BY_SAM), role


def test_each_function_has_a_role_of_its_own(cloudformation: dict[str, Any]) -> None:
    functions = of_type(cloudformation, "AWS::Lambda::Function")
    for name, function in functions.items():
        assert function["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}


def test_lists_of_the_bucket_are_bound_to_prefixes(cloudformation: dict[str, Any]) -> None:
    found = 0
    for role, statement in role_statements(cloudformation):
        if "s3:ListBucket" in as_list(statement["Action"]):
            found += 1
            assert as_list(statement["Action"]) == ["s3:ListBucket"], role
            # IfExists: S3's own look for "is it missing, or may you not know?" names no prefix.
            assert set(statement["Condition"]) == {"StringLikeIfExists"}, role
            for prefix in as_list(statement["Condition"]["StringLikeIfExists"]["s3:prefix"]):
                assert prefix.endswith("/*"), role
    assert found


def test_a_function_reads_lists_of_what_it_may_read(cloudformation: dict[str, Any]) -> None:
    """Whoever reads objects gets 404, not 403, for one that is not there."""
    for role, policy in policies(cloudformation):
        statements = as_list(policy["Statement"])
        read = {
            resource["Fn::Sub"].removeprefix("${FilesBucket.Arn}/").split("*")[0]
            for statement in statements
            if "s3:GetObject" in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }
        listed = {
            prefix.removesuffix("*")
            for statement in statements
            if as_list(statement["Action"]) == ["s3:ListBucket"]
            for prefix in as_list(statement["Condition"]["StringLikeIfExists"]["s3:prefix"])
        }
        if role == "PrepareRollbackFunctionRole":  # learns the parts from the names of the undo logs
            assert (listed, read) == ({"undo/"}, set())
        elif role in REMOVES_EXPORTS:
            assert listed - {"exports/"} == read, role
        elif role not in STATE_MACHINE_ROLES:  # those read a manifest, which a step put before naming it
            assert listed == read, role


def test_reading_may_go_on_in_the_version_that_it_began_with(cloudformation: dict[str, Any]) -> None:
    """After a broken connection `ResumingObject` names the version, which takes another right than the newest one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    steps = {
        role
        for role, statement in role_statements(cloudformation)
        if "s3:GetObject" in as_list(statement["Action"])
        # Those read a page by its range, or sign a link.
        if role not in {*STATE_MACHINE_ROLES, *LINK_SIGNERS}
    }
    assert len(steps) == 11
    for role in steps:
        newest = objects(cloudformation, role, "s3:GetObject")
        assert objects(cloudformation, role, "s3:GetObjectVersion") == newest, role


def test_who_reads_which_index(cloudformation: dict[str, Any]) -> None:
    readers = {
        (role, resource["Fn::Sub"])
        for role, statement in role_statements(cloudformation)
        for resource in as_list(statement["Resource"])
        if isinstance(resource, dict) and "/index/" in str(resource.get("Fn::Sub", ""))
    }
    assert readers == {
        ("BulkDeleteApiFunctionRole", "${ContactsTable.Arn}/index/externalSource"),
        ("ContactsApiFunctionRole", "${ContactsTable.Arn}/index/externalSource"),
        ("CleanUpExportsFunctionRole", "${JobsTable.Arn}/index/expiringExports"),
        ("JobsApiFunctionRole", "${JobsTable.Arn}/index/byTenant"),
        ("SweepJobsFunctionRole", "${JobsTable.Arn}/index/openJobs"),
    }


@pytest.mark.parametrize("machine", ["export", "import", "rollback"])
def test_a_state_machine_may_call_what_it_calls(cloudformation: dict[str, Any], machine: str) -> None:
    allowed = resources_by_action(cloudformation, f"{machine.capitalize()}StateMachineRole")
    called = {task["Parameters"]["FunctionName"].removesuffix("Arn") for _, task in tasks(machine)}
    assert {function["Fn::GetAtt"][0] for function in allowed["lambda:InvokeFunction"]} == called


def test_the_exports_machine_may_do_nothing_else(cloudformation: dict[str, Any]) -> None:
    allowed = resources_by_action(cloudformation, "ExportStateMachineRole")
    assert set(allowed) - LOG_DELIVERY == {"lambda:InvokeFunction"}


@pytest.mark.parametrize(
    ("machine", "manifests"), [("import", "staged/*/manifest.json"), ("rollback", "undo/*/rollback-*/manifest.json")]
)
def test_a_state_machine_with_a_map_may_read_its_manifest_and_run_its_children(
    cloudformation: dict[str, Any], machine: str, manifests: str
) -> None:
    logical_id = f"{machine.capitalize()}StateMachine"
    allowed = resources_by_action(cloudformation, f"{logical_id}Role")
    assert allowed["s3:GetObject"] == [{"Fn::Sub": f"${{FilesBucket.Arn}}/{manifests}"}]
    name = cloudformation["Resources"][logical_id]["Properties"]["StateMachineName"]["Fn::Sub"]
    assert name.endswith(f"-{machine}")
    assert [r["Fn::Sub"].endswith(f":stateMachine:{name}") for r in allowed["states:StartExecution"]] == [True]
    for action in ("states:DescribeExecution", "states:StopExecution"):
        assert {r["Fn::Sub"].rsplit(":execution:", 1)[1] for r in allowed[action]} == {f"{name}:*", f"{name}/*"}


def test_the_key_for_notifications_is_open_to_its_owner_and_the_two_publishers(cloudformation: dict[str, Any]) -> None:
    # In a key's own policy the resource * is the key; only its owner may do everything with it.
    [key] = of_type(cloudformation, "AWS::KMS::Key").values()
    owner, *publishers = key["KeyPolicy"]["Statement"]
    assert owner["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert [statement["Action"] for statement in publishers] == [["kms:Decrypt", "kms:GenerateDataKey"]] * 2
    _assert_only_this_accounts_alarms_publish(publishers)


def test_who_may_publish_notifications_and_how(cloudformation: dict[str, Any]) -> None:
    [policy] = of_type(cloudformation, "AWS::SNS::TopicPolicy").values()
    *publishers, tls_only = policy["PolicyDocument"]["Statement"]
    assert {statement["Action"] for statement in policy["PolicyDocument"]["Statement"]} == {"sns:Publish"}
    _assert_only_this_accounts_alarms_publish(publishers)
    assert (tls_only["Effect"], tls_only["Principal"]) == ("Deny", "*")
    assert tls_only["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def _assert_only_this_accounts_alarms_publish(publishers: list[dict[str, Any]]) -> None:
    """EventBridge's own statements must not have a condition: it names no source to topics and to their keys.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    assert [(statement["Principal"], statement.get("Condition")) for statement in publishers] == [
        ({"Service": "events.amazonaws.com"}, None),
        ({"Service": "cloudwatch.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}),
    ]
