"""The contact store on DynamoDB; see `ports.ContactStore`."""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.contact_items import item_to_contact
from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys
from contacts.adapters.dynamodb.contact_reads import ContactReader
from contacts.adapters.dynamodb.contact_retries import Patience
from contacts.adapters.dynamodb.contact_scan import scan_contacts
from contacts.adapters.dynamodb.contact_settling import settle_writes
from contacts.adapters.dynamodb.contact_tenants import TenantDirectory
from contacts.adapters.dynamodb.contact_writer import ContactWriter
from contacts.adapters.dynamodb.expiry import epoch_seconds
from contacts.adapters.dynamodb.json_bodies import use_json_bodies
from contacts.domain.contact import Contact
from contacts.domain.contact_ids import is_contact_id
from contacts.domain.contact_write import ContactWrite, Settlement, WriteResult
from contacts.domain.errors import InvalidRequest
from contacts.domain.paging import Page
from contacts.ports import Addressing, Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_as_position = re.compile(r"(\d{2,4})\.([a-z2-7]{20,36})").fullmatch


class DynamoContactStore:
    """Contacts in one DynamoDB table.

    Args:
        reads: a client for everything that may be sent twice.
        writes: a client that sends each request once (`retries={"total_max_attempts": 1}`): after a lost answer
            somebody may have changed a contact, so that a second sending would undo their change.
        table: the contacts table.
        clock: tells how old a contact is when it is deleted.
        backoff: how long a call goes on where the table throttles it or others are in the way.

    Raises:
        ValueError: `writes` would retry by itself.
        StillBusyError: from any method, when that time is over.
    """

    def __init__(
        self,
        *,
        reads: DynamoDBClient,
        writes: DynamoDBClient,
        table: str,
        clock: Clock,
        backoff: Backoff | None = None,
    ) -> None:
        attempts = (getattr(writes.meta.config, "retries", None) or {}).get("total_max_attempts")
        if attempts != 1:
            raise ValueError("the client for writes must not retry: give it retries={'total_max_attempts': 1}")
        for client in (reads, writes):
            use_json_bodies(client)
        self._writes = writes
        self._table = table
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._tenants = TenantDirectory(reads, table)
        self._reader = ContactReader(reads, table, self._backoff)

    def addressing(self, tenant: str) -> Addressing:
        return self._tenants.ensure(tenant)

    def find_by_emails(self, tenant: str, emails: Collection[str]) -> dict[str, Contact]:
        keys = self._tenants.find(tenant)
        if keys is None:
            return {}
        places = {email: keys.holder(email) for email in emails}
        items = self._reader.items(places.values())
        if not items:
            return {}
        return {email: item_to_contact(items[place]) for email, place in places.items() if place in items}

    def find_all_by_email(self, tenant: str, email: str) -> list[Contact]:
        keys = self._tenants.find(tenant)
        return [] if keys is None else [each.contact for each in self._reader.with_email(keys, email)]

    def find_by_ids(self, tenant: str, ids: Collection[str]) -> dict[str, Contact]:
        keys = self._tenants.find(tenant)
        if keys is None:
            return {}
        stored = self._reader.contacts(keys, {each for each in ids if is_contact_id(each)})
        return {each: found.contact for each, found in stored.items()}

    def find_ids_by_external_source(
        self, tenant: str, source: str, *, after: str | None = None, limit: int | None = None
    ) -> Iterator[str]:
        keys = self._tenants.find(tenant)
        if keys is None:
            return iter(())
        return self._reader.ids_by_external_source(keys.external_source(source), after=after, limit=limit)

    def write(self, tenant: str, writes: Sequence[ContactWrite]) -> list[WriteResult]:
        writer = ContactWriter(
            self._writes,
            self._table,
            keys=self._tenants.ensure(tenant),
            reader=self._reader,
            patience=Patience(self._backoff),
            now_seconds=epoch_seconds(self._clock()),
        )
        return writer.write(writes)

    def settle(self, tenant: str, writes: Sequence[ContactWrite]) -> list[Settlement]:
        return settle_writes(self._reader, self._tenants.ensure(tenant), writes)

    def list_contacts(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Contact]:
        """See `ports.ContactStore`. A contact whose e-mail changes while somebody pages moves, and can then show up
        twice or not at all.

        Raises:
            InvalidRequest: the position is not one that this store gave out.
        """
        keys = self._tenants.find(tenant)
        if keys is None:
            return Page([])
        first, after = _parse_position(position, keys)
        contacts: list[Contact] = []
        last = ""
        for shard in range(first, keys.shards):
            for stored in self._reader.partition(keys.partitions[shard], after if shard == first else None):
                if len(contacts) == limit:
                    return Page(contacts, last)
                contacts.append(stored.contact)
                last = _position(shard, stored.key)
        return Page(contacts)

    def scan(self, tenant: str, *, readers: int = 4) -> Generator[Contact, None, None]:
        keys = self._tenants.find(tenant)
        if keys is not None:
            yield from scan_contacts(self._reader, keys, readers=readers)


def _position(shard: int, key: Key) -> str:
    return f"{shard:02d}.{key.sk}"


def _parse_position(position: str | None, keys: TenantKeys) -> tuple[int, str | None]:
    if position is None:
        return 0, None
    parts = _as_position(position)
    if parts is None or int(parts[1]) >= keys.shards:
        raise InvalidRequest("this cursor was not made by this list", code="CURSOR_INVALID", field="cursor")
    return int(parts[1]), parts[2]
