"""A `SegmentStore` in two dictionaries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from contacts.domain.paging import Page
from contacts.domain.segment import Segment

IDS_A_PAGE = 1_000


class MemorySegmentStore:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.segments: dict[tuple[str, str], Segment] = {}
        self.memberships: dict[tuple[str, str], dict[str, list[str]]] = {}

    def ensure(self, segment: Segment) -> Segment:
        with self._lock:
            return self.segments.setdefault((segment.tenant, segment.id), segment)

    def find(self, tenant: str, segment_id: str) -> Segment | None:
        return self.segments.get((tenant, segment_id))

    def list_segments(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Segment]:
        with self._lock:
            ids = sorted(
                id_ for owner, id_ in self.segments if owner == tenant and (position is None or id_ > position)
            )
            taken = ids[:limit]
            return Page([self.segments[tenant, id_] for id_ in taken], taken[-1] if len(ids) > limit else None)

    def put_members(self, tenant: str, segment_id: str, job: str, part: int, contact_ids: Sequence[str]) -> None:
        with self._lock:
            chunks = self.memberships.setdefault((tenant, segment_id), {})
            for number, start in enumerate(range(0, len(contact_ids), IDS_A_PAGE)):
                chunks[f"{job}#{part:05d}#{number:03d}"] = list(contact_ids[start : start + IDS_A_PAGE])

    def remove_members(self, tenant: str, segment_id: str, job: str) -> None:
        with self._lock:
            chunks = self.memberships.get((tenant, segment_id), {})
            for key in [key for key in chunks if key.startswith(f"{job}#")]:
                del chunks[key]

    def remove_if_empty(
        self, tenant: str, segment_id: str, made_by_job: str, *, has_member: Callable[[Sequence[str]], bool] = bool
    ) -> bool:
        with self._lock:
            segment = self.segments.get((tenant, segment_id))
            if segment is None or segment.made_by_job != made_by_job:
                return False
            if any(has_member(ids) for ids in self.memberships.get((tenant, segment_id), {}).values()):
                return False
            del self.segments[tenant, segment_id]
            return True

    def members(self, tenant: str, segment_id: str, *, position: str | None = None) -> Page[str]:
        with self._lock:
            chunks = self.memberships.get((tenant, segment_id), {})
            keys = sorted(key for key in chunks if position is None or key > position)
            if not keys:
                return Page([])
            return Page(list(chunks[keys[0]]), keys[0] if len(keys) > 1 else None)
