"""Who may do what, read from the roles that SAM makes, so that what SAM adds is looked at too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .sam_template import as_list, of_type

STATE_MACHINE_ROLES = ("ExportStateMachineRole", "ImportStateMachineRole", "RollbackStateMachineRole")
#: What takes messages out of the queues of bulk jobs.
WORKERS = {"CreateBulkSliceFunctionRole", "DeleteBulkSliceFunctionRole", "CloseBulkSlicesFunctionRole"}
#: What lists the files of exports, to remove them, and reads none.
REMOVES_EXPORTS = {
    "CleanUpExportsFunctionRole",
    "FailExportFunctionRole",
    "SweepJobsFunctionRole",
    "WriteExportFunctionRole",
}


def policies(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy of every role, with the role."""
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield name, policy["PolicyDocument"]
    assert not of_type(template, "AWS::IAM::Policy"), "a policy outside of the roles; look at it here too"
    assert not of_type(template, "AWS::IAM::ManagedPolicy"), "a policy outside of the roles; look at it here too"


def role_statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every role, with the role."""
    for role, policy in policies(template):
        for statement in as_list(policy["Statement"]):
            yield role, statement


def resources_by_action(cloudformation: dict[str, Any], role: str) -> dict[str, list[Any]]:
    """What a role may do, and to what."""
    allowed: dict[str, list[Any]] = {}
    for name, statement in role_statements(cloudformation):
        if name == role:
            for action in as_list(statement["Action"]):
                allowed.setdefault(action, []).extend(as_list(statement["Resource"]))
    return allowed


def allowed(cloudformation: dict[str, Any], role: str, table: str) -> set[str]:
    """What a role may do to a table itself."""
    arn = {"Fn::GetAtt": [table, "Arn"]}
    return {
        action
        for name, statement in role_statements(cloudformation)
        if name == role and arn in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }


def allowed_on(cloudformation: dict[str, Any], table: str, action: str) -> set[str]:
    """The roles that may do this to a table itself."""
    arn = {"Fn::GetAtt": [table, "Arn"]}
    return {
        role
        for role, statement in role_statements(cloudformation)
        if arn in as_list(statement["Resource"]) and action in as_list(statement["Action"])
    }


def objects(cloudformation: dict[str, Any], role: str, action: str) -> set[str]:
    """The patterns of the keys with which a role may do this."""
    return {
        resource["Fn::Sub"].removeprefix("${FilesBucket.Arn}/")
        for of, statement in role_statements(cloudformation)
        if of == role and action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }
