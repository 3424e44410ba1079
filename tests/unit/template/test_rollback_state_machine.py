"""Executions of the rollback's state machine: where it goes, also when things go wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from contacts.contracts.steps import (
    FinishRollbackInput,
    FinishRollbackOutput,
    Manifest,
    PrepareRollbackInput,
    PrepareRollbackOutput,
    RollBackPartInput,
    RollBackPartOutput,
    Step,
)

from .played_execution import Execution, TaskFails, play

JOB, RUN = "job-1", 2
MANIFEST = "undo/manifest.json"
INPUTS: dict[str, type[Step]] = {
    "PrepareRollback": PrepareRollbackInput,
    "RollBackPart": RollBackPartInput,
    "FinishRollback": FinishRollbackInput,
}
END_LOOK = {"jobId": JOB, "run": RUN, "mode": "look", "cause": None}
END_WRITE = {"jobId": JOB, "run": RUN, "mode": "write", "cause": None}
FAIL = {"jobId": JOB, "run": RUN, "mode": None, "cause": "ROLLBACK_FAILED"}
#: Longer than a function that a broken map has called can still be running.
LET_WORKERS_END = 330


def test_keeping_writes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, mode="write", parts=3)
    assert done.status == "SUCCEEDED"
    assert _parts(done) == [("write", 0), ("write", 1), ("write", 2)]
    assert done.called("FinishRollback") == [END_WRITE]


def test_a_dry_run_only_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, mode="look", parts=3)
    assert done.status == "SUCCEEDED"
    assert _parts(done) == [("look", 0), ("look", 1), ("look", 2)]
    assert done.called("FinishRollback") == [END_LOOK]


def test_abort_with_something_to_keep_only_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, mode="look", after_look="end")
    assert done.status == "SUCCEEDED"
    assert _parts(done) == [("look", 0)]
    assert done.called("FinishRollback") == [END_LOOK]


def test_abort_with_nothing_to_keep_looks_at_all_parts_and_then_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, mode="look", after_look="write", parts=3)
    assert done.status == "SUCCEEDED"
    assert _parts(done) == [(mode, part) for mode in ("look", "write") for part in range(3)]
    assert done.called("FinishRollback") == [END_LOOK, END_WRITE]
    names = [function for function, _ in done.calls]
    assert names == [
        "PrepareRollback",
        *["RollBackPart"] * 3,
        "FinishRollback",
        *["RollBackPart"] * 3,
        "FinishRollback",
    ]


def test_a_rollback_that_is_not_the_jobs_any_more_touches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, mode="none")
    assert done.status == "SUCCEEDED"
    assert [function for function, _ in done.calls] == ["PrepareRollback"]


def test_payloads_are_what_the_contracts_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for done in (
        _run(monkeypatch, mode="look", after_look="write", parts=2),
        _run(monkeypatch, failures={"EndWrite": 7}),
    ):
        for function, payload in done.calls:
            INPUTS[function].model_validate(payload)


def test_an_import_that_broke_off_may_end_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for mode in ("look", "write"):
        assert _run(monkeypatch, mode=mode, wait_seconds=123).waits == [123]
        assert _run(monkeypatch, mode=mode, wait_seconds=0).waits in ([], [0])


def test_what_travels_does_not_grow_with_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (_run(monkeypatch, mode="look", after_look="write", parts=parts) for parts in (1, 200))
    assert max(map(len, many.payloads)) == max(map(len, few.payloads))


@pytest.mark.parametrize("error", ["RuntimeError", "States.Timeout", "Lambda.TooManyRequestsException"])
@pytest.mark.parametrize("step", ["Prepare", "look", "EndLook", "write", "EndWrite"])
def test_a_step_that_fails_for_a_while_is_done_again(monkeypatch: pytest.MonkeyPatch, step: str, error: str) -> None:
    done = _run(monkeypatch, mode="look", after_look="write", failures={step: 3}, error=error)
    assert done.status == "SUCCEEDED"
    assert done.called("FinishRollback")[-1] == END_WRITE
    assert FAIL not in done.called("FinishRollback")


@pytest.mark.parametrize(
    ("mode", "end"), [pytest.param("look", END_LOOK, id="look"), pytest.param("write", END_WRITE, id="write")]
)
def test_a_part_that_fails_for_good_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, mode: str, end: dict[str, Any]
) -> None:
    done = _run(monkeypatch, mode=mode, parts=3, broken_part=1)
    assert done.status == "SUCCEEDED"
    assert set(_parts(done)) == {(mode, 0), (mode, 1), (mode, 2)}
    assert done.called("FinishRollback") == [end]
    # Who only looks has nothing to end.
    assert (LET_WORKERS_END in done.waits) == (mode == "write")


def test_a_rollback_that_cannot_be_prepared_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, failures={"Prepare": 99})
    _assert_failed(done)
    assert not done.called("RollBackPart")


def test_modes_and_decisions_nobody_knows_fail_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _assert_failed(_run(monkeypatch, mode="perhaps"))
    _assert_failed(_run(monkeypatch, mode="look", after_look="perhaps"))


@pytest.mark.parametrize("mode", ["look", "write"])
def test_a_manifest_that_is_gone_fails_it_when_no_worker_can_write_any_more(
    monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    done = _run(monkeypatch, mode=mode, parts=None)
    _assert_failed(done)
    assert done.waits[-1] == LET_WORKERS_END
    assert done.called("FinishRollback") == [FAIL]


@pytest.mark.parametrize("step", ["EndLook", "EndWrite"])
def test_a_pass_that_cannot_be_ended_fails_it(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    done = _run(monkeypatch, mode="look", after_look="write", failures={step: 99})
    _assert_failed(done)


def test_where_even_that_fails_the_execution_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(monkeypatch, failures={"EndWrite": 99, "FailRollback": 99})
    assert (done.status, done.error) == ("FAILED", "RuntimeError")


def test_causes_do_not_travel_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception's text may speak of a contact: it stays in the history of the task that raised it."""
    for step in ("Prepare", "EndLook", "EndWrite"):
        done = _run(monkeypatch, mode="look", after_look="write", failures={step: 99})
        _assert_failed(done)
        assert not [payload for payload in done.payloads if "somebody's name" in payload]


