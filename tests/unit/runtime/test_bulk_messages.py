"""What a worker of bulk jobs answers to its queue, and what it logs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from contacts.contracts.slice_message import SliceMessage
from contacts.runtime.bulk_messages import SlicesFailedError, log_job_trouble, work_slices
from contacts.runtime.telemetry import logger
from contacts.usecases.unit_of_work import UnitStillWrittenError

CONTEXT: Any = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=1,
    invoked_function_arn="arn",
    aws_request_id="r",
    get_remaining_time_in_millis=lambda: 1,
)
JOB = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged; Powertools' logger keeps the stream that it found when it was made."""
    stream = io.StringIO()
    before = logger.registered_handler.setStream(stream)  # type: ignore[attr-defined]
    yield stream
    logger.registered_handler.setStream(before)  # type: ignore[attr-defined]


def event(*bodies: Any) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m-{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:q",
                "attributes": {},
                "messageAttributes": {},
            }
            for number, body in enumerate(bodies)
        ]
    }


def message(slice_: int) -> dict[str, Any]:
    return {"jobId": JOB, "slice": slice_}


def failing_for(*slices: int) -> tuple[list[tuple[str, int]], Callable[[str, int], bool]]:
    called = []

    def work(job_id: str, slice_: int) -> bool:
        called.append((job_id, slice_))
        if slice_ in slices:
            raise LookupError("ann@example.com")
        return True

    return called, work


def test_every_message_is_worked_on_and_answered() -> None:
    called, work = failing_for()
    assert work_slices(event(message(0), message(7)), CONTEXT, work) == {"batchItemFailures": []}
    assert called == [(JOB, 0), (JOB, 7)]


def test_only_messages_that_failed_come_again() -> None:
    called, work = failing_for(1)
    answer = work_slices(event(message(0), message(1), message(2)), CONTEXT, work)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert len(called) == 3


@pytest.mark.parametrize("others", [0, 1])
def test_a_message_that_has_to_wait_comes_again_and_is_no_trouble(others: int, log: io.StringIO) -> None:
    def work(_job_id: str, slice_: int) -> bool:
        if slice_ == 0:
            raise UnitStillWrittenError
        return True

    answer = work_slices(event(*map(message, range(1 + others))), CONTEXT, work, is_last_stop=True)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert "ERROR" not in log.getvalue()


def test_where_one_waits_and_the_others_failed_it_is_trouble() -> None:
    def work(_job_id: str, slice_: int) -> bool:
        raise UnitStillWrittenError if slice_ == 0 else LookupError

    with pytest.raises(SlicesFailedError, match=r"^2 slices"):
        work_slices(event(message(0), message(1)), CONTEXT, work)


@pytest.mark.parametrize("body", ["no json", {"jobId": JOB}, {"jobId": JOB, "slice": -1}])
def test_what_names_no_slice_comes_again_unless_this_is_the_last_stop(body: Any, log: io.StringIO) -> None:
    called, work = failing_for()
    messages = event(message(0), body)
    assert work_slices(messages, CONTEXT, work) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert work_slices(messages, CONTEXT, work, is_last_stop=True) == {"batchItemFailures": []}
    assert called == [(JOB, 0), (JOB, 0)]
    assert log.getvalue().count("a message names no slice") == 2


def test_trouble_with_a_slice_is_not_dropped_at_the_last_stop() -> None:
    def work(job_id: str, slice_: int) -> bool:
        return bool(SliceMessage.model_validate({}))

    with pytest.raises(SlicesFailedError):
        work_slices(event(message(0)), CONTEXT, work, is_last_stop=True)


def test_where_all_failed_the_invocation_fails_and_quotes_nothing(log: io.StringIO) -> None:
    _, work = failing_for(0)
    with pytest.raises(SlicesFailedError) as failure:
        work_slices(event(message(0)), CONTEXT, work)
    assert str(failure.value) == "1 slices failed"
    assert failure.value.__cause__ is None
    assert failure.value.__context__ is None
    logged = log.getvalue()
    assert "LookupError" in logged
    assert JOB in logged
    assert "ann@example.com" not in logged


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "{}",
        {"jobId": JOB},
        {"jobId": "", "slice": 0},
        {"jobId": JOB, "slice": -1},
        {"jobId": JOB, "slice": "x"},
        {"jobId": JOB, "slice": 0, "contacts": [{"email": "ann@example.com"}]},
    ],
    ids=str,
)
def test_a_message_that_names_no_slice_fails_without_being_worked_on(body: Any, log: io.StringIO) -> None:
    called, work = failing_for()
    answer = work_slices(event(message(3), body), CONTEXT, work)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert called == [(JOB, 3)]
    assert "ann@example.com" not in log.getvalue()


def test_one_slices_trouble_is_not_logged_under_another(log: io.StringIO) -> None:
    _, work = failing_for(5)
    work_slices(event(message(5), "no json", message(6)), CONTEXT, work)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["message_id"], line.get("slice")) for line in lines] == [("m-0", 5), ("m-1", None), ("m-2", 6)]


def test_trouble_with_a_job_is_told_without_what_the_exception_quotes(log: io.StringIO) -> None:
    log_job_trouble(JOB, ValueError("ann@example.com"))
    assert JOB in log.getvalue()
    assert "ValueError" in log.getvalue()
    assert "ann@example.com" not in log.getvalue()
