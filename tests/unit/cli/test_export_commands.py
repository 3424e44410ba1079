"""`contacts export` and `contacts download`: what is asked for, what is saved, and that it is the file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import DOWNLOADED, FakeApi, error, export

EXPORTS = "/api/contacts/export"
JOB = f"{EXPORTS}/job-1"
LOST = httpx.ReadError("connection reset")
CONDITION = {"field": "company", "op": "equals", "value": "Acme"}
SIGNED = httpx.Response(200, json={"downloadUrl": "https://files.example.com/signed?secret=1"})


def poll(**changes: Any) -> httpx.Response:
    return httpx.Response(200, json=export(**changes), headers={"Retry-After": "2"})


RUNNING = {
    "status": "processing",
    "processedContacts": 5_000,
    "totalContacts": None,
    "fileSize": None,
    "sha256": None,
    "completedAt": None,
}
FAILED = {
    "status": "failed",
    "fileSize": None,
    "sha256": None,
    "error": {"code": "SEGMENT_NOT_FOUND", "message": "there is no segment of this id"},
}


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ([], {}),
        (["--format", "xlsx"], {"format": "xlsx"}),
        (["--filter", json.dumps(CONDITION)], {"filters": CONDITION}),
        (["--filter", "{}"], {"filters": {}}),
        (["--segment", "s-1"], {"segmentId": "s-1"}),
        (["--collection", "c-1"], {"collectionId": "c-1"}),
        (
            ["--fields", "id, email,customFields.shoe size"],
            {"selectedFields": ["id", "email", "customFields.shoe size"]},
        ),
        (["--fields", "id,,email"], {"selectedFields": ["id", "", "email"]}),
        (["--custom-fields", "--engagement"], {"includeCustomFields": True, "includeEngagementMetrics": True}),
        (["--bom"], {"byteOrderMark": True}),
    ],
)
def test_options_are_what_is_asked_for(run: Run, api: FakeApi, arguments: list[str], body: dict[str, Any]) -> None:
    ended = run("export", "--format", "csv", *arguments)
    assert (ended.code, ended.out) == (0, "job-1\n")
    assert list(api.started.values()) == [{"format": "csv", **body}]
    assert "contacts download job-1 --out FILE" in ended.err
    assert [request.method for request in api.requests] == ["POST"]


def test_a_filter_can_stand_in_a_file(run: Run, api: FakeApi, tmp_path: Path) -> None:
    (tmp_path / "filter.json").write_text(json.dumps({**CONDITION, "value": "Größe"}), encoding="utf-8-sig")
    assert run("export", "--format", "csv", "--filter", "@filter.json").code == 0
    assert list(api.started.values()) == [{"format": "csv", "filters": {**CONDITION, "value": "Größe"}}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("company = Acme", "--filter is no valid JSON: line 1, column 1"),
        ('{"value": NaN}', "--filter is no valid JSON"),
        ('{"value": "\\ud800"}', "--filter is no valid JSON"),
        ("[" * 100_000, "--filter is no valid JSON"),
        ("[]", "--filter must be a JSON object"),
        ("null", "--filter must be a JSON object"),
        ("@nowhere.json", "nowhere.json can't be read: No such file or directory"),
        ("@latin.json", "latin.json can't be read: it is no text in UTF-8"),
    ],
)
def test_what_is_no_filter_is_said_and_nothing_started(
    run: Run, api: FakeApi, tmp_path: Path, given: str, said: str
) -> None:
    (tmp_path / "latin.json").write_bytes('{"value": "Größe"}'.encode("latin-1"))
    ended = run("export", "--format", "csv", "--filter", given)
    assert (ended.code, ended.err, api.requests) == (2, f"contacts: {said}\n", [])


@pytest.mark.parametrize("arguments", [[], ["--format", "pdf"]])
def test_the_format_is_needed(run: Run, api: FakeApi, arguments: list[str]) -> None:
    assert run("export", *arguments).code == 2
    assert api.requests == []


@pytest.mark.parametrize("command", [["export", "--format", "csv"], ["download", "job-1"]])
def test_it_waits_and_saves_the_file_through_the_link_without_the_token(
    run: Run, api: FakeApi, tmp_path: Path, command: list[str]
) -> None:
    api.polls = [poll(**RUNNING, startedAt=None), poll(**RUNNING), poll()]
    ended = run(*command, "--out", "people.csv")
    assert (ended.code, ended.waits) == (0, [2.0, 2.0])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("people.csv", DOWNLOADED)]
    (fetched,) = api.sent("GET", "/signed")
    assert "Authorization" not in fetched.headers
    assert "saved people.csv (15 bytes, checksum verified)" in ended.err
    shown = " ".join(ended.out.split())
    assert shown.startswith("Export job-1 completed in 2.0 s Contacts 1,234 File csv, 15 bytes, until 2026-01-09")
    assert hashlib.sha256(DOWNLOADED).hexdigest() in ended.out
    assert max(len(line) for line in ended.out.splitlines()) <= 80


def test_watching_alone_saves_nothing_and_says_how_to(run: Run, api: FakeApi, tmp_path: Path) -> None:
    ended = run("export", "--format", "csv", "--watch")
    assert (ended.code, list(tmp_path.iterdir())) == (0, [])
    assert "contacts download job-1 --out FILE" in ended.err
    assert api.sent("GET", f"{JOB}/download") == []


def test_phases_are_said_where_there_is_no_terminal(run: Run, api: FakeApi) -> None:
    api.polls = [poll(**{**RUNNING, "status": "pending"}), poll(**RUNNING), poll(**RUNNING), poll()]
    said = run("export", "--format", "csv", "--watch").err.splitlines()[:3]
    assert said == ["job-1 pending", "job-1 processing", "job-1 completed"]


def broken_off() -> httpx.Response:
    class Stream(httpx.SyncByteStream):
        def __iter__(self):
            yield DOWNLOADED[:4]
            raise LOST

    return httpx.Response(200, stream=Stream())


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (httpx.Response(200, content=DOWNLOADED[:-1]), 6, "14 bytes came, the file has 15"),
        (httpx.Response(200, content=DOWNLOADED + b"x"), 6, "16 bytes came, the file has 15"),
        (httpx.Response(200, content=DOWNLOADED[::-1]), 6, "what came is not the file: its SHA-256 is "),
        (broken_off, 6, "the download broke off: connection reset"),
        (httpx.Response(403, text="<Error><Code>AccessDenied</Code></Error>"), 4, "storage refused the download: 403"),
        (httpx.Response(404, text="<Error><Code>NoSuchKey</Code></Error>"), 6, "storage refused the download: 404"),
    ],
    ids=["short", "long", "changed", "broken off", "refused", "gone"],
)
@pytest.mark.parametrize("old", [None, b"an old file"])
def test_what_is_not_the_file_leaves_nothing_of_itself_and_keeps_the_old_one(
    run: Run, api: FakeApi, tmp_path: Path, *, old: bytes | None, reply: Any, code: int, said: str
) -> None:
    target = tmp_path / "people.csv"
    if old is not None:
        target.write_bytes(old)
    api.replies = [httpx.Response(202, json={"jobId": "job-1", "status": "pending"}), poll(), SIGNED, reply]
    ended = run("export", "--format", "csv", "--out", str(target), "--force")
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert "secret" not in ended.err
    assert "saved" not in ended.err
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == ([("people.csv", old)] if old else [])
    if code == 6:
        assert f"contacts download job-1 --out {target}" in ended.err


@pytest.mark.parametrize("command", [["export", "--format", "csv"], ["download", "job-1"]])
def test_a_file_that_is_there_is_not_replaced_and_nothing_started(
    run: Run, api: FakeApi, tmp_path: Path, command: list[str]
) -> None:
    target = tmp_path / "people.csv"
    target.write_text("an hour of work")
    ended = run(*command, "--out", str(target))
    assert (ended.code, api.requests, target.read_text()) == (2, [], "an hour of work")
    assert "--force" in ended.err
    assert run(*command, "--out", str(target), "--force").code == 0
    assert target.read_bytes() == DOWNLOADED


def test_a_folder_that_is_not_there_is_told_before_anything_starts(run: Run, api: FakeApi, tmp_path: Path) -> None:
    ended = run("export", "--format", "csv", "--out", str(tmp_path / "nowhere" / "people.csv"))
    assert (ended.code, api.requests) == (2, [])
    assert "can't be written: No such file or directory" in ended.err


@pytest.mark.parametrize("command", [["export", "--format", "csv"], ["download", "job-1"]])
def test_a_failed_export_says_why_and_leaves_no_file(
    run: Run, api: FakeApi, tmp_path: Path, command: list[str]
) -> None:
    api.polls = [poll(**RUNNING), poll(**FAILED)]
    ended = run(*command, "--out", "people.csv")
    assert (ended.code, list(tmp_path.iterdir())) == (1, [])
    assert "SEGMENT_NOT_FOUND: there is no segment of this id" in ended.out
    assert api.sent("GET", f"{JOB}/download") == []


def test_a_lost_answer_starts_no_second_export(run: Run, api: FakeApi) -> None:
    api.replies = [LOST]
    assert run("export", "--format", "csv").code == 0
    assert len(api.sent("POST", EXPORTS)) == 2
    assert len(api.started) == 1


def test_two_runs_are_two_exports(run: Run, api: FakeApi) -> None:
    run("export", "--format", "csv")
    run("export", "--format", "csv")
    assert len(api.started) == 2


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (400, "INVALID_REQUEST", 2),
        (403, "SCOPE_MISSING", 4),
        (404, "SEGMENT_NOT_FOUND", 5),
        (410, "EXPORT_EXPIRED", 5),
    ],
)
def test_refusals_are_said_and_have_their_exit_code(
    run: Run, api: FakeApi, tmp_path: Path, *, status: int, code: str, exit_code: int
) -> None:
    api.replies = [error(status, code, "Because.")]
    ended = run("export", "--format", "csv", "--out", "people.csv")
    assert (ended.code, ended.err) == (exit_code, f"contacts: {code}: Because.\n")
    api.replies = [poll(), error(status, code, "Because.")]
    ended = run("download", "job-1", "--out", "people.csv")
    assert ended.code == exit_code
    assert ended.err.splitlines()[-1] == f"contacts: {code}: Because."
    assert list(tmp_path.iterdir()) == []


def test_stopping_to_wait_leaves_it_running_and_says_how_to_get_the_file(run: Run, api: FakeApi) -> None:
    api.polls = [poll(**RUNNING)]
    ended = run("export", "--format", "csv", "--out", "my people.csv", interrupt_at=0)
    assert ended.code == 130
    assert "contacts download job-1 --out 'my people.csv'" in ended.err


def test_json_is_the_job(run: Run, api: FakeApi) -> None:
    assert json.loads(run("export", "--format", "csv", "--json").out) == {"jobId": "job-1", "status": "pending"}
    assert json.loads(run("export", "--format", "csv", "--watch", "--json").out) == export()
    assert json.loads(run("download", "job-1", "--out", "people.csv", "--json").out) == export()


def test_an_id_is_one_segment_of_the_path(run: Run, api: FakeApi) -> None:
    run("download", "x?y z", "--out", "people.csv")
    assert api.requests[0].url.raw_path == b"/api/contacts/export/x%3Fy%20z"


def test_what_the_api_says_can_not_steer_the_terminal(run: Run, api: FakeApi) -> None:
    api.polls = [poll(**{**FAILED, "error": {"code": "X", "message": "\x1b[2J[red]x[/red]\u202e"}})]
    out = run("export", "--format", "csv", "--watch").out
    assert not {"\x1b", "\u202e"} & set(out)
    assert "[red]" in out


@pytest.mark.parametrize("changes", [RUNNING, {}, FAILED], ids=["running", "completed", "failed"])
def test_a_job_is_shown_as_what_it_is(run: Run, api: FakeApi, changes: dict[str, Any]) -> None:
    api.replies = [error(404, "JOB_NOT_FOUND", "No.") for _ in range(3)] + [poll(**changes)]
    ended = run("job", "job-1")
    assert ended.code == 0
    assert ended.out.startswith(f"Export job-1 {changes.get('status', 'completed')}")
    assert ("contacts job job-1 --watch" in ended.err) is (changes == RUNNING)
    assert ("contacts download job-1 --out FILE" in ended.err) is (changes != FAILED)


@pytest.mark.parametrize("command", ["export", "download"])
def test_help_tells_the_right_that_it_needs(run: Run, command: str) -> None:
    ended = run(command, "--help")
    assert ended.code == 0
    assert "contacts:export" in ended.out
