"""Reads that DynamoDB leaves half done, or that somebody gets in the way of."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.contact_items import Item, contact_to_item
from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys
from contacts.adapters.dynamodb.contact_reads import ContactReader
from contacts.adapters.dynamodb.contact_retries import StillBusyError
from contacts.domain.contact import Contact, Mark
from tests.support.client_wrappers import client_error

KEYS = TenantKeys("tenant", b"salt", 8)


def contact(email: str, row: int) -> Contact:
    return Contact(
        id=KEYS.contact_id(email, Mark("job", row)),
        values={"email": email},
        version=1,
        created_at=f"2026-01-01T00:00:{row:02}Z",
        updated_at="",
        created_by=Mark("job", row),
    )


def item(key: Key, of: Contact) -> Item:
    return contact_to_item(KEYS, key, of)


class Waits:
    """Time passes only where somebody waits."""

    def __init__(self) -> None:
        self.pauses = 0
        self.backoff = Backoff(deadline_seconds=5, sleep=self._sleep, monotonic=lambda: float(self.pauses))

    def _sleep(self, _: float) -> None:
        self.pauses += 1


class HalfDone:
    """Gives as many items a request as it is told, and leaves the other keys unprocessed."""

    def __init__(self, *at_a_time: int) -> None:
        self._at_a_time = list(at_a_time)
        self.asked: list[int] = []

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        keys = RequestItems["t"]["Keys"]
        assert RequestItems["t"]["ConsistentRead"] is True
        self.asked.append(len(keys))
        count = self._at_a_time.pop(0) if self._at_a_time else len(keys)
        rest = keys[count:]
        unprocessed = {"t": {"Keys": rest, "ConsistentRead": True}} if rest else {}
        return {"Responses": {"t": keys[:count]}, "UnprocessedKeys": unprocessed}


def reader(client: Any, waits: Waits) -> ContactReader:
    return ContactReader(client, "t", waits.backoff)


def test_keys_that_were_not_processed_are_asked_for_again() -> None:
    waits, table = Waits(), HalfDone(3, 0, 4)
    keys = [Key("p", str(number)) for number in range(10)]
    assert list(reader(table, waits).items(keys)) == keys
    assert table.asked == [10, 7, 7, 3]
    assert waits.pauses == 3


def test_until_the_deadline() -> None:
    with pytest.raises(StillBusyError):
        reader(HalfDone(*[0] * 50), Waits()).items([Key("p", "s")])


def test_a_hundred_keys_at_a_time_and_none_twice() -> None:
    table = HalfDone()
    keys = [Key("p", str(number)) for number in range(205)]
    assert len(reader(table, Waits()).items([*keys, *keys])) == 205
    assert table.asked == [100, 100, 5]


class Snapshots:
    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.asked: list[int] = []

    def transact_get_items(self, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        if self._errors:
            raise self._errors.pop(0)
        keys = [(get["Get"]["Key"]["pk"]["S"], get["Get"]["Key"]["sk"]["S"]) for get in TransactItems]
        assert len(set(keys)) == len(keys)
        self.asked.append(len(keys))
        return {"Responses": [{} for _ in keys]}


def test_a_snapshot_waits_for_the_transaction_in_its_way() -> None:
    waits = Waits()
    conflict = client_error("TransactionCanceledException", reasons=("None", "TransactionConflict"))
    table = Snapshots(conflict, conflict)
    assert reader(table, waits).sightings(KEYS, [contact("a@x.yz", 1).id])
    assert waits.pauses == 2


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("ProvisionedThroughputExceededException"),
        client_error("TransactionCanceledException", reasons=("ThrottlingError", "None")),
        client_error("TransactionInProgressException"),
        client_error("InternalServerError", status=500),
        ReadTimeoutError(endpoint_url="https://test"),
    ],
    ids=repr,
)
def test_a_snapshot_is_asked_for_again_whatever_passes(error: Exception) -> None:
    waits = Waits()
    assert reader(Snapshots(error, error), waits).sightings(KEYS, [contact("a@x.yz", 1).id])
    assert waits.pauses == 2


def test_a_snapshot_until_the_deadline() -> None:
    with pytest.raises(StillBusyError):
        reader(Snapshots(*[client_error("ThrottlingException")] * 50), Waits()).sightings(KEYS, [contact("a@x", 1).id])


@pytest.mark.parametrize(
    "error",
    [
        client_error("TransactionCanceledException", reasons=("None", "ValidationError")),
        client_error("TransactionCanceledException"),
        client_error("AccessDeniedException"),
    ],
    ids=repr,
)
def test_a_snapshot_that_can_never_be_had_is_a_fault(error: ClientError) -> None:
    with pytest.raises(ClientError):
        reader(Snapshots(error), Waits()).sightings(KEYS, [contact("a@x.yz", 1).id])


def test_a_snapshot_takes_no_more_than_four_megabytes_and_names_no_key_twice() -> None:
    table = Snapshots()
    twins = [contact("same@x.yz", row).id for row in range(26)]
    assert len(reader(table, Waits()).sightings(KEYS, [*twins, *twins])) == 26
    # 25 ids and the slot that they share, then one with the slot: each contact has up to 65 KB.
    assert table.asked == [26, 2]


class InMotion:
    """A twin inherits the slot while the query runs, which meets it in both of its places."""

    def __init__(self, holder: Key, heir: Contact, other: Contact) -> None:
        self.items = [item(holder, heir), item(KEYS.own(other.id), other), item(KEYS.own(heir.id), heir)]

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": self.items}


def test_a_heir_that_is_met_twice_is_the_holder_and_counts_once() -> None:
    younger, older = contact("a@x.yz", 2), contact("a@x.yz", 1)
    holder = KEYS.holder("a@x.yz")
    found = reader(InMotion(holder, younger, older), Waits()).with_email(KEYS, "a@x.yz")
    assert [(each.contact, each.key) for each in found] == [(younger, holder), (older, KEYS.own(older.id))]


class IndexPages:
    """The index on `externalSource`, where a contact has just moved: two entries, on two pages, under the same id."""

    def __init__(self) -> None:
        self._pages = [["a", "b"], ["b", "c"]]
        self.limits: list[int | None] = []

    def query(self, **request: Any) -> dict[str, Any]:
        self.limits.append(request.get("Limit"))
        page = {"Items": [{"id": {"S": id_}} for id_ in self._pages.pop(0)]}
        return {**page, "LastEvaluatedKey": {}} if self._pages else page


@pytest.mark.parametrize(
    ("limit", "found", "limits"), [(None, "abc", [None, None]), (2, "ab", [2]), (3, "abc", [3, 3])]
)
def test_an_id_that_the_index_has_twice_comes_once(limit: int | None, found: str, limits: list[int | None]) -> None:
    client = IndexPages()
    assert "".join(reader(client, Waits()).ids_by_external_source("key", limit=limit)) == found
    assert client.limits == limits
