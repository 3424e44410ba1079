"""Environment variables: the template gives each function what its code reads, and nothing else."""

from __future__ import annotations

from typing import Any

from .sam_template import folder, functions, of_type, variables
from .settings_in_use import variable_of_setting, variables_read_by

#: Read by Powertools, not by our code.
POWERTOOLS = {"POWERTOOLS_LOG_LEVEL", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"}

#: What stands behind each variable: the same in every function that has it.
VALUES = {
    "CONTACTS_TABLE": "ContactsTable",
    "CREATE_SLICES_QUEUE_URL": "CreateSlicesQueue",
    "DEFAULT_PHONE_REGION": "DefaultPhoneRegion",
    "DELETE_SLICES_QUEUE_URL": "DeleteSlicesQueue",
    "EVENT_BUS_NAME": "ContactsEventBus",
    "EXPORT_STATE_MACHINE_ARN": "ExportStateMachine",
    "FILES_BUCKET": "FilesBucket",
    "IMPORT_STATE_MACHINE_ARN": "ImportStateMachine",
    "JOBS_TABLE": "JobsTable",
    "JOB_RETENTION_DAYS": "JobRetentionDays",
    "MAX_FILE_BYTES": "MaxFileBytes",
    "MAX_ROWS": "MaxRows",
    "ROLLBACK_DAYS": "RollbackDays",
    "ROLLBACK_STATE_MACHINE_ARN": "RollbackStateMachine",
    "SCOPE_CLAIM": "ScopeClaim",
    "TENANT_CLAIM": "TenantClaim",
    "TENANT_SLICES_IN_FLIGHT": "TenantSlicesInFlight",
}


def test_each_function_is_given_what_its_code_reads_and_nothing_else(template: dict[str, Any]) -> None:
    given = {folder(f): sorted(set(variables(f)) - POWERTOOLS) for f in functions(template).values()}
    assert given == {name: sorted(variables_read_by(name)) for name in given}


def test_every_setting_is_some_functions(template: dict[str, Any]) -> None:
    given = {name for function in functions(template).values() for name in variables(function)}
    assert given - POWERTOOLS == set(variable_of_setting().values())


def test_a_variable_means_the_same_everywhere(template: dict[str, Any]) -> None:
    for function in functions(template).values():
        for name, value in variables(function).items():
            if name not in POWERTOOLS:
                assert value == {"Ref": VALUES[name]}, f"{folder(function)}: {name}"


def test_every_parameter_is_used(template: dict[str, Any]) -> None:
    text = str({key: value for key, value in template.items() if key != "Parameters"})
    for name in template["Parameters"]:
        assert f"{{'Ref': '{name}'}}" in text, name


def test_resources_of_ours_are_named_by_cloudformation(template: dict[str, Any]) -> None:
    """A fixed name of a table or a bucket would stand in the way of a second stack in the same account."""
    for type_, name in (("AWS::DynamoDB::Table", "TableName"), ("AWS::S3::Bucket", "BucketName")):
        assert not [key for key, properties in of_type(template, type_).items() if name in properties]
