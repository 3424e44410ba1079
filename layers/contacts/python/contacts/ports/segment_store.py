"""Segments and who is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from contacts.domain.paging import Page
from contacts.domain.segment import Segment


class SegmentStore(Protocol):
    """Segments and who is in them."""

    def ensure(self, segment: Segment) -> Segment:
        """The segment of that id, made if it is not there."""
        ...

    def find(self, tenant: str, segment_id: str) -> Segment | None: ...

    def list_segments(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Segment]: ...

    def remove_members(self, tenant: str, segment_id: str, job: str) -> None:
        """Take away all that this job put in; the same call again changes nothing."""
        ...

    def remove_if_empty(
        self, tenant: str, segment_id: str, made_by_job: str, *, has_member: Callable[[Sequence[str]], bool] = bool
    ) -> bool:
        """Remove a segment that this job made and nobody is in. One that somebody ensures or fills meanwhile stays.

        `has_member` is asked of each page of listed ids whether one of them is still in it; by default any is.
        """
        ...

    def put_members(self, tenant: str, segment_id: str, job: str, part: int, contact_ids: Sequence[str]) -> None:
        """Set who came into the segment with this part of this job; the same call again changes nothing."""
        ...

    def members(self, tenant: str, segment_id: str, *, position: str | None = None) -> Page[str]:
        """Ids of contacts that were put in, up to 1,000 a page. Some may be gone or no longer in it: the contact's
        own `segments` decides."""
        ...
