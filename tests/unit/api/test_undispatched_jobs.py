"""Bulk jobs that are stored while the queue is out of reach: accepted, told of, and sent by the sweeper."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from contacts.runtime.sweeping import sweep_jobs
from tests.unit.api.api_client import Api
from tests.unit.api.bulk_jobs import CREATE, DELETE, done, person


@pytest.mark.parametrize("path", [CREATE, DELETE])
def test_a_job_that_is_stored_is_accepted_and_sent_by_the_next_sweep(
    api: Api,
    path: str,
    logged: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "BulkContacts")
    body = {"bulkCreateJobId": done(api, [person(1)])["jobId"]} if path == DELETE else {"contacts": [person(1)]}
    send = api.slice_queue.send

    def refuse(_: Any) -> None:
        raise ConnectionError("ada@example.com")

    api.slice_queue.send = refuse  # type: ignore[method-assign]
    reply = api.send("POST", path, body, headers={"Idempotency-Key": "k"})
    assert (reply.status, reply.json["status"]) == (202, "QUEUED")
    job_id = reply.json["jobId"]
    told = [line for line in logged() if line["level"] == "ERROR"]
    assert [(line["job_id"], line["error"]["type"]) for line in told] == [(job_id, "builtins.ConnectionError")]
    assert "ada@" not in str(told)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [metric["jobs_not_dispatched"] for metric in metrics] == [[1.0]]
    api.slice_queue.send = send  # type: ignore[method-assign]
    assert api.send("POST", path, body, headers={"Idempotency-Key": "k"}).json == reply.json
    api.clock.advance(minutes=3)
    assert sweep_jobs(api.wiring(), api.on_error)().counts["started"] == 1
    api.work()
    assert api.send("GET", f"{path}/{job_id}").json["status"] == "COMPLETED"


@pytest.mark.parametrize("store", ["files", "bulk_jobs"])
def test_a_job_that_is_not_stored_is_not_accepted(api: Api, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(getattr(api, store), "put_if_absent" if store == "files" else "create_job", refuse)
    assert api.send("POST", CREATE, {"contacts": [person(1)]}).status == 500
