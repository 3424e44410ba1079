"""A `SegmentStore` in dictionaries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from contacts.domain.paging import Page
from contacts.domain.segment import Segment
from tests.support.memory_members import MemoryMembers


class MemorySegmentStore:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.segments: dict[tuple[str, str], Segment] = {}
        self._members = MemoryMembers()

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
        self._members.put((tenant, segment_id), job, part, contact_ids)

    def remove_members(self, tenant: str, segment_id: str, job: str) -> None:
        self._members.remove((tenant, segment_id), job)

    def remove_if_empty(
        self, tenant: str, segment_id: str, made_by_job: str, *, has_member: Callable[[Sequence[str]], bool] = bool
    ) -> bool:
        with self._lock:
            segment = self.segments.get((tenant, segment_id))
            if segment is None or segment.made_by_job != made_by_job:
                return False
            if any(has_member(ids) for ids in self._members.pages((tenant, segment_id))):
                return False
            del self.segments[tenant, segment_id]
            return True

    def members(self, tenant: str, segment_id: str, *, position: str | None = None) -> Page[str]:
        return self._members.page((tenant, segment_id), position)
