"""Running the `contacts` command in this process, against the fake API."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from contacts_cli.main import main
from contacts_cli.session import Session
from tests.unit.cli.fake_api import API, TOKEN, FakeApi


@dataclass
class Ended:
    """How a command ended, what it printed, and for how long it waited in between."""

    code: int
    out: str
    err: str
    waits: list[float] = field(default_factory=list)


Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _no_connection_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONTACTS_URL", "CONTACTS_TOKEN", "CONTACTS_LOCAL_DIR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def run(api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `contacts ...`; connects to the fake API unless told otherwise. The console is 80 columns wide."""

    def _run(
        *arguments: str, connected: bool = True, transport: httpx.BaseTransport = api, interrupt_at: int = -1
    ) -> Ended:
        if connected:
            monkeypatch.setenv("CONTACTS_URL", API)
            monkeypatch.setenv("CONTACTS_TOKEN", TOKEN)
        out, err, waits = io.StringIO(), io.StringIO(), []

        def sleep(seconds: float) -> None:
            if len(waits) == interrupt_at:
                raise KeyboardInterrupt
            waits.append(seconds)

        session = Session(
            out=Console(file=out, width=80, highlight=False),
            err=Console(file=err, width=80, highlight=False),
            transport=transport,
            sleep=sleep,
        )
        with pytest.raises(SystemExit) as exit_:
            main(arguments, session=session)
        printed = capsys.readouterr()
        return Ended(int(exit_.value.code or 0), out.getvalue() + printed.out, err.getvalue() + printed.err, waits)

    return _run


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("E-mail,First name,Zip\nada@example.com,Ada,01234\n")
    return path
