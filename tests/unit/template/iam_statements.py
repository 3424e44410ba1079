"""Who may do what, read from the roles that SAM makes, so that what SAM adds is looked at too."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
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


def permits(cloudformation: dict[str, Any], role: str, action: str, target: str, enclosing: str | None = None) -> bool:
    """Whether a role may do this to an object, with a list of the bucket, or to contacts.

    `target` is an object's key, the prefix of a list, or what follows in the ARN behind that of the contacts table;
    `enclosing` names the transaction that the action is part of.
    """
    return any(
        action in as_list(statement["Action"])
        and any(_covers(resource, action, target) for resource in as_list(statement["Resource"]))
        and _holds(statement.get("Condition", {}), target, enclosing)
        for name, statement in role_statements(cloudformation)
        if name == role
    )


def _covers(resource: Any, action: str, target: str) -> bool:
    if action == "s3:ListBucket":
        return resource == {"Fn::GetAtt": ["FilesBucket", "Arn"]}
    if action.startswith("s3:"):
        return fnmatchcase(f"${{FilesBucket.Arn}}/{target}", str(resource.get("Fn::Sub")))
    if target:
        return resource == {"Fn::Sub": f"${{ContactsTable.Arn}}/{target}"}
    return resource == {"Fn::GetAtt": ["ContactsTable", "Arn"]}


def _holds(condition: dict[str, Any], target: str, enclosing: str | None) -> bool:
    for operator, keys in condition.items():
        for key, values in keys.items():
            match operator, key:
                case "ForAnyValue:StringEquals", "dynamodb:EnclosingOperation":
                    holds = enclosing in as_list(values)
                case "StringLikeIfExists", "s3:prefix":
                    holds = any(fnmatchcase(target, pattern) for pattern in as_list(values))
                case _:
                    raise AssertionError(f"nobody has thought of {operator} of {key} here yet")
            if not holds:
                return False
    return True


def objects(cloudformation: dict[str, Any], role: str, action: str) -> set[str]:
    """The patterns of the keys with which a role may do this."""
    return {
        resource["Fn::Sub"].removeprefix("${FilesBucket.Arn}/")
        for of, statement in role_statements(cloudformation)
        if of == role and action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }
