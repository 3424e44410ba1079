"""Who may do what: read from the roles that SAM makes, so that what SAM adds is looked at too."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from contacts.domain import object_keys

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
#: What a star in the ARN of an object or of an execution stands behind.
PREFIXES = (
    *("uploads/", "staged/", "bulk/", "undo/", "results/", "exports/"),
    *("-import:", "-import/", "-rollback:", "-rollback/", ".Name}:"),
)
STATE_MACHINE_ROLES = ("ImportStateMachineRole", "RollbackStateMachineRole")


def test_no_action_is_a_wildcard(cloudformation: dict[str, Any]) -> None:
    for role, statement in _role_statements(cloudformation):
        for action in as_list(statement["Action"]):
            assert "*" not in action, f"{role}: {action}"


def test_a_resource_is_a_wildcard_only_where_aws_takes_none(cloudformation: dict[str, Any]) -> None:
    for role, statement in _role_statements(cloudformation):
        if "*" in as_list(statement["Resource"]):
            assert role in STATE_MACHINE_ROLES
            assert set(as_list(statement["Action"])) == LOG_DELIVERY


def test_a_star_in_a_resource_stands_behind_a_prefix(cloudformation: dict[str, Any]) -> None:
    for role, statement in _role_statements(cloudformation):
        for resource in as_list(statement["Resource"]):
            arn = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
            if "*" in arn and arn != "*":
                assert arn.split("*")[0].endswith(PREFIXES), f"{role}: {arn}"


def test_managed_policies_are_only_those_that_sam_adds(cloudformation: dict[str, Any]) -> None:
    for role, properties in of_type(cloudformation, "AWS::IAM::Role").items():
        names = {arn.rsplit("/", 1)[-1] for arn in properties.get("ManagedPolicyArns", [])}
        assert names <= ADDED_BY_SAM, role


def test_each_function_has_a_role_of_its_own(cloudformation: dict[str, Any]) -> None:
    functions = of_type(cloudformation, "AWS::Lambda::Function")
    for name, function in functions.items():
        assert function["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}


def test_lists_of_the_bucket_are_bound_to_prefixes(cloudformation: dict[str, Any]) -> None:
    found = 0
    for role, statement in _role_statements(cloudformation):
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
    for role, policy in _policies(cloudformation):
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
        elif role not in STATE_MACHINE_ROLES:  # those read a manifest, which a step put before naming it
            assert listed == read, role


def test_reading_may_go_on_in_the_version_that_it_began_with(cloudformation: dict[str, Any]) -> None:
    """After a broken connection `ResumingObject` names the version, which takes another right than the newest one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    steps = {
        role
        for role, statement in _role_statements(cloudformation)
        if "s3:GetObject" in as_list(statement["Action"])
        # Those read a page by its range, or sign a link.
        if role not in {*STATE_MACHINE_ROLES, "ImportsApiFunctionRole", "RollbackApiFunctionRole"}
    }
    assert len(steps) == 6
    for role in steps:
        newest = _objects(cloudformation, role, "s3:GetObject")
        assert _objects(cloudformation, role, "s3:GetObjectVersion") == newest, role


def test_imports_make_contacts_rollbacks_delete_them_and_the_api_does_both(cloudformation: dict[str, Any]) -> None:
    imports, rollbacks, api = "ApplyImportPartFunctionRole", "RollBackPartFunctionRole", "ContactsApiFunctionRole"
    # Beside inserting, a twin's arrival is an update of the contact that holds its e-mail.
    for action in ("dynamodb:PartiQLInsert", "dynamodb:UpdateItem"):
        assert _allowed_on_contacts(cloudformation, action) == {imports, api}
    for action in ("dynamodb:DeleteItem", "dynamodb:PartiQLDelete"):
        assert _allowed_on_contacts(cloudformation, action) == {rollbacks, api}
    assert _allowed_on_contacts(cloudformation, "dynamodb:PartiQLUpdate") == {imports, rollbacks, api}


def test_a_rollback_writes_only_what_is_its_own(cloudformation: dict[str, Any]) -> None:
    """An import's undo logs and results stay as the import left them."""
    own = {
        "PrepareRollbackFunctionRole": {"undo/*/rollback-*/manifest.json"},
        "RollBackPartFunctionRole": {"undo/*/rollback-*", "results/*/rollback-*"},
        "FinishRollbackFunctionRole": {"results/*/rollback-*"},
    }
    for role, patterns in own.items():
        assert _objects(cloudformation, role, "s3:PutObject") == patterns


def test_a_rollbacks_keys_are_within_what_its_steps_may_write_and_an_imports_are_not() -> None:
    own = [
        object_keys.rollback_manifest_key("tenant", "job", 1),
        object_keys.rollback_plan_key("tenant", "job", 1, 2, 3),
        object_keys.rollback_part_outcome_key("tenant", "job", 1, "write", 2),
        object_keys.rollback_outcomes_key("tenant", "job", 1),
        object_keys.rollback_csv_key("tenant", "job", 1),
    ]
    imports = [object_keys.plan_key("tenant", "job", 2, 3), object_keys.part_outcome_key("tenant", "job", 2)]
    written = ("undo/*/rollback-*", "results/*/rollback-*")
    assert all(any(fnmatchcase(key, pattern) for pattern in written) for key in own)
    assert not any(fnmatchcase(key, pattern) for pattern in written for key in imports)
    assert fnmatchcase(own[0], "undo/*/rollback-*/manifest.json")
    assert fnmatchcase(imports[1], "results/*/parts/*")


