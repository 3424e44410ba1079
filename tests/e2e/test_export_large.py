"""Files of several parts, and workers that are killed over them."""

from __future__ import annotations

import os
import signal
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import exports
from tests.e2e.event_bus import aws_session
from tests.e2e.http_client import Api, csv_file

PART_BYTES = 8 * 1024 * 1024
CONTACTS = 560
NOTES = "long " * 3_200
PROCESSES = Path("/proc")


@pytest.fixture(scope="module")
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-admin")


@pytest.fixture(scope="module")
def tag(api: Api) -> str:
    """On so many contacts that their notes fill more than one part of an upload."""
    tag = f"t{uuid.uuid4().hex}"
    header = ("email", "notes")
    rows = [(f"{n}@{tag}.example", f"{n} {NOTES}".strip()) for n in range(CONTACTS)]
    job = api.run_import("long.csv", csv_file(header, *rows), {name: name for name in header}, {"tags": [tag]})
    assert job["createdCount"] == CONTACTS, job
    return tag


def assert_whole(got: exports.Exported) -> None:
    """Every contact is in it, once."""
    assert got.job["totalContacts"] == got.job["processedContacts"] == CONTACTS
    assert len(got.content) > PART_BYTES
    header, *rows = exports.csv_rows(got.content)
    assert header == ["email", "notes"]
    assert {row[0].partition("@")[0]: row[1] for row in rows} == {
        str(n): f"{n} {NOTES}".strip() for n in range(CONTACTS)
    }
    assert len(rows) == CONTACTS


def file_of(job: dict[str, Any]) -> str:
    """The key of its file, past the job's own prefix."""
    return str(job["fileUrl"]).partition(f"/{job['jobId']}/")[2]


def keys_of(stack: dict[str, Any], job: dict[str, Any]) -> list[str]:
    s3 = aws_session(stack).client("s3", endpoint_url=stack["awsEndpoint"])
    prefix = f"exports/{job['tenantId']}/{job['jobId']}/"
    found = s3.list_objects_v2(Bucket=stack["resources"]["FilesBucket"], Prefix=prefix).get("Contents", [])
    return [str(item["Key"]).removeprefix(prefix) for item in found]


def processes_of(stack: dict[str, Any], function: str) -> list[int]:
    """The processes of one function of this stack."""
    named = {
        f"AWS_LAMBDA_FUNCTION_NAME={stack['resources'][function]}".encode(),
        f"AWS_ENDPOINT_URL={stack['awsEndpoint']}".encode(),
    }
    found = []
    for process in PROCESSES.glob("[0-9]*"):
        try:
            environment = set((process / "environ").read_bytes().split(b"\0"))
        except OSError:  # it has ended, or is somebody else's
            continue
        if named <= environment:
            found.append(int(process.name))
    return found


def test_a_file_of_several_parts_comes_whole(stack: dict[str, Any], api: Api, tag: str) -> None:
    got = exports.export(api, format="csv", filters=exports.tagged(tag), selectedFields=["email", "notes"])
    assert_whole(got)
    assert keys_of(stack, got.job) == [file_of(got.job)]


@pytest.mark.skipif(not PROCESSES.exists(), reason="finds the worker to kill in /proc, which this system lacks")
def test_a_worker_that_is_killed_halfway_leads_to_one_whole_file(stack: dict[str, Any], api: Api, tag: str) -> None:
    for _ in range(5):
        job_id = exports.start(api, format="csv", filters=exports.tagged(tag), selectedFields=["email", "notes"])
        while exports.show(api, job_id)["status"] == "pending":
            time.sleep(0.01)
        for process in processes_of(stack, "WriteExportFunction"):
            os.kill(process, signal.SIGKILL)
        job = exports.ended(api, job_id)
        assert (job["status"], job["error"]) == ("completed", None), job
        if not file_of(job).startswith("attempt-0001/"):
            break
    else:
        pytest.fail("every export was done before its worker could be killed")
    assert_whole(exports.download(api, job))
    assert keys_of(stack, job) == [file_of(job)]
