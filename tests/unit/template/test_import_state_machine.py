"""Executions of the import's state machine: where it goes, also when things go wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contacts.contracts.steps import (
    ApplyImportPartInput,
    ApplyImportPartOutput,
    FinishImportInput,
    Manifest,
    StageImportInput,
    Step,
)

from .played_execution import Execution, TaskFails, play

JOB = "job-1"
INPUTS: dict[str, type[Step]] = {
    "StageImport": StageImportInput,
    "ApplyImportPart": ApplyImportPartInput,
    "FinishImport": FinishImportInput,
}


def test_every_part_is_applied_and_the_job_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, parts=3)
    assert done.status == "SUCCEEDED"
    assert sorted(call["part"] for call in done.called("ApplyImportPart")) == [0, 1, 2]
    assert done.called("FinishImport") == [{"jobId": JOB, "cause": None}]
    for function, payload in done.calls:
        INPUTS[function].model_validate(payload)


def test_what_travels_does_not_grow_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = _run(monkeypatch, parts=1), _run(monkeypatch, parts=200)
    assert max(map(len, many.payloads)) == max(map(len, few.payloads))


def test_a_refused_file_is_finished_without_applying(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, decision="finish")
    assert done.status == "SUCCEEDED"
    assert not done.called("ApplyImportPart")
    assert done.called("FinishImport") == [{"jobId": JOB, "cause": None}]


def test_a_decision_nobody_knows_fails_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    _assert_failed(_run(monkeypatch, decision="perhaps"))


@pytest.mark.parametrize("error", ["RuntimeError", "States.Timeout", "Lambda.TooManyRequestsException"])
@pytest.mark.parametrize("step", ["stage", "apply", "finish"])
def test_a_step_that_fails_for_a_while_is_done_again(monkeypatch: pytest.MonkeyPatch, step: str, error: str) -> None:
    done = _run(monkeypatch, parts=1, failures={step: 3}, error=error)
    assert done.status == "SUCCEEDED"
    assert done.called("FinishImport")[-1] == {"jobId": JOB, "cause": None}


def test_a_part_that_fails_for_good_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, parts=3, broken_part=1)
    assert done.status == "SUCCEEDED"
    assert {call["part"] for call in done.called("ApplyImportPart")} == {0, 1, 2}
    assert done.called("FinishImport") == [{"jobId": JOB, "cause": None}]


@pytest.mark.parametrize("error", ["RuntimeError", "Lambda.ServiceException"])
def test_a_part_that_is_given_up_is_left_alone_until_its_workers_have_ended(
    monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    """Also where the last attempt has ended for sure: the answer of one before may be lost."""
    done = _run(monkeypatch, parts=3, broken_part=1, error=error)
    assert done.called("FinishImport") == [{"jobId": JOB, "cause": None}]
    assert 330 in done.waits


def test_a_file_that_cannot_be_staged_fails_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, failures={"stage": 99})
    _assert_failed(done)
    assert not done.called("ApplyImportPart")


def test_a_manifest_that_is_gone_fails_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    _assert_failed(_run(monkeypatch, parts=None))


def test_a_job_that_cannot_be_finished_is_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, parts=1, failures={"finish": 7})
    _assert_failed(done)


def test_where_even_that_fails_the_execution_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, parts=1, failures={"finish": 99})
    assert (done.status, done.error) == ("FAILED", "RuntimeError")


def test_causes_do_not_travel_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception's text may speak of a row: it stays in the history of the task that raised it."""
    for failing in ({"stage": 99}, {"finish": 7}):
        done = _run(monkeypatch, parts=1, failures=failing)
        assert not [payload for payload in done.payloads if "somebody's name" in payload]


def _run(
    monkeypatch: pytest.MonkeyPatch,
    *,
    parts: int | None = 0,
    decision: str = "apply",
    failures: dict[str, int] | None = None,
    error: str = "RuntimeError",
    broken_part: int | None = None,
) -> Execution:
    """Run an import whose steps answer as the contracts say, after failing so many times."""
    left = dict(failures or {})

    def fail_first(step: str) -> None:
        if left.get(step, 0) > 0:
            left[step] -= 1
            raise TaskFails(error)

    def stage(payload: dict[str, Any]) -> dict[str, Any]:
        fail_first("stage")
        return {
            "jobId": payload["jobId"],
            "decision": decision,
            "manifest": Manifest(bucket="files", key="staged/manifest.json").to_event(),
        }

    def apply(payload: dict[str, Any]) -> dict[str, Any]:
        fail_first("apply")
        if payload["part"] == broken_part:
            raise TaskFails(error)
        return ApplyImportPartOutput().to_event()

    def finish(payload: dict[str, Any]) -> None:
        fail_first("finish")

    manifest = {} if parts is None else {"staged/manifest.json": json.dumps([{"part": part} for part in range(parts)])}
    functions = {"StageImport": stage, "ApplyImportPart": apply, "FinishImport": finish}
    return play(monkeypatch, "import", {"jobId": JOB}, functions, manifest)


def _assert_failed(done: Execution) -> None:
    assert (done.status, done.error) == ("FAILED", "ImportFailed")
    assert done.called("FinishImport")[-1] == {"jobId": JOB, "cause": "IMPORT_FAILED"}
