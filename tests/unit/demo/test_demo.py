"""How the demo judges an import, and where it listens."""

from __future__ import annotations

import contextlib
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from contacts_cli.failures import CommandFailed, ExitCode
from local import demo
from local.demo import next_free_port, unexpected_counts, unexpected_leftovers, unexpected_rollback
from local.sample_file import SampleCounts

SAMPLE = SampleCounts(
    rows=10, duplicates=2, bad_emails=1, blank_emails=1, quoted_line_breaks=0, accents=0, plus_phones=0, leading_zeros=0
)
GOOD = {
    "status": "completed",
    "totalRows": 10,
    "processedRows": 10,
    "importedCount": 6,
    "createdCount": 6,
    "updatedCount": 0,
    "skippedCount": 4,
    "errorCount": 2,
}


def test_an_import_as_promised_has_no_differences() -> None:
    assert unexpected_counts(GOOD, SAMPLE) == []


@pytest.mark.parametrize("name", GOOD)
def test_each_count_that_is_off_is_named(name: str) -> None:
    wrong = "failed" if name == "status" else 5
    assert unexpected_counts(GOOD | {name: wrong}, SAMPLE) == [f"{name} is {wrong}, not {GOOD[name]}"]


ROLLED_BACK = {
    "status": "completed",
    "processed": 6,
    "deleted": 5,
    "restored": 0,
    "kept": 1,
    "unchanged": 0,
    "errors": 0,
}


def test_a_rollback_as_promised_has_no_differences() -> None:
    assert unexpected_rollback({"status": "rolled_back", "rollback": ROLLED_BACK}, SAMPLE) == []


@pytest.mark.parametrize("name", ROLLED_BACK)
def test_each_count_of_a_rollback_that_is_off_is_named(name: str) -> None:
    wrong = "failed" if name == "status" else 7
    job = {"status": "rolled_back", "rollback": ROLLED_BACK | {name: wrong}}
    assert unexpected_rollback(job, SAMPLE) == [f"rollback.{name} is {wrong}, not {ROLLED_BACK[name]}"]


def test_an_import_that_is_not_rolled_back_is_named() -> None:
    job = {"status": "rolling_back", "rollback": ROLLED_BACK}
    assert unexpected_rollback(job, SAMPLE) == ["status is rolling_back, not rolled_back"]


EDITED = {"id": "1", "email": "a@example.com", "notes": "mine", "segments": ["s"], "version": 2, "updatedAt": "t"}


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ([EDITED | {"segments": [], "version": 3, "updatedAt": "u"}], []),
        ([EDITED | {"notes": "theirs"}], ["notes of the edited contact has changed"]),
        ([], ["0 contacts are left, not just the edited one"]),
        ([EDITED, EDITED | {"id": "2"}], ["2 contacts are left, not just the edited one"]),
        ([EDITED | {"id": "2"}], ["1 contacts are left, not just the edited one"]),
    ],
)
def test_an_edit_that_did_not_survive_is_named(left: list[dict[str, Any]], expected: list[str]) -> None:
    assert unexpected_leftovers(left, EDITED) == expected


def test_a_busy_port_gives_way_to_the_next_free_one() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        found = next_free_port(port)
        assert port < found < port + 50


@pytest.mark.parametrize(
    ("came_of_it", "code"),
    [
        ([], 0),
        (["createdCount is 1, not 2"], 1),
        (CommandFailed("storage refused the upload", ExitCode.REFUSED), 1),
        (KeyboardInterrupt(), 130),
        (CommandFailed("stopped watching", ExitCode.INTERRUPTED), 130),
    ],
)
def test_the_exit_code_is_zero_only_where_all_is_as_promised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, came_of_it: list[str] | BaseException, code: int
) -> None:
    def run(*_: object) -> list[str]:
        if isinstance(came_of_it, BaseException):
            raise came_of_it
        return came_of_it

    monkeypatch.setenv("CONTACTS_LOCAL_DIR", str(tmp_path))
    monkeypatch.setattr(demo, "_run", run)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) if code else contextlib.nullcontext() as ended:
        demo.main()
    assert ended is None or ended.value.code == code
