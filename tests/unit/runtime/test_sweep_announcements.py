"""The sweeper announces contacts whose event a crash swallowed; its trouble with that keeps no job waiting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from contacts.runtime.function_failures import TellingError
from contacts.runtime.telemetry import metrics
from contacts.usecases.sweep_jobs import SweepReport
from tests.unit.api.api_client import Api, load_function

CONTEXT: Any = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=1,
    invoked_function_arn="arn",
    aws_request_id="r",
    get_remaining_time_in_millis=lambda: 900_000,
)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def sweeps(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[SweepReport]:
    """The function sweeps jobs that want nothing; each sweep leaves its report here."""
    reports: list[SweepReport] = []

    def sweep() -> SweepReport:
        reports.append(SweepReport())
        return reports[-1]

    sweeper = load_function("sweep_jobs")
    monkeypatch.setattr(metrics, "namespace", "BulkContacts")
    monkeypatch.setattr(sweeper, "wiring", api.wiring())
    monkeypatch.setattr(sweeper, "sweep_jobs", lambda *_, **__: sweep)
    return reports


def test_trouble_with_the_bus_keeps_no_job_waiting_is_told_and_the_next_sweep_announces(
    api: Api, sweeps: list[SweepReport], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise ConnectionError("ada@example.com")

    handler = load_function("sweep_jobs").handler
    with monkeypatch.context() as patch:
        patch.setattr(api.events, "publish", refuse)
        made = api.created(email="ada@example.com")
        api.clock.advance(minutes=3)
        with pytest.raises(TellingError, match="some contacts could not be announced") as failed:
            handler({}, CONTEXT)
    assert "ada@" not in f"{failed.value!r} {capsys.readouterr()}"
    assert len(sweeps) == 1
    handler({}, CONTEXT)
    assert [detail["contactIds"] for _, detail in api.events.published] == [[made["id"]]]
    assert '"contacts_announced_late":[1.0]' in capsys.readouterr().out
