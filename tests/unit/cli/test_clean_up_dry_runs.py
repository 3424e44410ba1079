"""What a clean-up, and its dry run, show of the contacts, and which command a dry run is followed by."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import TRACKING_KEY, FakeApi, bulk_delete_job

DELETE = "/api/contacts/bulk-delete"


def deleted(**changes: Any) -> httpx.Response:
    return httpx.Response(200, json=bulk_delete_job(**changes), headers={"Retry-After": "2"})


def item(number: int, outcome: str = "deleted", *, edited: bool = False, code: str | None = None) -> dict[str, Any]:
    return {"contactId": f"{number:036d}", "outcome": outcome, "edited": edited, "code": code}


def test_dry_run_shows_candidates_and_what_to_look_at(run: Run, api: FakeApi) -> None:
    api.polls = [deleted(dryRun=True, deletedCount=0, deletedContactIds=[])]
    api.outcomes = [
        *(item(number, "candidate") for number in range(15)),
        item(15, "candidate", edited=True),
        item(16, "forbidden"),
        item(17, "failed", code="NOT_DELETED"),
    ]
    ended = run("bulk-delete", "--job", "j", "--dry-run", "--watch")
    assert ended.out.startswith("Dry run of a clean-up job-1 COMPLETED")
    assert ["Candidates", "3", "would"] in [line.split()[:3] for line in ended.out.splitlines()]
    table = ended.out[ended.out.index("To look at") :]
    assert [f"{number:036d}" in table for number in (14, 15, 16, 17)] == [False, True, True, True]
    assert "edited after its creation" in table
    assert "NOT_DELETED" in table
    assert "delete them: contacts bulk-delete --job j --watch\n" in ended.err
    assert f"\ntracking key {TRACKING_KEY}\n" in ended.out
    assert max(len(line) for line in ended.out.splitlines() if TRACKING_KEY not in line) <= 80


def test_only_the_first_20_are_shown_and_no_more_pages_are_fetched_than_it_takes(run: Run, api: FakeApi) -> None:
    api.outcomes = [item(number, "deleted", edited=number >= 5) for number in range(100)]
    out = run("bulk-delete", "--job", "j", "--watch").out
    assert [f"{number:036d}" in out for number in (4, 5, 24, 25)] == [False, True, True, False]
    assert "and more; all of them: contacts items job-1 --all" in out
    # The fake has pages of ten.
    assert len(api.sent("GET", f"{DELETE}/job-1/items")) == 3


@pytest.mark.parametrize(
    ("given", "deletion"),
    [
        (["--job", "j"], "--job j --watch"),
        (["--tracking-key", "a key"], "--tracking-key 'a key' --watch"),
        (["--job", "j", "--tracking-key", "k"], "--job j --tracking-key k --watch"),
        (["--job", "j", "--contact", "1", "--contact", "2"], "--job j --contact 1 --contact 2 --watch"),
        (["--contact", "1", "--job", "j", "--strict", "--key", "k"], "--job j --contact 1 --watch --strict"),
    ],
)
def test_dry_run_is_followed_by_the_same_command_without_it(
    run: Run, api: FakeApi, given: list[str], deletion: str
) -> None:
    api.polls = [deleted(dryRun=True, deletedCount=0)]
    ended = run("bulk-delete", *given, "--dry-run", "--watch")
    assert f"\ndelete them: contacts bulk-delete {deletion}\n" in ended.err
    assert ended.err.count("contacts bulk-delete") == 1


def test_what_a_dry_run_was_narrowed_to_is_never_left_out(run: Run, api: FakeApi) -> None:
    """The job tells it to nobody, and so many contacts would be no line."""
    told = "\ndelete them: the same command without --dry-run\n"
    api.polls = [deleted(dryRun=True, deletedCount=0) for _ in range(2)]
    named = [word for number in range(21) for word in ("--contact", str(number))]
    ended = run("bulk-delete", "--job", "j", *named, "--dry-run", "--watch")
    assert told in ended.err
    api.kind = "bulk-delete"
    assert told in run("job", "job-1").err
    assert "contacts bulk-delete" not in ended.err


@pytest.mark.parametrize("command", [["bulk-delete", "--job", "j", "--dry-run", "--watch"], ["job", "job-1"]])
def test_dry_run_without_candidates_offers_no_deletion(run: Run, api: FakeApi, command: list[str]) -> None:
    api.kind = "bulk-delete"
    api.polls = [deleted(dryRun=True, deletedCount=0, candidateContactIds=[])]
    ended = run(*command)
    assert ended.code == 0
    assert "delete them" not in ended.err


@pytest.mark.parametrize("command", [["bulk-delete", "--job", "j", "--watch"], ["job", "job-1"]])
def test_edited_contacts_are_shown_before_any_number_of_others(run: Run, api: FakeApi, command: list[str]) -> None:
    api.kind = "bulk-delete"
    api.outcomes = [
        *(item(number, "notFound") for number in range(25)),
        item(25, "forbidden"),
        item(26, "failed", code="NOT_DELETED"),
        item(27, "candidate", edited=True),
    ]
    out = run(*command).out
    shown = [int(line.split()[0]) for line in out.splitlines() if line.startswith("0000")]
    assert shown == [27, 26, 25, *range(17)]
    assert "and 8 more; all of them: contacts items job-1 --all\n" in out
