"""The daily clean-up, run with the sample events as `make invoke` runs it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.invocation import invoke
from local.settings import ROOT, Settings
from tests.e2e import exports
from tests.e2e.event_bus import aws_session
from tests.e2e.export_jobs_table import ExportJobsTable
from tests.e2e.http_client import Api

CleanUp = Callable[[str], dict[str, Any]]


class Bucket:
    """The keys of the files of exports."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self._s3 = aws_session(stack).client("s3", endpoint_url=stack["awsEndpoint"])
        self._name = stack["resources"]["FilesBucket"]

    def put(self, key: str) -> None:
        self._s3.put_object(Bucket=self._name, Key=key, Body=b"left behind")

    def keys(self, job: dict[str, Any]) -> set[str]:
        prefix = f"exports/{job['tenantId']}/{job['jobId']}/"
        found = self._s3.list_objects_v2(Bucket=self._name, Prefix=prefix).get("Contents", [])
        return {item["Key"] for item in found}


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-admin")


@pytest.fixture
def clean_up(stack: dict[str, Any], stack_directory: Path) -> CleanUp:
    """Runs the function with a sample event; its answer."""

    settings = Settings(port=0, directory=stack_directory, template=ROOT / "template.yaml")

    def run(event: str) -> dict[str, Any]:
        done = invoke(settings, "clean_up_exports", ROOT / "events" / f"{event}.json")
        assert not done.failed, done.log
        return dict(done.payload)

    return run


def statuses(api: Api, job: dict[str, Any]) -> tuple[int, int]:
    """What job and link answer."""
    return api.get(f"{exports.EXPORTS}/{job['jobId']}").status_code, exports.link(api, job["jobId"]).status_code


def test_what_has_expired_goes_and_nothing_else(stack: dict[str, Any], api: Api, clean_up: CleanUp) -> None:
    """In one test, because a clean-up is for all of a stack."""
    table, bucket = ExportJobsTable(stack), Bucket(stack)
    nobody = exports.tagged(f"t{uuid.uuid4().hex}")
    old, young = (exports.export(api, format="csv", filters=nobody).job for _ in range(2))
    failed = exports.show(api, table.pending_copy(young["jobId"], status="failed", announced=True))
    running = exports.show(api, table.pending_copy(young["jobId"], status="processing"))
    last_link = exports.link(api, old["jobId"])
    leftover = f"exports/{failed['tenantId']}/{failed['jobId']}/attempt-0001/contacts.csv"
    bucket.put(leftover)
    of_the_running = leftover.replace(failed["jobId"], running["jobId"])
    bucket.put(of_the_running)
    before = {job["jobId"]: bucket.keys(job) for job in (old, young, failed, running)}
    assert [len(keys) for keys in before.values()] == [1, 1, 1, 1]

    for job in (old, failed, running):
        table.expire(job["jobId"])
    assert statuses(api, old) == (200, 410)
    assert exports.link(api, old["jobId"]).json()["error"]["code"] == "EXPORT_EXPIRED"
    assert exports.follow(last_link).status_code == 200  # until the clean-up comes

    assert clean_up("clean_up_exports_dry_run") == report(dry_run=True, exports=2, files=2, running=1)
    assert {job["jobId"]: bucket.keys(job) for job in (old, young, failed, running)} == before
    assert statuses(api, old) == (200, 410)

    assert clean_up("clean_up_exports") == report(exports=2, files=2, running=1)
    assert statuses(api, old) == statuses(api, failed) == (404, 404)
    assert exports.follow(last_link).status_code == 404
    assert bucket.keys(old) == bucket.keys(failed) == set()
    assert bucket.keys(running) == {of_the_running}
    assert exports.show(api, running["jobId"])["status"] == "processing"
    assert exports.show(api, young["jobId"]) == young
    assert exports.follow(exports.link(api, young["jobId"])).status_code == 200
    assert old["jobId"] not in {each["jobId"] for each in api.pages("/api/jobs")}


def test_a_misspelt_dry_run_deletes_nothing(stack: dict[str, Any]) -> None:
    functions = aws_session(stack).client("lambda", endpoint_url=stack["awsEndpoint"])
    for event, place in (({"dryrun": True}, "dryrun"), ({"dryRun": "yes"}, "dryRun")):
        answer = functions.invoke(
            FunctionName=stack["resources"]["CleanUpExportsFunction"], Payload=json.dumps(event).encode()
        )
        assert answer["FunctionError"]
        assert f"ValidationError: {place} (" in json.loads(answer["Payload"].read())["errorMessage"]


def test_the_clock_calls_it_at_four_with_what_it_takes(stack: dict[str, Any]) -> None:
    rules = aws_session(stack).client("events", endpoint_url=stack["awsEndpoint"])
    (rule,) = [rule for rule in rules.list_rules()["Rules"] if rule.get("ScheduleExpression", "").startswith("cron")]
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(0 4 * * ? *)", "ENABLED")
    (target,) = rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert stack["resources"]["CleanUpExportsFunction"] in target["Arn"]
    assert json.loads(target["Input"]) == {"dryRun": False}


def report(*, dry_run: bool = False, exports: int = 0, files: int = 0, running: int = 0) -> dict[str, Any]:
    return {"dryRun": dry_run, "exports": exports, "files": files, "running": running, "failures": 0}
