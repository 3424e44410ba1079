"""What `contacts errors`, `results` and `export` save, and where they don't."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import DOWNLOADED, FakeApi, error


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


@pytest.mark.parametrize("link", [False, True])
def test_a_forced_download_goes_where_a_link_leads(run: Run, tmp_path: Path, *, link: bool) -> None:
    (tmp_path / "there").mkdir()
    kept = tmp_path / "there" / "kept.csv"
    if link:
        kept.write_text("old")
    (tmp_path / "out.csv").symlink_to(kept)
    assert run("results", "job-1", "--download", "out.csv", "--force").code == 0
    assert (tmp_path / "out.csv").is_symlink()
    assert kept.read_bytes() == DOWNLOADED
    assert [path.name for path in kept.parent.iterdir()] == ["kept.csv"]


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("through_link", [False, True])
def test_what_is_no_regular_file_is_never_replaced(
    run: Run, api: FakeApi, tmp_path: Path, *, force: list[str], through_link: bool
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    target = tmp_path / ("link" if through_link else "pipe")
    for command in (["results", "job-1", "--download"], ["export", "--format", "csv", "--out"]):
        ended = run(*command, str(target), *force)
        assert (ended.code, "is no regular file" in ended.err) == (2, True)
    assert (target.is_fifo(), target.is_symlink()) == (True, through_link)
    assert api.sent("POST", "/api/contacts/export") == []
