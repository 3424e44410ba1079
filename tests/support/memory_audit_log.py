"""An `AuditLog` in a dictionary."""

from __future__ import annotations

import threading
from datetime import datetime

from contacts.domain.export_job import AUDIT_KEPT_FOR, AuditRecord
from contacts.domain.paging import Page
from contacts.ports import Clock


class MemoryAuditLog:
    """Without a clock nothing expires."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self.entries: dict[tuple[str, str], AuditRecord] = {}

    def put(self, record: AuditRecord) -> None:
        with self._lock:
            place = (record.tenant, f"{record.at}#{record.key}")
            held = self.entries.get(place)
            if held is None or held.attempt <= record.attempt:
                self.entries[place] = record

    def records(self, tenant: str, *, limit: int, position: str | None = None) -> Page[AuditRecord]:
        with self._lock:
            found = {
                place: record
                for (owner, place), record in self.entries.items()
                if owner == tenant and (position is None or place < position) and not self._is_expired(record)
            }
        places = sorted(found, reverse=True)
        taken = places[:limit]
        return Page([found[place] for place in taken], taken[-1] if len(places) > limit else None)

    def _is_expired(self, record: AuditRecord) -> bool:
        if self._clock is None:
            return False
        return datetime.fromisoformat(record.at) + AUDIT_KEPT_FOR <= datetime.fromisoformat(self._clock())