def _run(
    monkeypatch: pytest.MonkeyPatch,
    *,
    mode: str = "write",
    after_look: str = "end",
    parts: int | None = 1,
    wait_seconds: int = 0,
    failures: Mapping[str, int] | None = None,
    error: str = "RuntimeError",
    broken_part: int | None = None,
) -> Execution:
    """Run a rollback whose steps answer as the contracts say, after failing so many times.

    Steps are `Prepare`, `look` and `write` (a part), `EndLook`, `EndWrite` and `FailRollback`.
    """
    left = dict(failures or {})

    def fail_first(step: str) -> None:
        if left.get(step, 0) > 0:
            left[step] -= 1
            raise TaskFails(error)

    def prepare(payload: dict[str, Any]) -> dict[str, Any]:
        fail_first("Prepare")
        # Not checked, so that a mode that nobody knows can be played.
        prepared = PrepareRollbackOutput.model_construct(
            job_id=payload["jobId"],
            run=payload["run"],
            mode=mode,
            wait_seconds=wait_seconds,
            manifest=Manifest(bucket="files", key=MANIFEST),
        )
        return prepared.model_dump(by_alias=True, warnings=False)

    def roll_back_part(payload: dict[str, Any]) -> dict[str, Any]:
        fail_first(payload["mode"])
        if payload["part"] == broken_part:
            raise TaskFails(error)
        return RollBackPartOutput().to_event()

    def finish(payload: dict[str, Any]) -> dict[str, Any]:
        fail_first({"look": "EndLook", "write": "EndWrite", None: "FailRollback"}[payload["mode"]])
        after = after_look if payload["mode"] == "look" else "end"
        return FinishRollbackOutput.model_construct(next=after).model_dump(by_alias=True, warnings=False)

    objects = {} if parts is None else {MANIFEST: json.dumps([{"part": part} for part in range(parts)])}
    functions = {"PrepareRollback": prepare, "RollBackPart": roll_back_part, "FinishRollback": finish}
    return play(monkeypatch, "rollback", {"jobId": JOB, "run": RUN}, functions, objects)


def _parts(done: Execution) -> list[tuple[str, int]]:
    """Each call for a part, as pass and part; the parts of a pass come in any order."""
    return sorted((call["mode"], call["part"]) for call in done.called("RollBackPart"))


def _assert_failed(done: Execution) -> None:
    assert (done.status, done.error) == ("FAILED", "RollbackFailed")
    assert done.called("FinishRollback")[-1] == FAIL
