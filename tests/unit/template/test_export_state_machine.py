"""Executions of the export's state machine: where it goes, also when things go wrong."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.contracts.steps import FailExportInput, Step, WriteExportInput

from .played_execution import Execution, TaskFails, play

GIVEN = {"jobId": "job-1"}
INPUTS: dict[str, type[Step]] = {"WriteExport": WriteExportInput, "FailExport": FailExportInput}


def test_the_file_is_written_and_that_is_all(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch)
    assert (done.status, done.calls) == ("SUCCEEDED", [("WriteExport", GIVEN)])


@pytest.mark.parametrize("error", ["RuntimeError", "States.Timeout", "Lambda.TooManyRequestsException"])
def test_what_fails_for_a_while_is_tried_again(monkeypatch: pytest.MonkeyPatch, error: str) -> None:
    done = _run(monkeypatch, failures={"WriteExport": 3}, error=error)
    assert done.status == "SUCCEEDED"
    assert [function for function, _ in done.calls] == ["WriteExport"] * 4
    assert len(done.waits) == 3


@pytest.mark.parametrize(
    ("error", "tries"), [("RuntimeError", 4), ("States.Timeout", 4), ("Lambda.TooManyRequestsException", 61)]
)
def test_what_fails_for_good_ends_the_job_and_shows(monkeypatch: pytest.MonkeyPatch, error: str, tries: int) -> None:
    done = _run(monkeypatch, failures={"WriteExport": 99}, error=error)
    assert (done.status, done.error) == ("FAILED", "ExportFailed")
    assert [function for function, _ in done.calls] == [*["WriteExport"] * tries, "FailExport"]


def test_ending_the_job_is_tried_longer_than_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, failures={"WriteExport": 99, "FailExport": 8})
    assert (done.status, done.error) == ("FAILED", "ExportFailed")
    assert len(done.called("FailExport")) == 9


def test_where_even_that_fails_the_execution_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, failures={"WriteExport": 99, "FailExport": 99})
    assert (done.status, done.error) == ("FAILED", "RuntimeError")


def test_payloads_are_what_the_contracts_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for function, payload in _run(monkeypatch, failures={"WriteExport": 99}).calls:
        INPUTS[function].model_validate(payload)


def test_neither_answers_nor_causes_travel_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception's text may speak of a contact: it stays in the history of the task that raised it."""
    for failures in ({}, {"WriteExport": 99}):
        done = _run(monkeypatch, failures=failures)
        assert not [payload for payload in done.payloads if "somebody" in payload]


def _run(
    monkeypatch: pytest.MonkeyPatch, *, failures: dict[str, int] | None = None, error: str = "RuntimeError"
) -> Execution:
    """Run an export whose steps answer after failing so many times."""
    left = dict(failures or {})

    def played(step: str) -> Any:
        def answer(_payload: dict[str, Any]) -> dict[str, str]:
            if left.get(step, 0) > 0:
                left[step] -= 1
                raise TaskFails(error)
            return {"an answer": "about somebody"}

        return answer

    return play(monkeypatch, "export", GIVEN, {step: played(step) for step in INPUTS}, objects={})
