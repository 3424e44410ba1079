"""Bulk jobs as a client drives them, over HTTP alone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from tests.e2e.http_client import PATIENCE_SECONDS, Api

CREATE = "/api/contacts/bulk-create"
DELETE = "/api/contacts/bulk-delete"
OPEN = {"QUEUED", "PROCESSING"}

#: The specification's fields of what the start of a job answers.
CREATE_START_FIELDS = {
    *("jobId", "trackingKey", "clientSource", "clientReferenceId", "status"),
    *("totalCount", "processedCount", "successCount", "failureCount", "skippedCount"),
}
DELETE_START_FIELDS = {
    *("jobId", "bulkCreateJobId", "trackingKey", "dryRun", "status", "totalCount", "processedCount"),
    *("deletedCount", "notFoundCount", "forbiddenCount", "failedCount"),
}


def people(number: int, domain: str) -> list[dict[str, Any]]:
    """Contacts with an e-mail each."""
    return [{"clientContactId": f"c-{n}", "firstName": f"P{n}", "email": f"p{n}@{domain}"} for n in range(number)]


def start(api: Api, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Start a job that is accepted."""
    answer = api.post(path, body)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def ended(api: Api, path: str, job_id: str) -> dict[str, Any]:
    """The job once it has ended; until then it says when to ask again, and what it counts adds up."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = api.get(f"{path}/{job_id}")
        assert answer.status_code == 200, answer.text
        job = dict(answer.json())
        assert job["processedCount"] == _processed(job), job
        assert ("retry-after" in answer.headers) == (job["status"] in OPEN)
        if job["status"] not in OPEN:
            assert job["processedCount"] == job["totalCount"], job
            return job
        assert time.monotonic() < deadline, f"still {job['status']}: {job['processedCount']} of {job['totalCount']}"
        time.sleep(0.1)


def create(api: Api, contacts: Iterable[Any], **more: Any) -> dict[str, Any]:
    """Run a create job; the job as it ended."""
    return ended(api, CREATE, start(api, CREATE, {"contacts": list(contacts), **more})["jobId"])


def clean_up(api: Api, **what: Any) -> dict[str, Any]:
    """Run a delete job; the job as it ended."""
    return ended(api, DELETE, start(api, DELETE, what)["jobId"])


def items(api: Api, path: str, job_id: str) -> list[dict[str, Any]]:
    return list(api.pages(f"{path}/{job_id}/items", limit=100))


def counts(job: Mapping[str, Any]) -> dict[str, int]:
    """The counts of a job that are not 0, but for total and processed."""
    return {
        name.removesuffix("Count"): value
        for name, value in job.items()
        if name.endswith("Count") and name not in {"totalCount", "processedCount"} and value
    }


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer that refuses."""
    return answer.status_code, str(answer.json()["error"]["code"])


def _processed(job: Mapping[str, Any]) -> int:
    counted = sum(counts(job).values())
    if not job.get("dryRun"):
        return counted
    # What a dry run found to be deletable is no count of its own, and of a slice it is listed before the slice counts.
    listed = counted + len(job["candidateContactIds"])
    return min(listed, job["processedCount"]) if job["status"] in OPEN else listed
