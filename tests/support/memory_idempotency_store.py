"""An `IdempotencyStore` in a dictionary."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from contacts.ports import Clock, IdempotencyClaim


class MemoryIdempotencyStore:
    """Without a clock nothing expires."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self.claims: dict[str, tuple[IdempotencyClaim, datetime | None]] = {}

    def claim(self, key: str, claim: IdempotencyClaim) -> IdempotencyClaim:
        with self._lock:
            standing = self._find(key)
            if standing is not None:
                return standing
            expires = None if self._clock is None else datetime.fromisoformat(self._clock()) + timedelta(hours=24)
            self.claims[key] = (claim, expires)
            return claim

    def store_answer(self, key: str, answer: Mapping[str, Any]) -> None:
        with self._lock:
            standing = self._find(key)
            if standing is not None and standing.answer is None:
                # Through JSON, as a real store would: an answer that is not plain data must fail here too.
                self.claims[key] = (replace(standing, answer=json.loads(json.dumps(answer))), self.claims[key][1])

    def _find(self, key: str) -> IdempotencyClaim | None:
        claim, expires = self.claims.get(key, (None, None))
        if expires is not None and self._clock is not None and expires <= datetime.fromisoformat(self._clock()):
            return None
        return claim
