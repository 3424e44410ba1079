"""Show a segment."""

from __future__ import annotations

from contacts.domain.errors import NotFound
from contacts.domain.seeded_ids import may_be_an_id
from contacts.domain.segment import Segment
from contacts.ports import SegmentStore


class GetSegment:
    def __init__(self, *, segments: SegmentStore) -> None:
        self._segments = segments

    def __call__(self, tenant: str, segment_id: str) -> Segment:
        """The tenant's segment of this id.

        Raises:
            NotFound: the tenant has none.
        """
        segment = self._segments.find(tenant, segment_id) if may_be_an_id(segment_id) else None
        if segment is None:
            raise NotFound("there is no segment of this id", code="SEGMENT_NOT_FOUND", field="segmentId")
        return segment
