"""An `IdempotencyStore` in a dictionary."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from contacts.ports import Clock, IdempotencyClaim
from tests.support.memory_jobs_table import MemoryJobsTable, is_watched

KEPT_FOR = timedelta(hours=24)


class MemoryIdempotencyStore:
    """Without a clock nothing expires. `table` holds the jobs whose changes keep keys."""

    def __init__(self, *, clock: Clock | None = None, table: MemoryJobsTable | None = None) -> None:
        self._clock = clock
        self._table = table or MemoryJobsTable(clock=clock)
        self._lock = threading.RLock()
        self.claims: dict[str, tuple[IdempotencyClaim, datetime | None]] = {}

    def claim(self, key: str, claim: IdempotencyClaim) -> IdempotencyClaim:
        with self._lock:
            standing = self._find(key)
            if standing is not None:
                return standing
            self.claims[key] = (claim, None if self._clock is None else datetime.fromisoformat(self._clock()))
            return claim

    def store_answer(self, key: str, answer: Mapping[str, Any]) -> None:
        with self._lock:
            standing = self._find(key)
            if standing is not None and standing.answer is None:
                # Through JSON, as a real store would: an answer that is not plain data must fail here too.
                self.claims[key] = (replace(standing, answer=json.loads(json.dumps(answer))), self.claims[key][1])

    def _find(self, key: str) -> IdempotencyClaim | None:
        claim, since = self.claims.get(key, (None, None))
        if claim is None or since is None or self._clock is None:
            return claim
        now = datetime.fromisoformat(self._clock())
        if now < since + KEPT_FOR:
            return claim
        job = None if claim.job_id is None else self._table.find(claim.job_id)
        if job is None or job.tenant != claim.tenant:
            return None
        return claim if is_watched(job) or now < datetime.fromisoformat(job.changed_at) + KEPT_FOR else None
