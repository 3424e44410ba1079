"""Find contacts: all of a tenant's, those with an e-mail, those in a segment."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.domain.contact import Contact
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import InvalidRequest
from contacts.domain.paging import Page
from contacts.ports import ContactStore, SegmentStore
from contacts.usecases.get_segment import GetSegment
from contacts.usecases.member_pages import MAX_PAGE_BYTES, contact_size, page_of_members, parse_number


class FindContacts:
    def __init__(self, *, contacts: ContactStore, segments: SegmentStore) -> None:
        self._contacts = contacts
        self._segments = segments

    def __call__(
        self, tenant: str, *, limit: int, position: str | None, email: str | None = None, segment_id: str | None = None
    ) -> Page[Contact]:
        """A page of up to `limit` contacts; it can be shorter, even empty, and still have a next one.

        Raises:
            InvalidRequest: both `email` and `segment_id` are given, or the position is none.
            NotFound: the tenant has no such segment.
        """
        if email is not None and segment_id is not None:
            raise InvalidRequest("give email or segmentId, not both", code="INVALID_QUERY", field="segmentId")
        if email is not None:
            return self._by_email(tenant, normalise_email(email), limit, position)
        if segment_id is not None:
            return self._in_segment(tenant, segment_id, limit, position)
        return self._all(tenant, limit, position)

    def _all(self, tenant: str, limit: int, position: str | None) -> Page[Contact]:
        page = self._contacts.list_contacts(tenant, limit=limit, position=position)
        # A position leads to a page's end alone, so a page of too many bytes is read again, shorter.
        while len(page.items) > 1 and _fitting(page.items) < len(page.items):
            page = self._contacts.list_contacts(tenant, limit=len(page.items) // 2, position=position)
        return page

    def _by_email(self, tenant: str, email: str, limit: int, position: str | None) -> Page[Contact]:
        start = parse_number(position or "0")
        found = self._contacts.find_all_by_email(tenant, email) if email else []
        shown = found[start : start + limit]
        shown = shown[: _fitting(shown)]
        end = start + len(shown)
        return Page(shown, str(end) if end < len(found) else None)

    def _in_segment(self, tenant: str, segment_id: str, limit: int, position: str | None) -> Page[Contact]:
        GetSegment(segments=self._segments)(tenant, segment_id)

        def members(members_position: str | None) -> Page[str]:
            return self._segments.members(tenant, segment_id, position=members_position)

        def still_in(ids: Sequence[str]) -> dict[str, Contact]:
            found = self._contacts.find_by_ids(tenant, ids)
            return {id_: contact for id_, contact in found.items() if segment_id in contact.segments}

        return page_of_members(members, still_in, limit=limit, position=position)


def _fitting(contacts: Sequence[Contact]) -> int:
    """How many of the contacts go on one page: at least one."""
    size = 0
    for count, contact in enumerate(contacts):
        size += contact_size(contact)
        if count and size > MAX_PAGE_BYTES:
            return count
    return len(contacts)
