"""Tables and bucket: what protects the data, and what makes it go in time."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest

from contacts.adapters.dynamodb import job_keys
from contacts.adapters.dynamodb.expiry import EXPIRES_AT
from contacts.domain import object_keys
from contacts.domain.bulk_job import SHOWN_FOR
from contacts.domain.export_job import EXPORT_LIFE, KEPT_AFTER_EXPIRY
from contacts.usecases.sweep_jobs import GIVE_UP_AFTER

from .sam_template import as_list, of_type

TABLES = ("ContactsTable", "JobsTable")
STATEFUL = (*TABLES, "FilesBucket")


@pytest.mark.parametrize("name", STATEFUL)
def test_deleting_the_stack_keeps_the_data(template: dict[str, Any], name: str) -> None:
    assert template["Resources"][name]["DeletionPolicy"] == "Retain"
    assert template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_these_are_all_the_tables(template: dict[str, Any]) -> None:
    assert set(of_type(template, "AWS::DynamoDB::Table")) == set(TABLES)
    assert set(of_type(template, "AWS::S3::Bucket")) == {"FilesBucket"}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_encrypted_recoverable_and_pay_per_request(template: dict[str, Any], name: str) -> None:
    table = template["Resources"][name]["Properties"]
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("name", TABLES)
def test_items_expire_by_the_attribute_that_the_adapters_write(template: dict[str, Any], name: str) -> None:
    ttl = template["Resources"][name]["Properties"]["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": EXPIRES_AT, "Enabled": True}


def test_the_job_indexes_are_those_that_the_job_store_reads(template: dict[str, Any]) -> None:
    indexes = {
        index["IndexName"]: (
            [key["AttributeName"] for key in index["KeySchema"]],
            index["Projection"],
        )
        for index in template["Resources"]["JobsTable"]["Properties"]["GlobalSecondaryIndexes"]
    }
    assert indexes == {
        job_keys.BY_TENANT_INDEX: (["tenantKey", "createdKey"], {"ProjectionType": "ALL"}),
        # The kind says who mends the job.
        job_keys.OPEN_JOBS_INDEX: (
            [job_keys.OPEN_KEY, "changedAt"],
            {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["kind"]},
        ),
        job_keys.EXPIRING_EXPORTS_INDEX: (
            [job_keys.EXPORT_KEY, job_keys.FILE_EXPIRES_AT],
            {"ProjectionType": "KEYS_ONLY"},
        ),
    }


def test_the_index_of_external_sources_holds_keys_only(template: dict[str, Any]) -> None:
    [index] = template["Resources"]["ContactsTable"]["Properties"]["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "externalSource"
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_the_bucket_is_private_encrypted_and_versioned(template: dict[str, Any]) -> None:
    bucket = _bucket(template)
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_bucket_and_queues_refuse_whoever_comes_without_tls(template: dict[str, Any]) -> None:
    [bucket_policy] = of_type(template, "AWS::S3::BucketPolicy").values()
    bucket = {"Fn::GetAtt": ["FilesBucket", "Arn"]}
    objects = {"Fn::Sub": "${FilesBucket.Arn}/*"}
    assert bucket_policy["Bucket"] == {"Ref": "FilesBucket"}
    _assert_denies_all_without_tls(bucket_policy, "s3:*", [bucket, objects])
    queue_policies = {
        policy["Queues"][0]["Ref"]: policy for policy in of_type(template, "AWS::SQS::QueuePolicy").values()
    }
    assert set(queue_policies) == set(of_type(template, "AWS::SQS::Queue"))
    for queue, policy in queue_policies.items():
        assert policy["Queues"] == [{"Ref": queue}]
        _assert_denies_all_without_tls(policy, "sqs:*", [{"Fn::GetAtt": [queue, "Arn"]}])


def test_queues_are_encrypted(template: dict[str, Any]) -> None:
    for name, queue in of_type(template, "AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True, name


def test_dead_letters_are_kept_as_long_as_sqs_can_and_messages_for_a_day(template: dict[str, Any]) -> None:
    kept = {name: queue["MessageRetentionPeriod"] for name, queue in of_type(template, "AWS::SQS::Queue").items()}
    # A job ends within a day (`GIVE_UP_AFTER`); what is younger may still be worked on.
    assert kept == {
        "BulkSlicesDeadLetters": 14 * 24 * 3600,
        "CreateSlicesQueue": 24 * 3600,
        "DeadLetterQueue": 14 * 24 * 3600,
        "DeleteSlicesQueue": 24 * 3600,
    }


def test_every_object_that_the_code_writes_goes_in_time(template: dict[str, Any]) -> None:
    used = {key(*[_example(p) for p in inspect.signature(key).parameters.values()]) for key in _key_functions()}
    prefixes = {name.split("/", 1)[0] + "/" for name in used}
    assert {"uploads/", "staged/", "undo/", "results/", "bulk/", "deletions/", "exports/"} <= prefixes
    assert prefixes <= set(_expirations(template))


def test_lifecycle_rules_give_each_prefix_its_time(template: dict[str, Any]) -> None:
    retention = {"Ref": "JobRetentionDays"}
    assert _expirations(template) == {
        "uploads/": 7,
        "staged/": 7,
        "bulk/": 7,
        "deletions/": 30,
        "exports/": 8,
        "results/": retention,
        "undo/": retention,
    }


def test_what_a_bulk_job_reads_outlives_it(template: dict[str, Any]) -> None:
    # It ends within a day, and can be asked for, and its collection filled, for a day after.
    assert timedelta(days=_expirations(template)["bulk/"]) > GIVE_UP_AFTER + SHOWN_FOR


def test_the_lifecycle_takes_no_export_before_it_expires_and_no_later_than_the_job_goes(
    template: dict[str, Any],
) -> None:
    # A file is younger than its job, whose creation its time counts from.
    net = timedelta(days=_expirations(template)["exports/"])
    assert EXPORT_LIFE < net < EXPORT_LIFE + KEPT_AFTER_EXPIRY


def test_what_is_left_of_a_removed_export_goes_as_soon_as_s3_can_let_it_go(template: dict[str, Any]) -> None:
    [rule] = [r for r in _bucket(template)["LifecycleConfiguration"]["Rules"] if r.get("Prefix") == "exports/"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_undo_logs_outlive_the_time_for_a_roll_back(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    # A roll-back may begin on the last day and take up to a day.
    assert parameters["JobRetentionDays"]["MinValue"] > parameters["RollbackDays"]["MaxValue"] + 1


def test_leftovers_go_from_the_whole_bucket(template: dict[str, Any]) -> None:
    [rule] = [r for r in _bucket(template)["LifecycleConfiguration"]["Rules"] if "Prefix" not in r]
    assert rule["Status"] == "Enabled"
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rule["ExpiredObjectDeleteMarker"] is True
    # A job ends within a day; until then it may read the version that it pinned.
    assert 1 < rule["NoncurrentVersionExpiration"]["NoncurrentDays"] <= 7


def test_every_lifecycle_rule_is_on(template: dict[str, Any]) -> None:
    assert {rule["Status"] for rule in _bucket(template)["LifecycleConfiguration"]["Rules"]} == {"Enabled"}


def test_pages_of_the_allowed_origins_may_upload_and_download(template: dict[str, Any]) -> None:
    [rule] = _bucket(template)["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == {"Ref": "AllowedOrigins"}
    assert set(rule["AllowedMethods"]) == {"POST", "GET", "HEAD"}


def _bucket(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"]["FilesBucket"]["Properties"]
    return properties


def _expirations(template: dict[str, Any]) -> dict[str, Any]:
    rules = _bucket(template)["LifecycleConfiguration"]["Rules"]
    return {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}


def _key_functions() -> list[Any]:
    members = inspect.getmembers(object_keys, inspect.isfunction)
    return [
        member for name, member in members if member.__module__ == object_keys.__name__ and not name.startswith("_")
    ]


def _example(parameter: inspect.Parameter) -> Any:
    return 0 if parameter.annotation in (int, "int") else "x"


def _assert_denies_all_without_tls(policy: dict[str, Any], action: str, resources: list[Any]) -> None:
    [denial] = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert denial["Principal"] == "*"
    assert denial["Action"] == action
    assert as_list(denial["Resource"]) == resources
    assert denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
