"""An `EventPublisher` that keeps what was published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class MemoryEvents:
    def __init__(self) -> None:
        self.published: list[tuple[str, dict[str, Any]]] = []

    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        # Through JSON, as a real bus would: a detail that is not plain data must fail here too.
        self.published.append((detail_type, json.loads(json.dumps(detail))))
