"""`contacts jobs`, `job`, `errors`, `results`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import contacts_cli
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import (
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


def test_short_and_empty_pages_are_followed(run: Run, api: FakeApi) -> None:
    """A filter that hardly any job fits is answered in pages that may be empty and still have a next one."""
    api.replies = [httpx.Response(200, json={"items": [], "nextCursor": "4"})]
    ended = run("jobs", "--type", "import", "--json")
    assert [item["jobId"] for item in json.loads(ended.out)["items"]] == ["job-4"]


@pytest.mark.parametrize(
    ("status", "code"), [(410, "RESULTS_EXPIRED"), (404, "FILE_NOT_FOUND")], ids=["its time is over", "never made"]
)
@pytest.mark.parametrize("download", [False, True])
def test_a_list_of_errors_that_is_gone_is_no_empty_list(
    run: Run, api: FakeApi, tmp_path: Path, *, status: int, code: str, download: bool
) -> None:
    api.replies = [error(status, code, "It is gone.")]
    ended = run("errors", "job-1", *(["--download", str(tmp_path / "x.csv")] if download else []))
    assert (ended.code, ended.err) == (5, f"contacts: {code}: It is gone.\n")
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "command", [["job"], ["errors"], ["items"], ["rollback"], ["results", "--download", "x.csv"]], ids=lambda c: c[0]
)
def test_an_unknown_job_is_of_no_kind(run: Run, api: FakeApi, command: list[str]) -> None:
    api.kind = "none"
    api.replies = [error(404, "JOB_NOT_FOUND", "There is no import job of this id.")]
    ended = run(*command, "job-9")
    assert (ended.code, ended.err) == (5, "contacts: JOB_NOT_FOUND: there is no job of this id, or it has expired\n")


def test_another_404_is_no_missing_job(run: Run, api: FakeApi) -> None:
    """The API's address may be wrong."""
    api.replies = [httpx.Response(404, json={"message": "Not Found"})]
    ended = run("job", "job-1")
    assert (ended.code, ended.err, len(api.requests)) == (5, "contacts: the API answered 404 Not Found\n", 1)


@pytest.mark.parametrize(
    ("kind", "command", "said"),
    [
        ("bulk-create", ["rollback"], "contacts bulk-delete --job job-1 --dry-run --watch"),
        ("export", ["rollback"], "this is a job of the kind export: only an import can be rolled back\n"),
        ("bulk-create", ["results", "--download", "x.csv"], "contacts items job-1 --all"),
        ("bulk-delete", ["results", "--download", "x.csv"], "contacts items job-1 --all"),
        ("bulk-create", ["errors", "--download", "x.csv"], "contacts errors job-1 --all --json"),
        ("export", ["items"], "this is a job of the kind export: only bulk jobs have items\n"),
        ("import", ["items"], "contacts results job-1 --download FILE"),
    ],
)
def test_a_job_of_another_kind_is_called_what_it_is(
    run: Run, api: FakeApi, kind: str, command: list[str], said: str
) -> None:
    api.kind = kind
    if command == ["rollback"]:
        api.replies = [error(404, "JOB_NOT_FOUND", "There is no import job of this id.")]
    ended = run(*command, "job-1")
    assert ended.code == 2
    assert f"a job of the kind {kind.replace('-', '_')}: " in ended.err
    assert said in ended.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("command", ["--version", "--help"])
def test_output_that_can_not_be_written_is_one_line(command: str) -> None:
    cli = Path(contacts_cli.__file__).parents[1]
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "contacts_cli.main", command],
            env=os.environ | {"PYTHONPATH": str(cli)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (process.returncode, process.stderr) == (2, "contacts: the output: No space left on device\n")


@pytest.mark.parametrize("command", [["jobs", "--type", "x"], ["export", "--format", "x"]])
def test_a_choice_that_is_none_is_told_in_plain_words(run: Run, command: list[str]) -> None:
    ended = run(*command)
    assert ended.code == 2
    assert "Value error" not in ended.err
    assert "'x' is not one of" in ended.err


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
    assert len(api.sent("GET", f"/api/contacts/{kind}/job-1")) == 1


def test_a_job_that_is_somebody_elses_is_not_looked_for_on(run: Run, api: FakeApi) -> None:
    api.replies = [error(403, "JOB_FORBIDDEN", "This job belongs to another tenant.")]
    assert run("job", "job-1").code == 4
    assert len(api.requests) == 1


def test_a_watched_job_is_looked_for_once(run: Run, api: FakeApi) -> None:
    api.kind = "bulk-delete"
    api.polls = [httpx.Response(200, json=bulk_delete_job(status=status)) for status in ("QUEUED", "COMPLETED")]
    ended = run("job", "job-1", "--watch")
    assert (ended.code, ended.waits) == (0, [1.0])
    assert [
        len(api.sent("GET", f"/api/contacts/{kind}/job-1")) for kind in ("import", "bulk-create", "bulk-delete")
    ] == [
        1,
        1,
        2,
    ]
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
