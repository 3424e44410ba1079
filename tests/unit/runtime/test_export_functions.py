"""What the functions of exports that nobody calls by HTTP take, answer and tell."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from contacts.runtime.function_failures import FunctionFailedError
from contacts.runtime.telemetry import metrics
from contacts.usecases.clean_up_exports import CleanUpReport

FUNCTIONS = Path(__file__).resolve().parents[3] / "functions"
JOB = "00000000-0000-4000-8000-000000000000"
CONTEXT: Any = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="r")

CleanUp = Callable[[Any], Any]


@pytest.fixture
def metered(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], dict[str, float]]]:
    """The metrics that were sent, by name."""
    namespace, service = metrics.namespace, metrics.service
    metrics.namespace, metrics.service = "BulkContacts", "a-function"

    def sent() -> dict[str, float]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        named = [metric["Name"] for line in lines for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
        return {name: value for line in lines for name, [value] in ((n, line[n]) for n in named if n in line)}

    yield sent
    metrics.namespace, metrics.service = namespace, service


def function(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_under_test", FUNCTIONS / name / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cleaning_up(monkeypatch: pytest.MonkeyPatch, report: CleanUpReport) -> tuple[CleanUp, list[bool]]:
    """The function, whose clean-up reports this, and how it was called."""
    module, calls = function("clean_up_exports"), []

    def clean_up(*, dry_run: bool) -> CleanUpReport:
        calls.append(dry_run)
        return report

    monkeypatch.setattr(module, "clean_up_exports", lambda _wiring, _on_error: clean_up)
    return lambda event: module.handler(event, CONTEXT), calls


@pytest.mark.parametrize(("event", "dry_run"), [({}, False), ({"dryRun": False}, False), ({"dryRun": True}, True)])
def test_a_clean_up_answers_what_it_did_or_would_do(
    monkeypatch: pytest.MonkeyPatch, metered: Callable[[], dict[str, float]], event: dict[str, Any], dry_run: bool
) -> None:
    call, calls = cleaning_up(monkeypatch, CleanUpReport(jobs=3, files=4, running=1))
    assert call(event) == {"dryRun": dry_run, "exports": 3, "files": 4, "running": 1, "failures": 0}
    assert calls == [dry_run]
    removed = {} if dry_run else {"exports_removed": 3, "files_removed": 4, "failures": 0}
    assert metered() == {"exports_overdue": 1, **removed}


def test_a_clean_up_that_left_something_fails_after_all_with_its_metrics_sent(
    monkeypatch: pytest.MonkeyPatch, metered: Callable[[], dict[str, float]]
) -> None:
    call, _ = cleaning_up(monkeypatch, CleanUpReport(jobs=2, files=2, failed=[JOB]))
    with pytest.raises(Exception, match=f"1 exports could not be removed: {JOB}"):
        call({"dryRun": False})
    assert metered() == {"exports_overdue": 0, "exports_removed": 2, "files_removed": 2, "failures": 1}


@pytest.mark.filterwarnings("ignore:No application metrics")
@pytest.mark.parametrize(
    "event", [{"dryrun": True}, {"dryRun": "true"}, {"dry_run": True, "x": 1}, {"source": "aws.events"}]
)
def test_a_clean_up_that_is_not_sure_what_is_meant_deletes_nothing(
    monkeypatch: pytest.MonkeyPatch, event: dict[str, Any]
) -> None:
    call, calls = cleaning_up(monkeypatch, CleanUpReport())
    with pytest.raises(FunctionFailedError, match=r"^ValidationError: \w+ \(\w+\)") as refusal:
        call(event)
    assert all(str(value) not in str(refusal.value) for value in event.values() if isinstance(value, str))
    assert calls == []


@pytest.mark.parametrize("name", ["write_export", "fail_export"])
@pytest.mark.parametrize("done", [True, False])
def test_a_step_is_given_its_job_and_answers_nothing(monkeypatch: pytest.MonkeyPatch, name: str, done: bool) -> None:
    module, called = function(name), []

    def work(job_id: str) -> bool:
        called.append(job_id)
        return done

    monkeypatch.setattr(module, name, lambda _wiring: work)
    assert module.handler({"jobId": JOB}, CONTEXT) is None
    assert called == [JOB]
    for wrong in ({}, {"jobId": ""}, {"jobId": JOB, "attempt": 1}):
        with pytest.raises(FunctionFailedError, match=r"^ValidationError: \w+ \(\w+\)$"):
            module.handler(wrong, CONTEXT)
    assert called == [JOB]
