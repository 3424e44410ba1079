"""Pages of contacts that a list names by id: the members of a segment, the items of a collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from contacts.domain.contact import Contact
from contacts.domain.contact_fields import values_size
from contacts.domain.errors import InvalidRequest
from contacts.domain.paging import Page

#: Lambda answers at most 6 MB, counted after JSON has escaped what it must.
MAX_PAGE_BYTES = 2 * 1024 * 1024
#: Ids that are looked up at once; of the largest contacts they come to 2 MB more.
_LOOKUP = 32
#: Look-ups for one page, so that a list whose contacts are gone keeps nobody waiting.
_MAX_LOOKUPS = 20


def page_of_members(
    ids_from: Callable[[str | None], Page[str]],
    find: Callable[[Sequence[str]], Mapping[str, Contact]],
    *,
    limit: int,
    position: str | None,
) -> Page[Contact]:
    """Up to `limit` of the contacts that are still there; it can be fewer, even none, and still have a next page.

    Args:
        ids_from: a page of the list's ids, from a position of the list's store.
        find: those of the ids that still belong to the list, with their contacts.
        limit: contacts at most.
        position: how many ids of which page of the store have been looked at.

    Raises:
        InvalidRequest: the position is none.
    """
    done, _, store_position = (position or "0:").partition(":")
    looked_at = parse_number(done)
    ids = ids_from(store_position or None)
    shown: dict[str, Contact] = {}
    for _ in range(_MAX_LOOKUPS):
        wanted = ids.items[looked_at : looked_at + min(limit - len(shown), _LOOKUP)]
        found = find(wanted) if wanted else {}
        shown |= {id_: found[id_] for id_ in wanted if id_ in found}
        looked_at += len(wanted)
        if looked_at >= len(ids.items):
            if ids.next_position is None:
                return Page(list(shown.values()))
            looked_at, store_position = 0, ids.next_position
            ids = ids_from(store_position)
        if len(shown) == limit or sum(map(contact_size, shown.values())) > MAX_PAGE_BYTES:
            break
    return Page(list(shown.values()), f"{looked_at}:{store_position}")


def contact_size(contact: Contact) -> int:
    """About how many bytes a contact takes in an answer."""
    return values_size(contact.values)


def parse_number(text: str) -> int:
    """The number in a position.

    Raises:
        InvalidRequest: there is none.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise InvalidRequest("this cursor was not made by this list", code="CURSOR_INVALID", field="cursor")
    return int(text)
