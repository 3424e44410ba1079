"""The specification's bulk create as its worker does it: one contact after the other, then the collection.

It is the baseline of `bulk_create_cost`, with boto3's resource as it comes. Where the specification leaves a choice,
the cheaper one is taken: creating a contact is one write, which asks for nothing before and tells nobody after; the
job stands in a cache that costs no request; its start, whose message carries the contacts, is left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks.capacity import Index
from tests.benchmarks.metered_dynamodb import Table

CONTACTS, COLLECTION_CONTACTS = "loopBulkContacts", "loopBulkCollectionContacts"


def bulk_loop_tables() -> dict[str, Table]:
    by_external_source = Index("byExternalSource", ("externalSource",), projected=())
    return {CONTACTS: Table([by_external_source]), COLLECTION_CONTACTS: Table()}


class SpecificationBulkLoop:
    """Creates the contacts of one job."""

    def __init__(self, resource: Any, *, collection: str) -> None:
        self._contacts = resource.Table(CONTACTS)
        self._members = resource.Table(COLLECTION_CONTACTS)
        self._collection = collection

    def __call__(self, entries: Sequence[Mapping[str, Any]], tracking_key: str) -> list[str]:
        """The ids of the contacts that were created."""
        ids = [self._create(entry, tracking_key) for entry in _first_of_each_email(entries)]
        with self._members.batch_writer() as batch:
            for contact_id in ids:
                batch.put_item(Item={"pk": self._collection, "sk": contact_id})
        return ids

    def _create(self, entry: Mapping[str, Any], tracking_key: str) -> str:
        contact_id = str(uuid.uuid4())
        item = {"pk": "tenant", "sk": contact_id, "id": contact_id, "externalSource": tracking_key, **entry}
        self._contacts.put_item(Item=item)
        return contact_id


def _first_of_each_email(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    seen: set[str] = set()
    kept = []
    for entry in entries:
        email = entry.get("email", "").strip().lower()
        if not email or email not in seen:
            kept.append(entry)
        seen.add(email)
    return kept
