"""Cleaning up what a bulk create job created: the operator's loop, who may, and what stays."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.e2e import bulk_jobs as bulk
from tests.e2e.bulk_internals import Internals, hours_ago
from tests.e2e.http_client import Api
from tests.e2e.imported_contacts import created, edited


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


@pytest.fixture
def made(api: Api) -> dict[str, Any]:
    """A job that created five contacts."""
    return bulk.create(api, bulk.people(5, f"d{uuid.uuid4().hex}.example"), clientSource="ios-sim")


def alive(api: Api, ids: list[str]) -> set[str]:
    return {id_ for id_ in ids if api.get(f"/api/contacts/{id_}").status_code == 200}


def test_dry_run_verify_delete_confirm(api: Api, made: dict[str, Any]) -> None:
    ids = made["contactIds"]
    edited(api, api.get(f"/api/contacts/{ids[1]}").json(), title="Dr")

    answer = api.post(bulk.DELETE, {"trackingKey": made["trackingKey"], "dryRun": True})
    assert answer.status_code == 202
    assert set(answer.json()) == bulk.DELETE_START_FIELDS
    looked = bulk.ended(api, bulk.DELETE, answer.json()["jobId"])
    assert (looked["status"], looked["dryRun"], looked["totalCount"]) == ("COMPLETED", True, 5)
    assert (looked["bulkCreateJobId"], looked["trackingKey"]) == (made["jobId"], made["trackingKey"])
    assert set(looked["candidateContactIds"]) == set(ids)
    assert (bulk.counts(looked), looked["deletedContactIds"], looked["errors"]) == ({}, [], [])
    items = bulk.items(api, bulk.DELETE, looked["jobId"])
    assert {item["contactId"]: item["edited"] for item in items} == {id_: id_ == ids[1] for id_ in ids}
    assert {item["outcome"] for item in items} == {"candidate"}
    assert alive(api, ids) == set(ids)

    gone = bulk.clean_up(api, trackingKey=made["trackingKey"])
    assert (gone["status"], bulk.counts(gone)) == ("COMPLETED", {"deleted": 5})
    assert gone["deletedCount"] == gone["totalCount"]
    assert set(gone["deletedContactIds"]) == set(gone["candidateContactIds"]) == set(ids)
    assert alive(api, ids) == set()

    again = bulk.clean_up(api, bulkCreateJobId=made["jobId"], trackingKey=made["trackingKey"])
    assert (again["status"], bulk.counts(again)) == ("COMPLETED", {"notFound": 5})


def test_given_contacts_are_deleted_forbidden_or_not_found_each_once(api: Api, made: dict[str, Any]) -> None:
    ids = made["contactIds"]
    other = created(api, firstName="Other")
    gone = bulk.clean_up(api, bulkCreateJobId=made["jobId"], contactIds=[ids[0], other["id"], "nobody", ids[2], ids[0]])
    assert bulk.counts(gone) == {"deleted": 2, "forbidden": 1, "notFound": 1}
    assert gone["totalCount"] == 4
    assert gone["deletedContactIds"] == [ids[0], ids[2]]
    outcomes = {item["contactId"]: item["outcome"] for item in bulk.items(api, bulk.DELETE, gone["jobId"])}
    assert outcomes == {ids[0]: "deleted", ids[2]: "deleted", other["id"]: "forbidden", "nobody": "notFound"}
    assert alive(api, [*ids, other["id"]]) == {ids[1], ids[3], ids[4], other["id"]}


def test_others_may_not_administrators_may_and_other_tenants_find_nothing(
    stack: dict[str, Any], api: Api, made: dict[str, Any]
) -> None:
    admin, stranger = Api.of(stack, "a-admin"), Api.of(stack, "b-admin")
    of_admin = bulk.create(admin, [{"firstName": "Ann"}])
    for what in ({"bulkCreateJobId": of_admin["jobId"]}, {"trackingKey": of_admin["trackingKey"]}):
        assert bulk.refusal(api.post(bulk.DELETE, what)) == (403, "JOB_FORBIDDEN")

    assert bulk.refusal(stranger.post(bulk.DELETE, {"bulkCreateJobId": made["jobId"]})) == (403, "JOB_FORBIDDEN")
    nothing = bulk.clean_up(stranger, trackingKey=made["trackingKey"])
    assert (nothing["status"], nothing["totalCount"]) == ("COMPLETED", 0)
    given = bulk.clean_up(stranger, trackingKey=made["trackingKey"], contactIds=made["contactIds"])
    assert bulk.counts(given) == {"notFound": 5}
    assert alive(api, made["contactIds"]) == set(made["contactIds"])

    assert bulk.counts(bulk.clean_up(admin, trackingKey=made["trackingKey"])) == {"deleted": 5}
    assert bulk.refusal(api.get(f"{bulk.DELETE}/{nothing['jobId']}")) == (403, "JOB_FORBIDDEN")


def test_what_is_to_be_cleaned_up_must_be_clear(api: Api, made: dict[str, Any]) -> None:
    other = bulk.create(api, [{"firstName": "Ann"}])
    refused = {
        "JOB_REQUIRED": {"contactIds": made["contactIds"]},
        "TRACKING_KEY_MISMATCH": {"bulkCreateJobId": made["jobId"], "trackingKey": other["trackingKey"]},
        "TRACKING_KEY_INVALID": {"trackingKey": "bcc:j:nothing"},
        "CONTACTS_MISSING": {"bulkCreateJobId": made["jobId"], "contactIds": []},
        "CONTACTS_TOO_MANY": {"bulkCreateJobId": made["jobId"], "contactIds": ["x"] * 5_001},
    }
    for code, what in refused.items():
        assert bulk.refusal(api.post(bulk.DELETE, what)) == (400, code)
    unknown = {"bulkCreateJobId": "00000000-0000-4000-8000-000000000000"}
    assert bulk.refusal(api.post(bulk.DELETE, unknown)) == (404, "JOB_NOT_FOUND")
    assert alive(api, made["contactIds"]) == set(made["contactIds"])


def test_a_job_that_runs_is_not_cleaned_up(api: Api, stack: dict[str, Any], made: dict[str, Any]) -> None:
    internals = Internals(stack)
    internals.change_job(made["jobId"], status="PROCESSING")
    for what in ({"bulkCreateJobId": made["jobId"]}, {"trackingKey": made["trackingKey"], "dryRun": True}):
        assert bulk.refusal(api.post(bulk.DELETE, what)) == (409, "JOB_NOT_ENDED")
    internals.change_job(made["jobId"], status="COMPLETED")
    assert bulk.counts(bulk.clean_up(api, bulkCreateJobId=made["jobId"])) == {"deleted": 5}


def test_an_expired_job_is_cleaned_up_by_its_tracking_key_and_stays_listed(
    api: Api, stack: dict[str, Any], made: dict[str, Any]
) -> None:
    Internals(stack).change_job(made["jobId"], changedAt=hours_ago(25))
    assert bulk.refusal(api.get(f"{bulk.CREATE}/{made['jobId']}")) == (404, "JOB_NOT_FOUND")
    assert bulk.refusal(api.post(bulk.DELETE, {"bulkCreateJobId": made["jobId"]})) == (404, "JOB_NOT_FOUND")
    assert bulk.counts(bulk.clean_up(api, trackingKey=made["trackingKey"])) == {"deleted": 5}
    [line] = [job for job in api.pages("/api/jobs", type="bulk_create", limit=100) if job["jobId"] == made["jobId"]]
    assert (line["expired"], line["trackingKey"], line["successCount"]) == (True, made["trackingKey"], 5)


def test_the_outcome_is_kept_as_an_object_for_operators(
    api: Api, stack: dict[str, Any], tenants: dict[str, str], made: dict[str, Any]
) -> None:
    gone = bulk.clean_up(api, bulkCreateJobId=made["jobId"])
    files, bucket = Internals(stack).client("s3"), stack["resources"]["FilesBucket"]
    key = f"deletions/{tenants['a-user']}/{gone['jobId']}.json"
    kept = json.loads(files.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert kept["trackingKey"] == made["trackingKey"]
    assert {item["contactId"] for item in kept["items"]} == set(made["contactIds"])
    assert {item["outcome"] for item in kept["items"]} == {"deleted"}
