"""`contacts bulk-create` and `contacts bulk-delete`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import TRACKING_KEY, FakeApi, bulk_create_job, bulk_delete_job, error

ADA = {"email": "ada@example.com", "firstName": "Adä"}


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.json"
    path.write_text(json.dumps([ADA]))
    return path


def deleted(**changes: Any) -> httpx.Response:
    return httpx.Response(200, json=bulk_delete_job(**changes), headers={"Retry-After": "2"})


def polled(**changes: Any) -> httpx.Response:
    return httpx.Response(200, json=bulk_create_job(**changes), headers={"Retry-After": "2"})


@pytest.mark.parametrize(
    ("content", "arguments", "body"),
    [
        ([ADA], [], {"contacts": [ADA]}),
        ({"contacts": [ADA]}, [], {"contacts": [ADA]}),
        ({"contacts": [ADA], "clientSource": "file"}, [], {"contacts": [ADA], "clientSource": "file"}),
        ({"contacts": [], "clientSource": "file"}, ["--source", "x"], {"contacts": [], "clientSource": "x"}),
        (
            [ADA],
            ["--collection", "c-1", "--source", "ios", "--reference", "run 7"],
            {"contacts": [ADA], "collectionId": "c-1", "clientSource": "ios", "clientReferenceId": "run 7"},
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_file_and_options_are_what_is_asked_for(
    *, run: Run, api: FakeApi, contacts: Path, content: Any, arguments: list[str], body: Any, encoding: str
) -> None:
    contacts.write_text(json.dumps(content, ensure_ascii=False), encoding=encoding)
    ended = run("bulk-create", str(contacts), *arguments)
    assert (ended.code, ended.out) == (0, "job-1\n")
    assert list(api.started.values()) == [body]
    assert f"tracking key: {TRACKING_KEY}\n" in ended.err
    assert "contacts job job-1 --watch" in ended.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[", "is no valid JSON: line 1, column 2"),
        (b"[" * 100_000, "is no valid JSON"),
        (b"\xff\xfe", "is no text in UTF-8"),
        (b"7", "holds no list of contacts"),
        (b"{}", "holds no list of contacts"),
        (b'{"contacts": {}}', "holds no list of contacts"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_file_that_holds_no_contacts_is_not_sent(
    run: Run, api: FakeApi, contacts: Path, content: bytes, said: str
) -> None:
    contacts.write_bytes(content)
    ended = run("bulk-create", str(contacts))
    assert (ended.code, api.requests) == (2, [])
    assert said in ended.err


@pytest.mark.parametrize("command", ["bulk-create", "bulk-delete"])
def test_strict_needs_watch(run: Run, api: FakeApi, contacts: Path, command: str) -> None:
    target = [str(contacts)] if command == "bulk-create" else ["--job", "x"]
    ended = run(command, *target, "--strict")
    assert (ended.code, api.requests) == (2, [])
    assert "--strict needs --watch" in ended.err


@pytest.mark.parametrize("command", ["bulk-create", "bulk-delete"])
@pytest.mark.parametrize("key", [None, "key-1"])
def test_lost_answer_starts_no_second_job(
    run: Run, api: FakeApi, contacts: Path, command: str, key: str | None
) -> None:
    api.replies = [httpx.ReadError("reset")]
    target = [str(contacts)] if command == "bulk-create" else ["--job", "x"]
    assert run(command, *target, *(["--key", key] if key else [])).code == 0
    assert len(api.sent("POST", f"/api/contacts/{command}")) == 2
    (used,) = api.started
    assert key in (None, used)


@pytest.mark.parametrize(
    ("end", "arguments", "code"),
    [
        ({}, [], 0),
        ({}, ["--strict"], 0),
        ({"status": "PARTIAL", "failureCount": 1}, [], 0),
        ({"status": "PARTIAL", "failureCount": 1}, ["--strict"], 3),
        ({"status": "PARTIAL"}, ["--strict"], 3),
        ({"status": "FAILED", "failureCount": 3, "successCount": 0}, [], 1),
    ],
)
def test_watching_a_creation_tells_a_script_how_it_ended(
    *, run: Run, api: FakeApi, contacts: Path, end: dict[str, Any], arguments: list[str], code: int
) -> None:
    api.polls = [polled(status="QUEUED"), polled(status="PROCESSING"), polled(**end)]
    ended = run("bulk-create", str(contacts), "--watch", *arguments)
    assert (ended.code, ended.waits) == (code, [2.0, 2.0])
    assert ended.err.splitlines()[:2] == ["job-1 QUEUED", "job-1 PROCESSING"]


def test_end_of_a_creation_is_told_in_counts_with_the_keys_to_keep(run: Run, api: FakeApi, contacts: Path) -> None:
    errors = [{"index": n, "field": None, "code": "INVALID_VALUE", "message": f"email: no {n}"} for n in range(6)]
    errors.append({"index": None, "field": "collectionId", "code": "COLLECTION_NOT_FOUND", "message": "gone"})
    api.polls = [polled(status="PARTIAL", totalCount=9_001, failureCount=6, errors=errors)]
    ended = run("bulk-create", str(contacts), "--watch")
    head, key, *rest = ended.out.splitlines()
    assert (head, key) == ("Bulk create job-1 PARTIAL", f"tracking key {TRACKING_KEY}")
    told = [line.split()[:2] for line in rest[:4]]
    assert told == [["Contacts", "9,001"], ["Created", "2"], ["Skipped", "1"], ["Failed", "6"]]
    assert "email: no 4" in ended.out
    assert "email: no 5" not in ended.out
    assert "contacts bulk-delete --job job-1 --dry-run --watch" in ended.err
    assert f"contacts bulk-delete --tracking-key {TRACKING_KEY} --dry-run --watch" in ended.err


def test_message_can_not_steer_the_terminal(run: Run, api: FakeApi, contacts: Path) -> None:
    bad = {"index": 0, "field": None, "code": "X", "message": "\x1b[2J[red]x[/red]\u202e"}
    api.polls = [polled(errors=[bad], clientSource="\x1b[2J")]
    out = run("bulk-create", str(contacts), "--watch").out
    assert not {"\x1b", "\u202e"} & set(out)
    assert "[red]" in out


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        (["--job", "j"], {"bulkCreateJobId": "j", "dryRun": False}),
        (["--tracking-key", "k"], {"trackingKey": "k", "dryRun": False}),
        (
            ["--job", "j", "--tracking-key", "k", "--dry-run"],
            {"bulkCreateJobId": "j", "trackingKey": "k", "dryRun": True},
        ),
        (
            ["--job", "j", "--contact", "1", "--contact", "2"],
            {"bulkCreateJobId": "j", "contactIds": ["1", "2"], "dryRun": False},
        ),
    ],
)
def test_options_of_a_clean_up_are_what_is_asked_for(
    run: Run, api: FakeApi, arguments: list[str], body: dict[str, Any]
) -> None:
    ended = run("bulk-delete", *arguments)
    assert (ended.code, ended.out) == (0, "job-1\n")
    assert list(api.started.values()) == [body]
    assert "contacts job job-1 --watch" in ended.err


@pytest.mark.parametrize("arguments", [[], ["--dry-run"], ["--contact", "c1"]])
def test_clean_up_of_nothing_is_wrong_usage(run: Run, api: FakeApi, arguments: list[str]) -> None:
    ended = run("bulk-delete", *arguments)
    assert (ended.code, api.requests) == (2, [])
    assert "--tracking-key" in ended.err


@pytest.mark.parametrize(
    ("end", "arguments", "code"),
    [
        ({}, ["--strict"], 0),
        ({"notFoundCount": 1, "forbiddenCount": 1, "deletedCount": 1}, ["--strict"], 0),
        ({"status": "PARTIAL", "failedCount": 1}, ["--strict"], 3),
        ({"status": "PARTIAL", "failedCount": 1}, [], 0),
        ({"status": "FAILED", "failedCount": 3}, [], 1),
    ],
)
def test_watching_a_clean_up_tells_a_script_how_it_ended(
    run: Run, api: FakeApi, end: dict[str, Any], arguments: list[str], code: int
) -> None:
    api.polls = [deleted(status="PROCESSING"), deleted(**end)]
    ended = run("bulk-delete", "--job", "j", "--watch", *arguments)
    assert (ended.code, ended.waits) == (code, [2.0])


@pytest.mark.parametrize(("failures", "told"), [(5, False), (6, True)])
@pytest.mark.parametrize("kind", ["bulk-create", "bulk-delete"])
def test_failures_that_are_not_shown_can_be_looked_up(
    *, run: Run, api: FakeApi, kind: str, failures: int, told: bool
) -> None:
    api.kind = kind
    api.polls = [polled(failureCount=failures) if kind == "bulk-create" else deleted(failedCount=failures)]
    assert ("all errors: contacts errors job-1 --all\n" in run("job", "job-1").err) is told


def test_nothing_created_needs_no_clean_up(run: Run, api: FakeApi, contacts: Path) -> None:
    api.polls = [polled(status="FAILED", successCount=0, failureCount=3)]
    assert "bulk-delete" not in run("bulk-create", str(contacts), "--watch").err


@pytest.mark.parametrize("key", ["", "k\u00e9y", "a\nb"])
def test_a_key_that_no_header_can_carry_is_wrong_usage(run: Run, api: FakeApi, contacts: Path, key: str) -> None:
    ended = run("bulk-create", str(contacts), "--key", key)
    assert (ended.code, api.requests) == (2, [])
    assert "--key" in ended.err


def test_json_is_the_job(run: Run, api: FakeApi, contacts: Path) -> None:
    assert json.loads(run("bulk-create", str(contacts), "--watch", "--json").out) == bulk_create_job()
    assert json.loads(run("bulk-delete", "--job", "j", "--watch", "--json").out) == bulk_delete_job()
    assert json.loads(run("bulk-create", str(contacts), "--json").out)["trackingKey"] == TRACKING_KEY
    assert json.loads(run("bulk-delete", "--job", "j", "--json").out)["status"] == "QUEUED"


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (400, "CONTACTS_TOO_MANY", 2),
        (403, "COLLECTION_FORBIDDEN", 4),
        (404, "COLLECTION_NOT_FOUND", 5),
        (409, "JOB_NOT_ENDED", 7),
        (413, "BODY_TOO_LARGE", 2),
        (422, "IDEMPOTENCY_KEY_REUSED", 2),
    ],
)
def test_refusals_are_said_and_have_their_exit_code(
    *, run: Run, api: FakeApi, contacts: Path, status: int, code: str, exit_code: int
) -> None:
    for command in (["bulk-create", str(contacts)], ["bulk-delete", "--job", "j"]):
        api.replies = [error(status, code, "Because.")]
        ended = run(*command, "--watch")
        assert (ended.code, ended.err) == (exit_code, f"contacts: {code}: Because.\n")


def test_stopping_to_watch_leaves_it_running(run: Run, api: FakeApi, contacts: Path) -> None:
    api.polls = [polled(status="QUEUED")]
    ended = run("bulk-create", str(contacts), "--watch", interrupt_at=0)
    assert ended.code == 130
    assert "contacts job job-1 --watch" in ended.err
