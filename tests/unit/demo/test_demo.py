"""How the demo judges an import, and where it listens."""

from __future__ import annotations

import contextlib
import signal
import socket
from pathlib import Path

import pytest

from contacts_cli.failures import CommandFailed, ExitCode
from local import demo
from local.demo import next_free_port, unexpected_counts
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
