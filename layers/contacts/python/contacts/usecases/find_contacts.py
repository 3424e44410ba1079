"""Find contacts: all of a tenant's, those with an e-mail, in a segment, or made by one bulk job."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.domain.contact import Contact
from contacts.domain.contact_ids import is_contact_id
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import InvalidRequest
from contacts.domain.paging import Page
from contacts.ports import ContactStore, SegmentStore
from contacts.usecases.get_segment import GetSegment
from contacts.usecases.member_pages import page_of_members
from contacts.usecases.page_sizes import contact_size, number_fitting, read_fitting

#: Ids that are looked up at once, and look-ups for one page: ids whose contacts are gone keep nobody waiting.
_LOOKUP = 32
_MAX_LOOKUPS = 20


class FindContacts:
    def __init__(self, *, contacts: ContactStore, segments: SegmentStore) -> None:
        self._contacts = contacts
        self._segments = segments

    def __call__(
        self,
        tenant: str,
        *,
        limit: int,
        position: str | None,
        email: str | None = None,
        segment_id: str | None = None,
        external_source: str | None = None,
    ) -> Page[Contact]:
        """A page of up to `limit` contacts; it can be shorter, even empty, and still have a next one.

        By `external_source` the page is eventually consistent: a contact that was made moments ago may be missing.

        Raises:
            InvalidRequest: more than one of `email`, `segment_id` and `external_source` is given, or the position is
                none.
            NotFound: the tenant has no such segment.
        """
        given = {"email": email, "segmentId": segment_id, "externalSource": external_source}
        names = [name for name, value in given.items() if value is not None]
        if len(names) > 1:
            raise InvalidRequest(f"give {' or '.join(names)}, not both", code="INVALID_QUERY", field=names[1])
        if external_source is not None:
            return self._by_external_source(tenant, external_source, limit, position)
        if email is not None:
            return self._by_email(tenant, normalise_email(email), limit, position)
        if segment_id is not None:
            return self._in_segment(tenant, segment_id, limit, position)
        return self._all(tenant, limit, position)

    def _all(self, tenant: str, limit: int, position: str | None) -> Page[Contact]:
        def read(number: int) -> Page[Contact]:
            return self._contacts.list_contacts(tenant, limit=number, position=position)

        return read_fitting(read, limit, contact_size)

    def _by_email(self, tenant: str, email: str, limit: int, position: str | None) -> Page[Contact]:
        # A number would hide others where some of those before them go; and where the holder goes, a twin comes first.
        holder, _, shown_to = (position or "").partition(" ")
        found = self._contacts.find_all_by_email(tenant, email) if email else []
        left = [each for each in found if each.id != holder and _age(each) > shown_to]
        shown = left[:limit]
        shown = shown[: number_fitting(shown, contact_size)]
        if len(shown) == len(left):
            return Page(shown)
        last = shown[-1]
        return Page(shown, f"{found[0].id} {shown_to if last is found[0] else _age(last)}")

    def _in_segment(self, tenant: str, segment_id: str, limit: int, position: str | None) -> Page[Contact]:
        GetSegment(segments=self._segments)(tenant, segment_id)

        def members(members_position: str | None) -> Page[str]:
            return self._segments.members(tenant, segment_id, position=members_position)

        def still_in(ids: Sequence[str]) -> dict[str, Contact]:
            found = self._contacts.find_by_ids(tenant, ids)
            return {id_: contact for id_, contact in found.items() if segment_id in contact.segments}

        return page_of_members(members, still_in, limit=limit, position=position)

    def _by_external_source(self, tenant: str, source: str, limit: int, position: str | None) -> Page[Contact]:
        if position is not None and not is_contact_id(position):
            raise InvalidRequest("this cursor was not made by this list", code="CURSOR_INVALID", field="cursor")
        shown: list[Contact] = []
        for _ in range(_MAX_LOOKUPS):
            wanted = min(limit - len(shown), _LOOKUP)
            ids = list(self._contacts.find_ids_by_external_source(tenant, source, after=position, limit=wanted))
            there = self._contacts.find_by_ids(tenant, ids)
            shown += (there[id_] for id_ in ids if id_ in there and there[id_].external_source == source)
            fitting = number_fitting(shown, contact_size)
            if fitting < len(shown):
                return Page(shown[:fitting], shown[fitting - 1].id)
            if len(ids) < wanted:
                return Page(shown)
            position = ids[-1]
            if len(shown) == limit:
                break
        return Page(shown, position)


def _age(contact: Contact) -> str:
    """What the twins of one e-mail are in the order of."""
    return f"{contact.created_at} {contact.id}"
