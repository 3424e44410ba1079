"""How much goes into one answer, so that no page of a list is larger than what can be sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson

from contacts.domain.contact import Contact
from contacts.domain.paging import Page

#: Lambda answers at most 6 MB. What an item has beyond its values, a few hundred bytes each, is not counted.
MAX_PAGE_BYTES = 4 * 1024 * 1024

_Item = TypeVar("_Item")


def sent_size(value: Any) -> int:
    """How many bytes the value takes in an answer at most: it goes as JSON within the text of the function's own JSON,
    which escapes it once more, and beyond ASCII where the runtime likes to."""
    return len(json.dumps(orjson.dumps(value).decode()))


def contact_size(contact: Contact) -> int:
    """About how many bytes a contact takes in an answer."""
    return sent_size([contact.values, contact.segments, contact.external_source])


def number_fitting(items: Sequence[_Item], size_of: Callable[[_Item], int]) -> int:
    """How many of the items, from the first on, go on one page: at least one, if there is any."""
    size = 0
    for count, item in enumerate(items):
        size += size_of(item)
        if count and size > MAX_PAGE_BYTES:
            return count
    return len(items)


def read_fitting(read: Callable[[int], Page[_Item]], limit: int, size_of: Callable[[_Item], int]) -> Page[_Item]:
    """A page of up to `limit` items that can be sent. `read` reads that many from where the page starts: a position
    leads to a page's end alone, so one of too many bytes is read again, shorter."""
    page = read(limit)
    while (fitting := number_fitting(page.items, size_of)) < len(page.items):
        page = read(fitting)
    return page
