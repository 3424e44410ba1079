"""Reads all contacts of a tenant exactly once, several partitions at a time, while others write.

A contact moves when its e-mail changes, when it loses it, or when it inherits a slot, and whoever reads the table from
end to end meanwhile could meet it twice or miss it. So a contact is taken where its *id* leads, wherever it lives: in
the group of items that begin with its home, the first part of its id. In the order of sort keys these are

- the slot: who lives there is taken, if it is at home; one whom a changed e-mail has brought there is taken at home;
- the ids: a contact is taken; a forward is followed at once, and the contact taken in its stead.

Why once and not twice: every key is read once, and the one contact that can be met under two keys of a group is that
from the slot; it is remembered until the group ends, across pages too.

Why not missed: a contact that is not in its slot when that is read has its own place taken, by itself or by a forward.
That stays so: one that comes to the slot leaves a forward behind (`contact_moves`). So the read of its own place, which
comes later, meets it or something that leads to it, and `ContactReader.contacts` finds whoever is there.

This rests on reads being strongly consistent, though that costs twice an eventually consistent page: two replicas, one
behind the other, could show a slot after a contact left it and its own place before it came there, or nothing at all of
one that was made before the scan began. And it rests on a query reading in the order of sort keys, and seeing, of a
transaction that comes in its way, what is new in all that it reads from then on ("Transaction isolation levels for
DynamoDB" in the Developer Guide).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from contacts.adapters.dynamodb.contact_items import Item, forward_target, is_contact, item_to_contact
from contacts.adapters.dynamodb.contact_keys import SLOT_CHARS, Key, TenantKeys
from contacts.adapters.dynamodb.contact_reads import ContactReader
from contacts.domain.contact import Contact

#: Items a request. DynamoDB would give up to 1 MB, which as dictionaries is ten times as much, for each reader:
#: measured, small pages are read faster. Read units are rounded up by 4 KB a page, which is a few in a hundred.
PAGE_ITEMS = 200


def scan_contacts(reader: ContactReader, keys: TenantKeys, *, readers: int) -> Generator[Contact, None, None]:
    """See `ports.ContactStore.scan`.

    A partition's next page is read while the caller works on the one before, and no further. Whenever this generator
    ends, or is closed, its threads have ended: closing it waits for the requests that are under way.
    """
    partitions = (contact_pages(reader, keys, pk) for pk in keys.partitions)
    with ThreadPoolExecutor(readers, thread_name_prefix="contact-scan") as pool:
        under_way: dict[Future[list[Contact] | None], Iterator[list[Contact]]] = {}
        for pages in islice(partitions, readers):
            under_way[pool.submit(next, pages, None)] = pages
        while under_way:
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                pages = under_way.pop(future)
                page = future.result()
                # A partition that has ended makes room for the next one.
                further = next(partitions, None) if page is None else pages
                if further is not None:
                    under_way[pool.submit(next, further, None)] = further
                yield from page or ()


def contact_pages(reader: ContactReader, keys: TenantKeys, pk: str) -> Iterator[list[Contact]]:
    """The contacts whose ids lead to one partition, page by page; a page can be empty."""
    group = _Group()
    for items in reader.pages(pk, limit=PAGE_ITEMS):
        contacts, forwards = group.sort(items)
        items.clear()  # they weigh much more than the contacts, which may have to wait for the caller
        if forwards:
            contacts += [stored.contact for stored in reader.contacts_behind(keys, forwards).values()]
        yield contacts


class _Group:
    """Sorts the items of one partition, in their order, and keeps in mind across pages who lives in the last slot."""

    def __init__(self) -> None:
        self._in_slot: str | None = None

    def sort(self, items: list[Item]) -> tuple[list[Contact], dict[str, Key]]:
        """The contacts to take, and the ids of those that only a forward tells of, with where it leads."""
        contacts: list[Contact] = []
        forwards: dict[str, Key] = {}
        for item in items:
            sk = item["sk"]["S"]
            if len(sk) == SLOT_CHARS:
                # Nothing but contacts live in slots; those from elsewhere are taken at their own homes.
                contact_id = item["id"]["S"]
                if contact_id.startswith(sk):
                    self._in_slot = contact_id
                    contacts.append(item_to_contact(item))
            elif sk != self._in_slot:
                target = forward_target(item)
                if target is not None:
                    forwards[sk] = target
                elif is_contact(item):
                    contacts.append(item_to_contact(item))
        return contacts, forwards
