"""`contacts jobs`, `job`, `errors`, `results`."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import (
    DOWNLOADED,
    TRACKING_KEY,
    FakeApi,
    bulk_create_job,
    bulk_delete_job,
    error,
    export,
    job,
)


@pytest.mark.parametrize("command", [["jobs"], ["errors", "job-1"]])
@pytest.mark.parametrize(
    ("arguments", "shown", "more"),
    [
        ([], 5, False),
        (["--limit", "2"], 2, True),
        (["--limit", "3"], 3, True),
        (["--limit", "5"], 5, False),
        (["--all"], 5, False),
    ],
)
def test_lists_follow_the_cursor_as_far_as_asked(
    run: Run, command: list[str], arguments: list[str], shown: int, more: bool
) -> None:
    ended = run(*command, *arguments, "--json")
    found = json.loads(ended.out)
    assert len(found["items"]) == shown
    assert found["nextCursor"] == (str(shown) if more else None)
    assert ("there are more than these" in ended.err) is more


def test_jobs_are_filtered_by_the_api(run: Run, api: FakeApi) -> None:
    run("jobs", "--status", "failed", "--limit", "2")
    assert dict(api.requests[0].url.params) == {"status": "failed", "limit": "2"}


def test_the_table_of_jobs_fits_80_columns_and_never_cuts_an_id(run: Run, api: FakeApi) -> None:
    job_id = "0b0f3a52-7a67-4b5c-9d33-0c1f5d7c9a10"
    long = job(job_id, fileName="a very long file name " * 5, totalRows=1_048_576, errorCount=1_048_576)
    api.replies = [httpx.Response(200, json={"items": [long], "nextCursor": None})]
    lines = run("jobs").out.splitlines()
    assert any(job_id in line for line in lines)
    assert max(len(line) for line in lines) <= 80


def test_no_jobs_and_no_errors_are_said_not_drawn(run: Run, api: FakeApi) -> None:
    nothing = {"items": [], "nextCursor": None}
    api.replies = [httpx.Response(200, json=nothing), httpx.Response(200, json=nothing)]
    assert (run("jobs").err, run("errors", "job-1").err) == ("no jobs\n", "no errors\n")


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        ([], "failed", 0),
        (["--watch"], "failed", 1),
        (["--watch"], "completed", 0),
        (["--watch", "--strict"], "completed", 3),
    ],
)
def test_looking_at_a_job_succeeds_whatever_its_status_and_watching_tells_it(
    run: Run, api: FakeApi, arguments: list[str], status: str, code: int
) -> None:
    api.polls = [httpx.Response(200, json=job(status=status))]
    assert run("job", "job-1", *arguments).code == code


def test_a_running_job_shows_how_far_it_is(run: Run, api: FakeApi) -> None:
    api.polls = [httpx.Response(200, json=job(status="processing", processedRows=1, completedAt=None))]
    ended = run("job", "job-1")
    assert "1 processed so far" in ended.out
    assert "contacts job job-1 --watch" in ended.err


def test_an_id_is_one_segment_of_the_path(run: Run, api: FakeApi) -> None:
    run("job", "../jobs?x=1", "--json")
    assert api.requests[0].url.raw_path == b"/api/contacts/import/..%2Fjobs%3Fx%3D1"


def test_values_of_a_file_can_not_steer_the_terminal(run: Run, api: FakeApi) -> None:
    value = "\x1b[2J\r\x07\u202e[red]x[/red]\n:smile:"
    row = {"row": 1, "field": "na\x1bme", "value": value, "code": "X", "error": "\x1b]0;title\x07"}
    api.replies = [httpx.Response(200, json={"items": [row], "nextCursor": None})]
    out = run("errors", "job-1").out
    assert not {"\x1b", "\r", "\x07", "\u202e"} & set(out)
    assert "[red]" in out
    assert ":smile:" in out


@pytest.mark.parametrize(("command", "path"), [("errors", "errors/download"), ("results", "results/download")])
def test_downloads_come_whole_from_storage_without_the_token(
    run: Run, api: FakeApi, tmp_path: Path, command: str, path: str
) -> None:
    target = tmp_path / "out.csv"
    ended = run(command, "job-1", "--download", str(target))
    assert ended.code == 0
    assert target.read_bytes() == DOWNLOADED
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    assert api.sent("GET", f"/api/contacts/import/job-1/{path}")
    (fetched,) = api.sent("GET", "/signed")
    assert "Authorization" not in fetched.headers


def test_a_download_replaces_a_file_only_when_told(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "corrected.csv"
    target.write_text("an hour of work")
    ended = run("errors", "job-1", "--download", str(target))
    assert ended.code == 2
    assert "--force" in ended.err
    assert target.read_text() == "an hour of work"
    assert run("errors", "job-1", "--download", str(target), "--force").code == 0
    assert target.read_bytes().startswith(b"row,code")


class _BreaksOff(httpx.SyncByteStream):
    def __iter__(self):
        yield b"half"
        raise httpx.ReadError("connection reset")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (httpx.Response(403, text="<Error><Code>AccessDenied</Code></Error>"), 4),
        (httpx.Response(200, stream=_BreaksOff()), 6),
    ],
    ids=["refused", "broken off"],
)
def test_a_download_that_fails_leaves_no_half_file_and_keeps_the_old_one(
    run: Run, api: FakeApi, tmp_path: Path, reply: httpx.Response, code: int
) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    api.replies = [httpx.Response(200, json={"downloadUrl": "https://files.example.com/signed?secret=1"}), reply]
    ended = run("results", "job-1", "--download", str(target), "--force")
    assert ended.code == code
    assert "secret" not in ended.err
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    assert target.read_text() == "old"


def test_a_target_that_can_not_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    ended = run("results", "job-1", "--download", str(tmp_path / "nowhere" / "out.csv"))
    assert ended.code == 2
    assert "can't be written: No such file or directory" in ended.err


def test_results_of_a_running_job_are_a_conflict(run: Run, api: FakeApi, tmp_path: Path) -> None:
    api.replies = [error(409, "NOT_READY", "The import still runs.")]
    assert run("results", "job-1", "--download", str(tmp_path / "x.csv")).code == 7


def test_an_unknown_job_is_not_found(run: Run, api: FakeApi) -> None:
    api.kind = "none"
    ended = run("job", "job-9")
    assert (ended.code, ended.err) == (5, "contacts: JOB_NOT_FOUND: There is no such job.\n")


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("import", "Import job-1 completed"),
        ("bulk-create", "Bulk create job-1 COMPLETED"),
        ("bulk-delete", "Clean-up job-1 COMPLETED"),
        ("export", "Export job-1 completed"),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--watch"]])
def test_a_job_of_any_kind_is_found_by_its_id(
    run: Run, api: FakeApi, kind: str, head: str, arguments: list[str]
) -> None:
    api.kind = kind
    ended = run("job", "job-1", *arguments)
    assert ended.code == 0
    assert ended.out.startswith(head)
    assert api.requests[-1].url.path == f"/api/contacts/{kind}/job-1"


def test_a_job_that_is_somebody_elses_is_not_looked_for_on(run: Run, api: FakeApi) -> None:
    api.replies = [error(403, "JOB_FORBIDDEN", "This job belongs to another tenant.")]
    assert run("job", "job-1").code == 4
    assert len(api.requests) == 1


def test_a_watched_job_is_looked_for_once(run: Run, api: FakeApi) -> None:
    api.kind = "bulk-delete"
    api.polls = [httpx.Response(200, json=bulk_delete_job(status=status)) for status in ("QUEUED", "COMPLETED")]
    ended = run("job", "job-1", "--watch")
    assert (ended.code, ended.waits) == (0, [1.0])
    assert len(api.requests) == 4
    assert f"\ntracking key {TRACKING_KEY}\n" in ended.out


def test_the_list_shows_jobs_of_all_kinds(run: Run, api: FakeApi) -> None:
    made = {"createdAt": "2026-01-02T03:04:04Z"}
    jobs = [
        {"type": "export", **export(), **made},
        {"type": "bulk_delete", **bulk_delete_job(dryRun=True, failedCount=2), **made},
        {"type": "bulk_create", **bulk_create_job(failureCount=1), **made},
        {"type": "import", **job(), **made},
    ]
    api.replies = [httpx.Response(200, json={"items": jobs, "nextCursor": None})]
    _, *lines = run("jobs").out.splitlines()
    assert [(line.split()[3:5]) for line in lines[1:]] == [["3", "2"], ["3", "1"], ["3", "1"]]
    assert [line.split(maxsplit=5)[5].strip() for line in lines[2:]] == [
        "bulk create ios run 7",
        "import people.csv",
    ]
    assert "export to csv" in lines[0]
    assert "dry run of a clean-up" in lines[1]


@pytest.mark.parametrize("kind", ["import", "bulk_create", "bulk_delete", "export"])
def test_jobs_of_one_kind_are_filtered_by_the_api(run: Run, api: FakeApi, kind: str) -> None:
    run("jobs", "--type", kind)
    assert api.requests[0].url.params["type"] == kind


@pytest.mark.parametrize("arguments", [["--help"], ["import", "--help"]])
def test_help_documents_the_exit_codes(run: Run, arguments: list[str]) -> None:
    ended = run(*arguments)
    assert ended.code == 0
    assert all(f"\n    {code} " in ended.out for code in (0, 1, 2, 3, 4, 5, 6, 7, 130))
