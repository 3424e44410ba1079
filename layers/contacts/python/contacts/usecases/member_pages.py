"""Pages of contacts that a list names by id: the members of a segment, the items of a collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from contacts.domain.contact import Contact
from contacts.domain.paging import Page
from contacts.usecases.page_sizes import MAX_PAGE_BYTES, contact_size

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
        position: the last id that was looked at, and on which page of the store.

    Raises:
        InvalidRequest: the position is none.
    """
    last, _, store_position = (position or "").partition(":")
    ids = ids_from(store_position or None)
    # No number of ids: where what one job put in goes meanwhile, there is another page in its place.
    looked_at = ids.items.index(last) + 1 if last in ids.items else 0
    shown = _Shown(limit)
    for _ in range(_MAX_LOOKUPS):
        wanted = ids.items[looked_at : looked_at + min(shown.room, _LOOKUP)]
        looked_at += shown.take(wanted, find(wanted) if wanted else {})
        if looked_at >= len(ids.items):
            if ids.next_position is None:
                return Page(shown.contacts)
            looked_at, store_position = 0, ids.next_position
            ids = ids_from(store_position)
        if shown.is_full:
            break
    last = ids.items[looked_at - 1] if looked_at else ""
    return Page(shown.contacts, f"{last}:{store_position}")


class _Shown:
    """The contacts of a page while it is filled: as many as asked for, or as can be sent."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._found: dict[str, Contact] = {}
        self._size = 0
        self.is_full = False

    @property
    def contacts(self) -> list[Contact]:
        return list(self._found.values())

    @property
    def room(self) -> int:
        return self._limit - len(self._found)

    def take(self, ids: Sequence[str], found: Mapping[str, Contact]) -> int:
        """Take what was found, in the order of the ids; returns how many of the ids are done with."""
        for done, id_ in enumerate(ids):
            if id_ in found:
                self._size += contact_size(found[id_])
                if self._found and self._size > MAX_PAGE_BYTES:
                    self.is_full = True
                    return done
                self._found[id_] = found[id_]
        self.is_full = not self.room
        return len(ids)
