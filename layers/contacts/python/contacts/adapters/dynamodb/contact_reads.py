"""Reads items of the contacts table, strongly consistent except from its index, and finds contacts by their ids."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.conflicts import cancellation_reasons
from contacts.adapters.dynamodb.contact_items import Item, forward_target, is_contact, trace_marks
from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys, normalised_email
from contacts.adapters.dynamodb.contact_moves import Stored, changes_place, seniority
from contacts.adapters.dynamodb.contact_retries import BUSY_CODES, Patience, trouble_of
from contacts.domain.contact_write import Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: BatchGetItem takes 100 keys (API reference).
MAX_KEYS = 100
#: TransactGetItems takes 100 keys, but no more than 4 MB: two items of up to 65 KB for each id.
MAX_SIGHTINGS = 25

_T = TypeVar("_T")


class Sighting(NamedTuple):
    """What lay at one moment in the two places where an id is looked up: whoever lives in the slot, and what is
    under the id itself: the contact, a forward, a trace or nothing."""

    home: Item | None
    own: Item | None


class ContactReader:
    """The reads of one table. The client may retry; on top of that, what is throttled, breaks off or is left undone by
    DynamoDB is asked for again."""

    def __init__(self, client: DynamoDBClient, table: str, backoff: Backoff) -> None:
        self._client = client
        self._table = table
        self._backoff = backoff

    def items(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The items at these keys; keys without an item are left out."""
        found: dict[Key, Item] = {}
        patience = Patience(self._backoff)
        for chunk in _chunks(dict.fromkeys(keys), MAX_KEYS):
            request: Any = {self._table: {"Keys": [_key(key) for key in chunk], "ConsistentRead": True}}
            while request:
                answer = self._ask(self._client.batch_get_item, RequestItems=request)
                for item in answer["Responses"].get(self._table, ()):
                    found[Key(item["pk"]["S"], item["sk"]["S"])] = item
                request = answer.get("UnprocessedKeys")
                if request:
                    patience.pause()
        return found

    def sightings(self, keys: TenantKeys, ids: Sequence[str]) -> dict[str, Sighting]:
        """Both places of each id at one moment: a contact that moves meanwhile can't slip through between them."""
        sightings: dict[str, Sighting] = {}
        for chunk in _chunks(dict.fromkeys(ids), MAX_SIGHTINGS):
            both = dict.fromkeys(key for each in chunk for key in (keys.home(each), keys.own(each)))
            items = self._snapshot(list(both))
            for each in chunk:
                sightings[each] = Sighting(items.get(keys.home(each)), items.get(keys.own(each)))
        return sightings

    def contacts(self, keys: TenantKeys, ids: Collection[str]) -> dict[str, Stored]:
        """The contacts with these ids, wherever they live. Ids that are gone, or never were, are left out.

        Raises:
            StillBusyError: a contact moved on each time before it was reached.
        """
        found: dict[str, Stored] = {}
        patience = Patience(self._backoff)
        items = self.items(key for each in ids for key in (keys.home(each), keys.own(each)))
        sightings = {each: Sighting(items.get(keys.home(each)), items.get(keys.own(each))) for each in ids}
        # A forward, or a contact missed between two reads, makes further rounds; all others end in the first.
        missing = self._pick(sightings, found)
        unseen = [each for each in missing if not _is_settled(sightings[each])]
        while unseen:
            sightings = self.sightings(keys, unseen)
            missing = self._pick(sightings, found)
            unseen = [each for each in missing if forward_target(sightings[each].own) not in (None, keys.home(each))]
            if unseen:
                patience.pause()
        return found

    def contacts_behind(self, keys: TenantKeys, forwards: Mapping[str, Key]) -> dict[str, Stored]:
        """Like `contacts`, for ids of which it is known where a forward led a moment ago: at a third of the price."""
        items = self.items(forwards.values())
        found = {
            each: Stored.from_item(items[target])
            for each, target in forwards.items()
            if _has_id(items.get(target), each)
        }
        return found | self.contacts(keys, [each for each in forwards if each not in found])

    def taken(self, keys: TenantKeys, updates: Iterable[Update]) -> set[str]:
        """The ids of those contacts that are to move to a place where another contact lives."""
        moves = [update for update in updates if changes_place(update.before, update.after)]
        targets = {move.before.id: keys.place(move.after) for move in moves}
        items = self.items(targets.values()) if targets else {}
        return {
            each
            for each, target in targets.items()
            if is_contact(items.get(target)) and not _has_id(items[target], each)
        }

    def with_email(self, keys: TenantKeys, email: str) -> list[Stored]:
        """Every contact with this e-mail: its holder first, then the twins, oldest first.

        A twin's id begins with the slot of its e-mail, and all that belongs to a slot lies in its partition: one
        consistent query gives them all, where an index would lag behind. Contacts that have another e-mail by now
        lie there too and are left out.
        """
        holder = keys.holder(email)
        stored = [
            Stored.from_item(item)
            for item in self._query(
                ConsistentRead=True,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :slot)",
                ExpressionAttributeValues={":pk": {"S": holder.pk}, ":slot": {"S": holder.sk}},
            )
            if is_contact(item)
        ]
        # A contact that inherits the slot during the query can show up in both of its places.
        with_email = {each.contact.id: each for each in reversed(stored) if normalised_email(each.contact) == email}
        return sorted(with_email.values(), key=lambda each: (each.key != holder, *seniority(each)))

    def partition(self, pk: str, after: str | None) -> Iterator[Stored]:
        """The contacts of one partition in the order of their sort keys, those behind `after` only."""
        start = None if after is None else Key(pk, after)
        items = (item for page in self.pages(pk, limit=MAX_KEYS, after=start) for item in page)
        return (Stored.from_item(item) for item in items if is_contact(item))

    def pages(self, pk: str, *, limit: int, after: Key | None = None) -> Iterator[list[Item]]:
        """All items of one partition, of every kind, in the order of their sort keys; each page is one request."""
        start = {"ExclusiveStartKey": _key(after)} if after is not None else {}
        return self._query_pages(
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            Limit=limit,
            **start,
        )

    def ids_by_external_source(
        self, index_key: str, *, after: str | None = None, limit: int | None = None
    ) -> Iterator[str]:
        """The ids that the index on `externalSource` has under this key, in order, each once. It lags behind.

        A contact whose item moves can be in it twice for a moment, under the same id.
        """
        behind = {} if after is None else {":after": {"S": after}}
        items = self._query(
            IndexName="externalSource",
            KeyConditionExpression="externalSourceKey = :key" + (" AND id > :after" if behind else ""),
            ExpressionAttributeValues={":key": {"S": index_key}, **behind},
            **({} if limit is None else {"Limit": limit}),
        )
        return islice((contact_id for contact_id, _ in groupby(item["id"]["S"] for item in items)), limit)

    def _query(self, **parameters: Any) -> Iterator[Item]:
        return (item for page in self._query_pages(**parameters) for item in page)

    def _query_pages(self, **parameters: Any) -> Iterator[list[Item]]:
        while True:
            answer = self._ask(self._client.query, TableName=self._table, **parameters)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _ask(self, read: Callable[..., Any], **parameters: Any) -> Any:
        """One request, sent until it is answered or the time is over: reads may be repeated whatever went wrong."""
        patience = Patience(self._backoff)
        while True:
            try:
                return read(**parameters)
            except (BotoCoreError, ClientError, ResponseParserError) as error:
                if trouble_of(error) is None and not _is_conflict(error):
                    raise
            patience.pause()

    def _pick(self, sightings: dict[str, Sighting], found: dict[str, Stored]) -> list[str]:
        """Put the contacts seen, and those that forwards lead to, into `found`; returns the ids still missing."""
        targets: dict[str, Key] = {}
        for each, sighting in sightings.items():
            target = forward_target(sighting.own)
            stored = contact_seen(each, sighting)
            if stored is not None:
                found[each] = stored
            elif target is not None:
                targets[each] = target
        items = self.items(targets.values()) if targets else {}
        for each, target in targets.items():
            if _has_id(items.get(target), each):
                found[each] = Stored.from_item(items[target])
        return [each for each in sightings if each not in found]

    def _snapshot(self, keys: Sequence[Key]) -> dict[Key, Item]:
        request: Any = [{"Get": {"TableName": self._table, "Key": _key(key)}} for key in keys]
        answer = self._ask(self._client.transact_get_items, TransactItems=request)
        return {key: each["Item"] for key, each in zip(keys, answer["Responses"], strict=True) if each.get("Item")}


def contact_seen(contact_id: str, sighting: Sighting) -> Stored | None:
    """The contact, where it lives in one of the two places itself."""
    for item in sighting:
        if item is not None and _has_id(item, contact_id):
            return Stored.from_item(item)
    return None


def _is_settled(sighting: Sighting) -> bool:
    # Ids never return: behind a trace there is nothing to look for.
    return trace_marks(sighting.own) is not None


def _has_id(item: Item | None, contact_id: str) -> bool:
    return item is not None and "id" in item and item["id"]["S"] == contact_id


def _is_conflict(error: Exception) -> bool:
    """Whether a transaction was cancelled only because others were in its way, or because of throttling."""
    reasons = cancellation_reasons(error) if isinstance(error, ClientError) else []
    return bool(reasons) and all(reason == "None" or reason in BUSY_CODES for reason in reasons)


def _chunks(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _key(key: Key) -> Item:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
