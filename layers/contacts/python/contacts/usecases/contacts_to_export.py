"""Which contacts an export is about, as a stream.

A contact that exists, and is meant, during the whole run is in it exactly once. One that is made, deleted or changed
meanwhile may be in it or not, as it was at some moment of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from contacts.bulk_ports import CollectionStore
from contacts.domain.contact import Contact
from contacts.domain.contact_filter import filter_from_record
from contacts.domain.contact_filter_matching import contact_matcher
from contacts.domain.export_job import ExportOptions
from contacts.domain.paging import Page
from contacts.ports import ContactStore, SegmentStore
from contacts.usecases.get_segment import GetSegment
from contacts.usecases.own_collection import own_collection

#: Contacts that are looked up at once: what BatchGetItem takes.
_LOOKUP = 100
#: Up to this many members a segment is read by its lists; beyond, reading all of the tenant's contacts asks for less,
#: and nobody has to remember who came already.
_MAX_LISTED_MEMBERS = 20_000


class ContactsToExport:
    def __init__(self, *, contacts: ContactStore, segments: SegmentStore, collections: CollectionStore) -> None:
        self._contacts = contacts
        self._segments = segments
        self._collections = collections

    def __call__(self, tenant: str, options: ExportOptions) -> Iterator[Contact]:
        """The contacts, in no particular order.

        Raises:
            NotFound: the segment or collection is gone.
        """
        if options.segment_id is not None:
            GetSegment(segments=self._segments)(tenant, options.segment_id)
        if options.collection_id is not None:
            own_collection(self._collections, tenant, options.collection_id)
        is_meant = contact_matcher(filter_from_record(options.filters) if options.filters else None)
        segment = options.segment_id
        for contact in self._source(tenant, options):
            if (segment is None or segment in contact.segments) and is_meant(contact):
                yield contact

    def _source(self, tenant: str, options: ExportOptions) -> Iterator[Contact]:
        collection, segment = options.collection_id, options.segment_id
        if collection is not None:
            # No list of a collection names a contact twice: each is made by one slice of one job.
            ids = _all_ids(lambda position: self._collections.items(tenant, collection, position=position))
            return self._looked_up(tenant, ids)
        if segment is not None:
            ids = _all_ids(lambda position: self._segments.members(tenant, segment, position=position))
            listed = list(islice(ids, _MAX_LISTED_MEMBERS + 1))
            if len(listed) <= _MAX_LISTED_MEMBERS:
                return self._looked_up(tenant, dict.fromkeys(listed))
        return self._contacts.scan(tenant)

    def _looked_up(self, tenant: str, ids: Iterable[str]) -> Iterator[Contact]:
        waiting = iter(ids)
        while batch := list(islice(waiting, _LOOKUP)):
            found = self._contacts.find_by_ids(tenant, batch)
            yield from (found[id_] for id_ in batch if id_ in found)


def _all_ids(page_at: Callable[[str | None], Page[str]]) -> Iterator[str]:
    position = None
    while True:
        page = page_at(position)
        yield from page.items
        if (position := page.next_position) is None:
            return
