"""What comes out of a function that fails: never what an exception quotes."""

from __future__ import annotations

import io
import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contacts.runtime.function_failures import FunctionFailedError, TellingError, without_messages
from contacts.runtime.telemetry import logger

FUNCTIONS = Path(__file__).resolve().parents[3] / "functions"
CONTEXT: Any = SimpleNamespace()
SECRET = "ann@example.com"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    (handler,) = logger.handlers
    stream, usual = io.StringIO(), handler.stream  # type: ignore[attr-defined]
    handler.setStream(stream)  # type: ignore[attr-defined]
    yield stream
    handler.setStream(usual)  # type: ignore[attr-defined]


def failing_with(error: Exception) -> Any:
    @without_messages
    def handler(event: dict[str, Any], context: Any) -> None:
        try:
            {}[SECRET]
        except KeyError:
            raise error from None

    return handler


def test_a_message_stays_inside_and_the_log_says_where(log: io.StringIO) -> None:
    with pytest.raises(FunctionFailedError) as failure:
        failing_with(ValueError(f"invalid literal: {SECRET}"))({"jobId": "j"}, CONTEXT)
    shown = "".join(traceback.format_exception(failure.value))
    assert str(failure.value) == "ValueError"
    assert SECRET not in shown
    assert "ValueError: " not in shown
    logged = json.loads(log.getvalue())
    assert logged["error"]["type"] == "builtins.ValueError"
    assert logged["error"]["causedBy"]["type"] == "builtins.KeyError"
    assert logged["error"]["raisedAt"][-1].endswith("handler")
    assert SECRET not in log.getvalue()


def test_what_was_written_to_be_told_is_told() -> None:
    with pytest.raises(TellingError, match=r"^2 jobs: a, b$"):
        failing_with(TellingError("2 jobs: a, b"))({}, CONTEXT)


def test_an_answer_passes() -> None:
    @without_messages
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return event

    assert handler({"jobId": "j"}, CONTEXT) == {"jobId": "j"}


@pytest.mark.parametrize("path", sorted(FUNCTIONS.glob("*/handler.py")), ids=lambda path: path.parent.name)
def test_every_function_has_its_way_to_keep_messages_inside(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    ways = ["@without_messages\ndef handler(", "= api.app, api.handler\n", "return work_slices(event, context, "]
    assert sum(way in text for way in ways) == (0 if path.parent.name == "docs" else 1)
