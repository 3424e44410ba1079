"""List a tenant's segments."""

from __future__ import annotations

from contacts.domain.paging import Page
from contacts.domain.segment import Segment
from contacts.ports import SegmentStore


class ListSegments:
    def __init__(self, *, segments: SegmentStore) -> None:
        self._segments = segments

    def __call__(self, tenant: str, *, limit: int, position: str | None) -> Page[Segment]:
        """The tenant's segments in no particular order."""
        return self._segments.list_segments(tenant, limit=limit, position=position)
