"""Find contacts: all of a tenant's, those with an e-mail, those in a segment."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.domain.contact import Contact
from contacts.domain.contact_fields import values_size
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import InvalidRequest
from contacts.domain.paging import Page
from contacts.ports import ContactStore, SegmentStore
from contacts.usecases.get_segment import GetSegment

#: Lambda answers at most 6 MB, counted after JSON has escaped what it must.
_MAX_PAGE_BYTES = 2 * 1024 * 1024
#: Segment members that are looked up at once; of the largest contacts they come to 2 MB more.
_LOOKUP = 32
#: Look-ups of segment members for one page, so that a segment whose contacts are gone keeps nobody waiting.
_MAX_LOOKUPS = 20


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
        start = _number(position or "0")
        found = self._contacts.find_all_by_email(tenant, email) if email else []
        shown = found[start : start + limit]
        shown = shown[: _fitting(shown)]
        end = start + len(shown)
        return Page(shown, str(end) if end < len(found) else None)

    def _in_segment(self, tenant: str, segment_id: str, limit: int, position: str | None) -> Page[Contact]:
        """The position is how many members of which page of the segment store have been looked at."""
        GetSegment(segments=self._segments)(tenant, segment_id)
        done, _, members_position = (position or "0:").partition(":")
        looked_at = _number(done)
        members = self._segments.members(tenant, segment_id, position=members_position or None)
        shown: dict[str, Contact] = {}
        for _ in range(_MAX_LOOKUPS):
            ids = members.items[looked_at : looked_at + min(limit - len(shown), _LOOKUP)]
            shown |= self._still_in(tenant, segment_id, ids)
            looked_at += len(ids)
            if looked_at >= len(members.items):
                if members.next_position is None:
                    return Page(list(shown.values()))
                looked_at, members_position = 0, members.next_position
                members = self._segments.members(tenant, segment_id, position=members_position)
            if len(shown) == limit or sum(map(_size, shown.values())) > _MAX_PAGE_BYTES:
                break
        return Page(list(shown.values()), f"{looked_at}:{members_position}")

    def _still_in(self, tenant: str, segment_id: str, ids: Sequence[str]) -> dict[str, Contact]:
        found = self._contacts.find_by_ids(tenant, ids) if ids else {}
        return {id_: found[id_] for id_ in ids if id_ in found and segment_id in found[id_].segments}


def _fitting(contacts: Sequence[Contact]) -> int:
    """How many of the contacts go on one page: at least one."""
    size = 0
    for count, contact in enumerate(contacts):
        size += _size(contact)
        if count and size > _MAX_PAGE_BYTES:
            return count
    return len(contacts)


def _size(contact: Contact) -> int:
    return values_size(contact.values)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise InvalidRequest("this cursor was not made by this list", code="CURSOR_INVALID", field="cursor")
    return int(text)
