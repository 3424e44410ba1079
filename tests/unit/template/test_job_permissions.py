"""What the functions of each kind of job may do, and what they may not."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from contacts.domain import object_keys

from .iam_statements import REMOVES_EXPORTS, STATE_MACHINE_ROLES, WORKERS, allowed, allowed_on, objects, role_statements
from .sam_template import as_list


def test_imports_and_bulk_jobs_make_contacts_or_delete_them_and_the_api_does_both(
    cloudformation: dict[str, Any],
) -> None:
    imports, api = "ApplyImportPartFunctionRole", "ContactsApiFunctionRole"
    # What several parts have to do with is taken back by the last step.
    rollbacks = {"RollBackPartFunctionRole", "FinishRollbackFunctionRole"}
    creates, deletes = "CreateBulkSliceFunctionRole", "DeleteBulkSliceFunctionRole"
    # Beside inserting, a twin's arrival is an update of the contact that holds its e-mail.
    for action in ("dynamodb:PartiQLInsert", "dynamodb:UpdateItem"):
        assert _allowed_on_contacts(cloudformation, action) == {imports, creates, api}
    assert _allowed_on_contacts(cloudformation, "dynamodb:PartiQLDelete") == rollbacks | {deletes, api}
    # Whose e-mail changes leaves the place of the old one, in an import too.
    assert _allowed_on_contacts(cloudformation, "dynamodb:DeleteItem") == rollbacks | {imports, deletes, api}
    assert _allowed_on_contacts(cloudformation, "dynamodb:PartiQLUpdate") == rollbacks | {imports, api}


def test_items_of_contacts_are_deleted_and_updated_by_transactions_alone(cloudformation: dict[str, Any]) -> None:
    """There they change together with others. What changes alone does so by a statement, which has a condition.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """
    found = 0
    for role, statement in role_statements(cloudformation):
        actions = {"dynamodb:DeleteItem", "dynamodb:UpdateItem"} & set(as_list(statement["Action"]))
        if actions and {"Fn::GetAtt": ["ContactsTable", "Arn"]} in as_list(statement["Resource"]):
            found += 1
            within = {"ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}}
            assert statement["Condition"] == within, role
    assert found == 6


def test_a_rollback_writes_only_what_is_its_own(cloudformation: dict[str, Any]) -> None:
    """An import's undo logs and results stay as the import left them."""
    own = {
        "PrepareRollbackFunctionRole": {"undo/*/rollback-*/manifest.json"},
        "RollBackPartFunctionRole": {"undo/*/rollback-*", "results/*/rollback-*"},
        "FinishRollbackFunctionRole": {"undo/*/rollback-*", "results/*/rollback-*"},
    }
    for role, patterns in own.items():
        assert objects(cloudformation, role, "s3:PutObject") == patterns


def test_a_rollbacks_keys_are_within_what_its_steps_may_write_and_an_imports_are_not() -> None:
    own = [
        object_keys.rollback_manifest_key("tenant", "job", 1),
        object_keys.rollback_plan_key("tenant", "job", 1, 2, 3),
        object_keys.rollback_part_outcome_key("tenant", "job", 1, "write", 2),
        object_keys.rollback_outcomes_key("tenant", "job", 1),
        object_keys.rollback_csv_key("tenant", "job", 1),
    ]
    imports = [
        object_keys.plan_key("tenant", "job", 2, 3),
        object_keys.part_outcome_key("tenant", "job", 2),
        object_keys.shared_contacts_key("tenant", "job", 2, "digest"),
    ]
    written = ("undo/*/rollback-*", "results/*/rollback-*")
    assert all(any(fnmatchcase(key, pattern) for pattern in written) for key in own)
    assert not any(fnmatchcase(key, pattern) for pattern in written for key in imports)
    assert fnmatchcase(own[0], "undo/*/rollback-*/manifest.json")
    assert fnmatchcase(imports[1], "results/*/parts/*")


def test_who_answers_about_rollbacks_sees_their_lists_and_starts_no_import(cloudformation: dict[str, Any]) -> None:
    assert objects(cloudformation, "RollbackApiFunctionRole", "s3:GetObject") == {"results/*/rollback-*"}
    started = {
        role: [resource["Ref"] for resource in as_list(statement["Resource"])]
        for role, statement in role_statements(cloudformation)
        if "states:StartExecution" in as_list(statement["Action"]) and role not in STATE_MACHINE_ROLES
    }
    assert started == {
        "ExportsApiFunctionRole": ["ExportStateMachine"],
        "ImportsApiFunctionRole": ["ImportStateMachine"],
        "RollbackApiFunctionRole": ["RollbackStateMachine"],
        "SweepJobsFunctionRole": ["ImportStateMachine", "RollbackStateMachine", "ExportStateMachine"],
    }


def test_exports_touch_no_contact_and_only_files_of_exports(cloudformation: dict[str, Any]) -> None:
    writer = "WriteExportFunctionRole"
    assert allowed(cloudformation, writer, "ContactsTable") == {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:Query",
    }
    for role in ("CleanUpExportsFunctionRole", "FailExportFunctionRole", "ExportsApiFunctionRole"):
        assert allowed(cloudformation, role, "ContactsTable") == set(), role
    exports = {"exports/*"}
    assert objects(cloudformation, writer, "s3:PutObject") == exports
    # Parts of an upload that fails go at once; the bucket's lifecycle takes those of one that was killed.
    assert objects(cloudformation, writer, "s3:AbortMultipartUpload") == exports
    assert fnmatchcase(object_keys.export_key("tenant", "job", 1, "csv"), "exports/*")


