from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contacts.runtime.http_api import logger
from tests.unit.api.api_client import Api


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines that the API's functions have logged so far."""
    stream = io.StringIO()
    handler = logger.registered_handler
    before = handler.setStream(stream)  # type: ignore[attr-defined]
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    handler.setStream(before)  # type: ignore[attr-defined]