def test_who_answers_about_rollbacks_sees_their_lists_and_starts_no_import(cloudformation: dict[str, Any]) -> None:
    assert _objects(cloudformation, "RollbackApiFunctionRole", "s3:GetObject") == {"results/*/rollback-*"}
    started = {
        role: [resource["Ref"] for resource in as_list(statement["Resource"])]
        for role, statement in _role_statements(cloudformation)
        if "states:StartExecution" in as_list(statement["Action"]) and role not in STATE_MACHINE_ROLES
    }
    assert started == {
        "ImportsApiFunctionRole": ["ImportStateMachine"],
        "RollbackApiFunctionRole": ["RollbackStateMachine"],
        "SweepJobsFunctionRole": ["ImportStateMachine", "RollbackStateMachine"],
    }


def test_only_who_ends_rollbacks_takes_anything_out_of_the_jobs_table(cloudformation: dict[str, Any]) -> None:
    for action in ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem"):
        assert _allowed_on(cloudformation, "JobsTable", action) == {"FinishRollbackFunctionRole"}


def test_the_sweeper_may_end_a_rollback_as_failed(cloudformation: dict[str, Any]) -> None:
    for action in ("s3:GetObject", "s3:PutObject"):
        ends = _objects(cloudformation, "FinishRollbackFunctionRole", action)
        sweeps = _objects(cloudformation, "SweepJobsFunctionRole", action)
        assert all(any(fnmatchcase(pattern, wider) for wider in sweeps) for pattern in ends), action
    for action in ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"):
        assert "SweepJobsFunctionRole" in _allowed_on(cloudformation, "JobsTable", action)


def test_only_jobs_api_and_sweeper_read_the_indexes_they_read(cloudformation: dict[str, Any]) -> None:
    readers = {
        (role, resource["Fn::Sub"])
        for role, statement in _role_statements(cloudformation)
        for resource in as_list(statement["Resource"])
        if isinstance(resource, dict) and "/index/" in str(resource.get("Fn::Sub", ""))
    }
    assert readers == {
        ("JobsApiFunctionRole", "${JobsTable.Arn}/index/byTenant"),
        ("SweepJobsFunctionRole", "${JobsTable.Arn}/index/openJobs"),
    }


@pytest.mark.parametrize(
    ("machine", "manifests"), [("import", "staged/*"), ("rollback", "undo/*/rollback-*/manifest.json")]
)
def test_a_state_machine_may_call_what_it_calls_and_run_its_children(
    cloudformation: dict[str, Any], machine: str, manifests: str
) -> None:
    logical_id = f"{machine.capitalize()}StateMachine"
    allowed: dict[str, list[Any]] = {}
    for role, statement in _role_statements(cloudformation):
        if role == f"{logical_id}Role":
            for action in as_list(statement["Action"]):
                allowed.setdefault(action, []).extend(as_list(statement["Resource"]))
    called = {task["Parameters"]["FunctionName"].removesuffix("Arn") for _, task in tasks(machine)}
    assert {function["Fn::GetAtt"][0] for function in allowed["lambda:InvokeFunction"]} == called
    assert allowed["s3:GetObject"] == [{"Fn::Sub": f"${{FilesBucket.Arn}}/{manifests}"}]
    name = cloudformation["Resources"][logical_id]["Properties"]["StateMachineName"]["Fn::Sub"]
    assert name.endswith(f"-{machine}")
    assert [r["Fn::Sub"].endswith(f":stateMachine:{name}") for r in allowed["states:StartExecution"]] == [True]
    for action in ("states:DescribeExecution", "states:StopExecution"):
        assert {r["Fn::Sub"].rsplit(":execution:", 1)[1] for r in allowed[action]} == {f"{name}:*", f"{name}/*"}


def test_the_key_for_notifications_is_open_to_its_owner_and_the_two_publishers(cloudformation: dict[str, Any]) -> None:
    # In a key's own policy the resource * is the key; only its owner may do everything with it.
    [key] = of_type(cloudformation, "AWS::KMS::Key").values()
    owner, publishers = key["KeyPolicy"]["Statement"]
    assert owner["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert publishers["Principal"] == {"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}
    assert publishers["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


def _allowed_on_contacts(cloudformation: dict[str, Any], action: str) -> set[str]:
    return _allowed_on(cloudformation, "ContactsTable", action)


def _allowed_on(cloudformation: dict[str, Any], table: str, action: str) -> set[str]:
    arn = {"Fn::GetAtt": [table, "Arn"]}
    return {
        role
        for role, statement in _role_statements(cloudformation)
        if arn in as_list(statement["Resource"]) and action in as_list(statement["Action"])
    }


def _objects(cloudformation: dict[str, Any], role: str, action: str) -> set[str]:
    """The patterns of the keys with which a role may do this."""
    return {
        resource["Fn::Sub"].removeprefix("${FilesBucket.Arn}/")
        for of, statement in _role_statements(cloudformation)
        if of == role and action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def _policies(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield name, policy["PolicyDocument"]
    assert not of_type(template, "AWS::IAM::Policy"), "a policy outside of the roles; look at it here too"
    assert not of_type(template, "AWS::IAM::ManagedPolicy"), "a policy outside of the roles; look at it here too"


def _role_statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for role, policy in _policies(template):
        for statement in as_list(policy["Statement"]):
            yield role, statement