def test_only_files_of_exports_are_ever_deleted(cloudformation: dict[str, Any]) -> None:
    """Everything else stays until the bucket's lifecycle takes it. And only what signs links to exports reads them."""
    deleting = {
        role for role, statement in role_statements(cloudformation) if "s3:DeleteObject" in as_list(statement["Action"])
    }
    assert deleting == REMOVES_EXPORTS
    for role in deleting:
        assert objects(cloudformation, role, "s3:DeleteObject") == {"exports/*"}, role
    reading = {
        role
        for role, statement in role_statements(cloudformation)
        if "s3:GetObject" in as_list(statement["Action"]) and role not in STATE_MACHINE_ROLES
        if "exports/*" in objects(cloudformation, role, "s3:GetObject")
    }
    assert reading == {"ExportsApiFunctionRole"}


def test_the_sweeper_may_end_an_export_as_failed(cloudformation: dict[str, Any]) -> None:
    for action in ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"):
        assert "SweepJobsFunctionRole" in allowed_on(cloudformation, "JobsTable", action)


def test_only_who_ends_rollbacks_and_slices_or_removes_exports_takes_anything_out_of_the_jobs_table(
    cloudformation: dict[str, Any],
) -> None:
    ends_rollbacks = {"FinishRollbackFunctionRole"}
    assert allowed_on(cloudformation, "JobsTable", "dynamodb:BatchWriteItem") == ends_rollbacks
    # A slice that is done leaves its tenant's line; the sweeper takes those out whose job has ended without them.
    ends_slices = WORKERS | {"SweepJobsFunctionRole"}
    removes_exports = {"CleanUpExportsFunctionRole"}
    # What was announced leaves the outbox.
    announces = {"ContactsApiFunctionRole"}
    deleting = allowed_on(cloudformation, "JobsTable", "dynamodb:DeleteItem")
    assert deleting == ends_rollbacks | ends_slices | removes_exports | announces
    [outbox] = [
        statement["Condition"]
        for role, statement in role_statements(cloudformation)
        if role in announces and as_list(statement["Action"]) == ["dynamodb:DeleteItem"]
        if statement["Resource"] == {"Fn::GetAtt": ["JobsTable", "Arn"]}
    ]
    assert outbox == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "OUTBOX#contacts"}}


def test_who_ends_or_starts_slices_sends_the_next_ones_of_either_kind(cloudformation: dict[str, Any]) -> None:
    queues = [{"Fn::GetAtt": [name, "Arn"]} for name in ("CreateSlicesQueue", "DeleteSlicesQueue")]
    senders = {
        role: as_list(statement["Resource"])
        for role, statement in role_statements(cloudformation)
        if "sqs:SendMessage" in as_list(statement["Action"])
        if statement["Resource"] != {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    }
    apis = {"BulkCreateApiFunctionRole", "BulkDeleteApiFunctionRole"}
    assert senders == dict.fromkeys(WORKERS | apis | {"SweepJobsFunctionRole"}, queues)


def test_a_bulk_job_writes_only_what_is_its_own(cloudformation: dict[str, Any]) -> None:
    """A request stays as it was accepted."""
    entries, plans, outcomes, deletions = "bulk/*/entries.jsonl", "bulk/*/plans/*", "bulk/*/outcomes/*", "deletions/*"
    own = {
        "BulkCreateApiFunctionRole": {entries},
        "BulkDeleteApiFunctionRole": {entries},
        "CreateBulkSliceFunctionRole": {plans, outcomes},
        "DeleteBulkSliceFunctionRole": {plans, outcomes, deletions},
        "CloseBulkSlicesFunctionRole": {plans, outcomes, deletions},
    }
    for role, patterns in own.items():
        assert objects(cloudformation, role, "s3:PutObject") == patterns, role
    assert {plans, outcomes, deletions} <= objects(cloudformation, "SweepJobsFunctionRole", "s3:PutObject")
    keys = {
        object_keys.bulk_entries_key("tenant", "job"): entries,
        object_keys.bulk_plan_key("tenant", "job", 1, 2): plans,
        object_keys.bulk_outcomes_key("tenant", "job", 1): outcomes,
        object_keys.deletions_key("tenant", "job"): deletions,
    }
    for key, pattern in keys.items():
        assert [each for each in keys.values() if fnmatchcase(key, each)] == [pattern]


def test_who_closes_slices_touches_no_contact(cloudformation: dict[str, Any]) -> None:
    reads = allowed(cloudformation, "CloseBulkSlicesFunctionRole", "ContactsTable")
    assert reads == {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}


def test_who_closes_imports_writes_their_lists_and_seals_their_parts(cloudformation: dict[str, Any]) -> None:
    """A seal takes the place of the next plan that a late worker would write."""
    closing = {"results/*", "undo/*/part-*"}
    assert objects(cloudformation, "FinishImportFunctionRole", "s3:PutObject") == closing
    assert closing <= objects(cloudformation, "SweepJobsFunctionRole", "s3:PutObject")
    assert fnmatchcase(object_keys.plan_key("tenant", "job", 2, 3), "undo/*/part-*")


def test_the_sweeper_may_end_a_rollback_as_failed(cloudformation: dict[str, Any]) -> None:
    """It writes the lists and takes nothing back."""
    for action in ("s3:GetObject", "s3:PutObject"):
        ends = objects(cloudformation, "FinishRollbackFunctionRole", action)
        if action == "s3:PutObject":
            ends.remove("undo/*/rollback-*")
        sweeps = objects(cloudformation, "SweepJobsFunctionRole", action)
        assert all(any(fnmatchcase(pattern, wider) for wider in sweeps) for pattern in ends), action
    for action in ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"):
        assert "SweepJobsFunctionRole" in allowed_on(cloudformation, "JobsTable", action)


def _allowed_on_contacts(cloudformation: dict[str, Any], action: str) -> set[str]:
    return allowed_on(cloudformation, "ContactsTable", action)
