"""What a rollback looks like from outside: who may ask for one and when, and how it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from contacts.domain.import_job import FileError, ImportStatus
from contacts.domain.rollback import RollbackStatus
from local.openapi import DOCUMENT
from tests.support.memory_runner import rollback_execution
from tests.unit.api.api_client import Api
from tests.unit.api.rolled_back_imports import (
    end,
    failed,
    import_ended,
    long_ago,
    looking,
    pending,
    post,
    processing,
    refused_as_a_whole,
    rolled_back,
    rolling_back,
    shown,
    stored,
    without_a_valid_row,
    work,
)

# --- Who may ask, and what is answered


def test_accepted_rollback(api: Api) -> None:
    job = import_ended(api)
    reply = post(api, job)
    assert (reply.status, reply.json) == (202, {"success": True, "jobId": job, "status": "rolling_back"})
    assert reply.header("location") == f"/api/contacts/import/{job}"
    assert reply.header("retry-after") == "2"
    assert api.runner.started[-1] == rollback_execution(job, 1, 1)


@pytest.mark.parametrize("raw", [None, ""])
def test_a_request_without_a_body_takes_the_defaults(api: Api, raw: str | None) -> None:
    job = import_ended(api)
    reply = api.send("POST", f"/api/contacts/import/{job}/rollback", raw=raw)
    assert (reply.status, reply.json["status"]) == (202, "rolling_back")
    assert shown(api, job)["rollback"]["onConflict"] == "keep"


@pytest.mark.parametrize(
    ("body", "on_conflict", "dry_run", "status"),
    [
        ({}, "keep", False, "rolling_back"),
        ({"onConflict": None}, "keep", False, "rolling_back"),
        ({"onConflict": "keep"}, "keep", False, "rolling_back"),
        ({"onConflict": "force", "dryRun": False}, "force", False, "rolling_back"),
        # These two look first.
        ({"onConflict": "abort"}, "abort", False, "completed"),
        ({"dryRun": True}, "keep", True, "completed"),
        ({"onConflict": "force", "dryRun": True}, "force", True, "completed"),
    ],
)
def test_request_decides_how(api: Api, body: Any, on_conflict: str, dry_run: bool, status: str) -> None:
    job = import_ended(api)
    assert post(api, job, body).json["status"] == status
    show = shown(api, job)
    assert show["status"] == status
    assert (show["rollback"]["onConflict"], show["rollback"]["dryRun"]) == (on_conflict, dry_run)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"onConflict": "overwrite"}, "onConflict", "INVALID_VALUE"),
        ({"onConflict": ""}, "onConflict", "INVALID_VALUE"),
        ({"dryRun": "true"}, "dryRun", "INVALID_VALUE"),
        ({"dryRun": 0}, "dryRun", "INVALID_VALUE"),
        ({"dryRun": None}, "dryRun", "INVALID_VALUE"),
        ({"dryrun": True}, "dryrun", "UNKNOWN_FIELD"),
        ({"force": True}, "force", "UNKNOWN_FIELD"),
    ],
)
def test_request_that_says_something_else_changes_nothing(api: Api, body: Any, field: str, code: str) -> None:
    job = import_ended(api)
    reply = post(api, job, body)
    (problem,) = reply.error["problems"]
    assert (reply.status, problem["field"], problem["code"]) == (400, field, code)
    assert shown(api, job)["rollback"] is None


def test_example_of_the_description_holds(api: Api) -> None:
    schemas = orjson.loads(DOCUMENT.read_bytes())["components"]["schemas"]
    (example,) = schemas["RollbackBody"]["examples"]
    assert post(api, import_ended(api), example).status == 202


def test_another_tenants_import(api: Api) -> None:
    job = import_ended(api)
    reply = post(api, job, tenant="b")
    assert (reply.status, reply.error["code"]) == (403, "JOB_FORBIDDEN")
    assert shown(api, job)["rollback"] is None


def test_token_that_may_only_read(api: Api) -> None:
    job = import_ended(api)
    reply = post(api, job, scope="contacts:read")
    assert (reply.status, reply.error["code"]) == (403, "SCOPE_MISSING")
    assert shown(api, job)["rollback"] is None


@pytest.mark.parametrize("job", ["00000000-0000-4000-8000-000000000000", "x", "%00"])
def test_no_such_import(api: Api, job: str) -> None:
    reply = post(api, job)
    assert (reply.status, reply.error["code"]) == (404, "JOB_NOT_FOUND")


# --- When it is refused


@pytest.mark.parametrize(
    ("state", "code", "said"),
    [
        (pending, "IMPORT_RUNNING", "pending"),
        (processing, "IMPORT_RUNNING", "processing"),
        (rolling_back, "ROLLBACK_RUNNING", "rolling_back"),
        (looking, "ROLLBACK_RUNNING", "completed"),
        (rolled_back, "ALREADY_ROLLED_BACK", "rolled_back"),
        (refused_as_a_whole, "NOTHING_TO_ROLL_BACK", "nothing"),
        (without_a_valid_row, "NOTHING_TO_ROLL_BACK", "nothing"),
        (long_ago, "ROLLBACK_WINDOW_PASSED", "30 days"),
    ],
)
def test_state_that_forbids_it(api: Api, state: Callable[[Api], str], code: str, said: str) -> None:
    job = state(api)
    before, started = shown(api, job), list(api.runner.started)
    assert before["canRollback"] is False
    for body in ({}, {"dryRun": True}, {"onConflict": "force"}):
        reply = post(api, job, body)
        assert (reply.status, reply.error["code"]) == (409, code)
        assert said in reply.error["message"]
    assert shown(api, job) == before
    assert api.runner.started == started


def test_days_are_a_setting(api: Api) -> None:
    api.environment["ROLLBACK_DAYS"] = "7"
    job = import_ended(api)
    api.clock.advance(days=6, hours=23)
    assert shown(api, job)["canRollback"] is True
    api.clock.advance(hours=1)
    assert shown(api, job)["canRollback"] is False
    assert "7 days" in post(api, job).error["message"]


def test_import_that_failed_halfway_can_be_rolled_back(api: Api) -> None:
    job = import_ended(api, ImportStatus.FAILED, error=FileError("IMPORT_FAILED", "it broke"))
    assert shown(api, job)["canRollback"] is True
    assert post(api, job).status == 202


# --- How it shows


def test_progress_and_end_of_a_rollback(api: Api) -> None:
    job = import_ended(api)
    api.clock.advance(minutes=1)
    post(api, job)
    state = {
        "status": "running",
        "dryRun": False,
        "onConflict": "keep",
        "processed": 0,
        "deleted": 0,
        "restored": 0,
        "kept": 0,
        "unchanged": 0,
        "errors": 0,
        "startedAt": "2026-01-01T00:01:00.000Z",
        "endedAt": None,
    }
    reply = api.send("GET", f"/api/contacts/import/{job}")
    assert (reply.json["rollback"], reply.json["status"]) == (state, "rolling_back")
    assert (reply.json["canRollback"], reply.json["rolledBackAt"]) == (False, None)
    assert reply.header("retry-after") == "2"

    work(api, job)
    counted = {"processed": 250, "deleted": 120, "restored": 60, "kept": 20, "unchanged": 50}
    assert shown(api, job)["rollback"] == state | counted

    api.clock.advance(minutes=1)
    end(api, job)
    reply = api.send("GET", f"/api/contacts/import/{job}")
    ended_at = "2026-01-01T00:02:00.000Z"
    assert reply.json["rollback"] == state | counted | {"status": "completed", "endedAt": ended_at}
    assert (reply.json["status"], reply.json["rolledBackAt"]) == ("rolled_back", ended_at)
    assert reply.json["canRollback"] is False
    assert reply.header("retry-after") is None


@pytest.mark.parametrize(
    ("body", "ends"),
    [({"dryRun": True}, RollbackStatus.COMPLETED), ({"onConflict": "abort"}, RollbackStatus.ABORTED)],
)
def test_one_that_only_looked_leaves_the_import_as_it_was(api: Api, body: Any, ends: RollbackStatus) -> None:
    job = import_ended(api)
    post(api, job, body)
    assert api.send("GET", f"/api/contacts/import/{job}").header("retry-after") == "2"
    work(api, job)
    end(api, job, ends)
    show = shown(api, job)
    assert (show["status"], show["rolledBackAt"], show["canRollback"]) == ("completed", None, True)
    assert (show["rollback"]["status"], show["rollback"]["processed"]) == (ends, 250)
    assert post(api, job).status == 202
    assert api.runner.started[-1] == rollback_execution(job, 2, 1)
    assert shown(api, job)["rollback"]["processed"] == 0


def test_failed_rollback_goes_on(api: Api) -> None:
    job = failed(api)
    show = shown(api, job)
    assert (show["status"], show["canRollback"], show["rolledBackAt"]) == ("rolling_back", True, None)
    assert (show["rollback"]["status"], show["rollback"]["errors"]) == ("failed", 7)
    api.clock.advance(days=40)
    assert shown(api, job)["canRollback"] is True
    assert post(api, job).json["status"] == "rolling_back"
    assert api.runner.started[-1] == rollback_execution(job, 1, 2)
    show = shown(api, job)
    assert (show["rollback"]["status"], show["rollback"]["errors"], show["canRollback"]) == ("running", 0, False)


@pytest.mark.parametrize(
    ("began", "asked", "status"),
    [
        ("force", {"onConflict": "force"}, 202),
        ("force", {}, 202),
        ("abort", {"onConflict": "abort"}, 202),
        ("force", {"onConflict": "keep"}, 409),
        ("keep", {"onConflict": "force"}, 409),
        ("keep", {"dryRun": True}, 409),
    ],
)
def test_failed_rollback_goes_on_only_as_it_began(api: Api, began: str, asked: Any, status: int) -> None:
    job = failed(api, {"onConflict": began})
    reply = post(api, job, asked)
    assert reply.status == status
    if status == 409:
        assert reply.error["code"] == "ROLLBACK_UNFINISHED"
        assert began in reply.error["message"]
        assert shown(api, job)["rollback"]["status"] == "failed"


def test_list_of_jobs_shows_it_too(api: Api) -> None:
    job = rolled_back(api)
    (item,) = api.send("GET", "/api/jobs", query={"status": "rolled_back"}).json["items"]
    assert (item["jobId"], item["rollback"]["status"], item["canRollback"]) == (job, "completed", False)


# --- Idempotency-Key


KEY = {"Idempotency-Key": "key-1"}


def test_same_key_gets_the_same_answer_whatever_the_state_is_by_then(api: Api) -> None:
    job = import_ended(api)
    first = post(api, job, headers=KEY)
    end(api, job)
    again = post(api, job, headers=KEY)
    assert (again.status, again.json) == (first.status, first.json) == (202, first.json)
    assert again.header("location") == first.header("location")
    assert (first.header("idempotency-replayed"), again.header("idempotency-replayed")) == (None, "true")
    assert shown(api, job)["status"] == "rolled_back"
    assert post(api, job, headers={"Idempotency-Key": "key-2"}).error["code"] == "ALREADY_ROLLED_BACK"


def test_same_key_for_another_import_is_refused(api: Api) -> None:
    one, other = import_ended(api), import_ended(api)
    post(api, one, headers=KEY)
    reply = post(api, other, headers=KEY)
    assert (reply.status, reply.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert shown(api, other)["rollback"] is None


def test_same_key_with_another_body_is_refused(api: Api) -> None:
    job = import_ended(api)
    post(api, job, {"dryRun": True}, headers=KEY)
    end(api, job)
    reply = post(api, job, {}, headers=KEY)
    assert (reply.status, reply.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert shown(api, job)["status"] == "completed"


def test_crash_before_the_start_leaves_one_rollback_that_the_retry_starts(api: Api) -> None:
    job = import_ended(api)
    start, api.runner.start_rollback = api.runner.start_rollback, lambda *_: 1 / 0  # type: ignore[method-assign, assignment]
    assert post(api, job, headers=KEY).status == 500
    api.runner.start_rollback = start  # type: ignore[method-assign]
    assert post(api, job, headers=KEY).status == 202
    assert api.runner.started[-1] == rollback_execution(job, 1, 1)
    assert stored(api, job)[1].run == 1
