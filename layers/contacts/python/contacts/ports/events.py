"""Events for other systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class EventPublisher(Protocol):
    """Events for other systems, at least once."""

    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None: ...
