"""`contacts rollback`, and what `job` and `results` say of a rollback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import DOWNLOADED, FakeApi, error, job, rollback

PATH = "/api/contacts/import/job-1/rollback"


def poll(import_status: str = "rolled_back", /, **changes: Any) -> httpx.Response:
    return httpx.Response(
        200, json=job(status=import_status, rollback=rollback(**changes)), headers={"Retry-After": "2"}
    )


def outcome(row: int, action: str = "deleted", fields: tuple[str, ...] = (), reason: str | None = None) -> Any:
    contact = f"{row:036d}"
    return {"contactId": contact, "row": row, "action": action, "fields": list(fields), "reason": reason}


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ([], {"dryRun": False}),
        (["--dry-run"], {"dryRun": True}),
        (["--force"], {"dryRun": False, "onConflict": "force"}),
        (["--abort-on-conflict"], {"dryRun": False, "onConflict": "abort"}),
        (["--force", "--dry-run"], {"dryRun": True, "onConflict": "force"}),
    ],
)
def test_options_are_what_is_asked_for(run: Run, api: FakeApi, arguments: list[str], body: Any) -> None:
    ended = run("rollback", "job-1", *arguments)
    assert ended.code == 0
    assert list(api.started.values()) == [body]
    assert "contacts job job-1 --watch" in ended.err
    assert ended.out == ""


def test_options_that_exclude_each_other(run: Run, api: FakeApi) -> None:
    ended = run("rollback", "job-1", "--force", "--abort-on-conflict")
    assert (ended.code, api.requests) == (2, [])


def test_a_lost_answer_starts_no_second_rollback(run: Run, api: FakeApi) -> None:
    api.replies = [httpx.ReadError("reset")]
    assert run("rollback", "job-1").code == 0
    assert len(api.sent("POST", PATH)) == 2
    assert len(api.started) == 1


def test_stopping_while_it_starts_says_that_it_may_go_on(run: Run, api: FakeApi) -> None:
    api.replies = [httpx.ReadError("reset")]
    ended = run("rollback", "job-1", interrupt_at=0)
    assert (ended.code, len(api.started)) == (130, 1)
    assert "may have started all the same; look with: contacts jobs" in ended.err


def test_an_id_is_one_segment_of_the_path(run: Run, api: FakeApi) -> None:
    run("rollback", "../x")
    assert api.requests[0].url.raw_path == b"/api/contacts/import/..%2Fx/rollback"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ({}, 0),
        ({"kept": 1}, 0),
        ({"dryRun": True, "kept": 1}, 0),
        ({"status": "failed", "errors": 3}, 1),
        ({"status": "aborted", "kept": 1}, 7),
    ],
)
def test_watching_tells_a_script_how_it_ended(run: Run, api: FakeApi, end: dict[str, Any], code: int) -> None:
    api.polls = [poll("rolling_back", status="running"), poll("rolling_back", **end)]
    ended = run("rollback", "job-1", "--watch")
    assert (ended.code, ended.waits) == (code, [2.0])


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [(409, "ROLLBACK_RUNNING", 7), (403, "SCOPE_MISSING", 4), (404, "JOB_NOT_FOUND", 5)],
)
def test_refusals_are_said_and_have_their_exit_code(
    run: Run, api: FakeApi, status: int, code: str, exit_code: int
) -> None:
    api.replies = [error(status, code, "Because.")]
    ended = run("rollback", "job-1", "--watch")
    assert (ended.code, ended.err) == (exit_code, f"contacts: {code}: Because.\n")


def test_phases_are_said_where_there_is_no_terminal(run: Run, api: FakeApi) -> None:
    api.polls = [
        poll("completed", status="running"),
        poll("completed", status="running"),
        poll("rolling_back", status="running"),
        poll(),
    ]
    said = run("rollback", "job-1", "--abort-on-conflict", "--watch").err.splitlines()[:3]
    assert said == ["job-1 looking", "job-1 rolling_back", "job-1 rollback completed"]


def test_the_end_is_told_in_counts(run: Run, api: FakeApi) -> None:
    counts = {"deleted": 8_999, "restored": 12, "kept": 0, "unchanged": 3}
    api.polls = [poll(**counts)]
    ended = run("rollback", "job-1", "--watch")
    assert "Rollback completed in 2.0 s" in ended.out
    # The import's own seconds would read as the rollback's.
    assert ended.out.splitlines()[0] == "Import job-1 rolled_back"
    told = [line.split()[:2] for line in ended.out.splitlines()]
    assert told[-4:] == [["Deleted", "8,999"], ["Restored", "12"], ["Kept", "0"], ["Unchanged", "3"]]
    assert "contacts results job-1 --rollback --download FILE" in ended.err


@pytest.mark.parametrize(
    ("end", "note"),
    [
        ({"dryRun": True}, "Dry run of a rollback completed in 2.0 s; nothing was changed"),
        ({"status": "aborted"}, "something would have been kept, nothing was changed"),
        ({"status": "failed", "errors": 3}, "some contacts are left, a new one goes on from there"),
    ],
)
def test_what_a_person_has_to_know_is_said(run: Run, api: FakeApi, end: dict[str, Any], note: str) -> None:
    api.polls = [poll("completed", **end)]
    ended = run("rollback", "job-1", "--watch")
    assert note in " ".join(ended.out.split())
    assert ("Errors" in ended.out) is ("errors" in end)
    assert "contacts rollback job-1 --watch" in ended.err


@pytest.mark.parametrize(
    ("end", "step"),
    [
        ({"dryRun": True}, "contacts rollback job-1 --watch"),
        ({"status": "aborted", "onConflict": "abort"}, "contacts rollback job-1 --watch"),
        ({"dryRun": True, "onConflict": "force"}, "contacts rollback job-1 --force --watch"),
    ],
)
def test_the_step_after_a_look_does_what_was_looked_at(run: Run, api: FakeApi, end: dict[str, Any], step: str) -> None:
    api.polls = [poll("completed", **end)]
    proposed = [line for line in run("job", "job-1").err.splitlines() if "contacts rollback" in line]
    assert [line.partition(": ")[2] for line in proposed] == [step]


KEPT = [
    outcome(1),
    outcome(2, "kept", ("phone", "tags.vip"), "EDITED_LATER"),
    outcome(3, "unchanged", (), "GONE"),
    outcome(4, "kept", ("email",), "EMAIL_TAKEN"),
]


@pytest.mark.parametrize("command", [["rollback", "job-1", "--watch"], ["job", "job-1"]])
def test_what_is_kept_is_shown_with_the_reason(run: Run, api: FakeApi, command: list[str]) -> None:
    api.outcomes = KEPT
    api.polls = [poll(kept=2)]
    out = run(*command).out
    table = out[out.index("\nKept\n") :]
    assert KEPT[1]["contactId"] in table
    assert "phone, tags.vip" in " ".join(table.split())
    assert "edited later" in " ".join(table.split())
    assert KEPT[3]["contactId"] in table
    assert KEPT[0]["contactId"] not in table
    assert KEPT[2]["contactId"] not in table
    assert max(len(line) for line in out.splitlines()) <= 80


@pytest.mark.parametrize(("status", "code"), [(410, "RESULTS_EXPIRED"), (404, "FILE_NOT_FOUND")])
def test_a_list_that_is_gone_hides_no_job(run: Run, api: FakeApi, status: int, code: str) -> None:
    api.replies = [poll(kept=2), error(status, code, "it is gone")]
    ended = run("job", "job-1")
    assert ended.code == 0
    assert f"2; which ones can't be told: {code}: it is gone" in ended.out


@pytest.mark.parametrize("end", [{"dryRun": True}, {"status": "aborted"}])
def test_what_would_be_kept_is_told_from_what_is(run: Run, api: FakeApi, end: dict[str, Any]) -> None:
    api.outcomes = KEPT
    api.polls = [poll("completed", kept=2, **end)]
    assert "\nWould be kept\n" in run("rollback", "job-1", "--watch").out


def test_only_the_first_20_are_shown_and_no_more_pages_are_fetched_than_it_takes(run: Run, api: FakeApi) -> None:
    api.outcomes = [outcome(row, "kept" if row > 5 else "deleted", ("phone",), "EDITED_LATER") for row in range(1, 101)]
    api.polls = [poll(kept=95)]
    out = run("rollback", "job-1", "--watch").out
    assert [f"{row:036d}" in out for row in (5, 6, 25, 26)] == [False, True, True, False]
    assert "and 75 more" in out
    # The fake has pages of ten.
    assert len(api.sent("GET", PATH)) == 3


def test_a_long_list_is_not_gone_through_for_the_few_that_are_kept(run: Run, api: FakeApi) -> None:
    api.outcomes = [outcome(row, "kept" if row in (3, 900) else "deleted") for row in range(1, 1_001)]
    api.polls = [poll(kept=2), poll(kept=1)]
    out = run("job", "job-1").out
    assert f"{3:036d}" in out
    assert "and 1 more" in out
    assert len(api.sent("GET", PATH)) == 50
    api.outcomes = [outcome(row, "kept" if row == 900 else "deleted") for row in range(1, 1_001)]
    assert "1, far down the list" in run("job", "job-1").out


@pytest.mark.parametrize("end", [{}, {"status": "running", "kept": 3}])
def test_nothing_is_fetched_where_nothing_is_kept_or_the_list_is_not_ready(
    run: Run, api: FakeApi, end: dict[str, Any]
) -> None:
    api.polls = [poll("rolling_back", **end)]
    assert run("job", "job-1").code == 0
    assert api.sent("GET", PATH) == []


def test_names_of_fields_can_not_steer_the_terminal(run: Run, api: FakeApi) -> None:
    api.outcomes = [outcome(1, "kept", ("tags.\x1b[2J[red]x[/red]\u202e",), "EDITED_LATER")]
    api.polls = [poll(kept=1)]
    out = run("job", "job-1").out
    assert not {"\x1b", "\u202e"} & set(out)
    assert "[red]" in out


def test_json_is_the_job(run: Run, api: FakeApi) -> None:
    api.polls = [poll(kept=1)]
    assert json.loads(run("rollback", "job-1", "--watch", "--json").out)["rollback"] == rollback(kept=1)
    started = json.loads(run("rollback", "job-1", "--json").out)
    assert started == {"success": True, "jobId": "job-1", "status": "rolling_back"}


def test_a_failed_rollback_is_not_waited_for(run: Run, api: FakeApi) -> None:
    api.polls = [poll("rolling_back", status="failed", errors=1)]
    ended = run("job", "job-1", "--watch")
    assert (ended.code, ended.waits) == (1, [])


def test_watching_a_job_follows_its_rollback(run: Run, api: FakeApi) -> None:
    api.polls = [poll("completed", status="running", dryRun=True), poll("completed", dryRun=True)]
    ended = run("job", "job-1", "--watch")
    assert (ended.code, ended.waits) == (0, [2.0])


def test_stopping_to_watch_leaves_it_running(run: Run, api: FakeApi) -> None:
    api.polls = [poll("rolling_back", status="running")]
    ended = run("rollback", "job-1", "--watch", interrupt_at=0)
    assert ended.code == 130
    assert "contacts job job-1 --watch" in ended.err


def test_the_whole_list_downloads(run: Run, api: FakeApi, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    assert run("results", "job-1", "--rollback", "--download", str(target)).code == 0
    assert target.read_bytes() == DOWNLOADED
    assert api.sent("GET", f"{PATH}/download")
