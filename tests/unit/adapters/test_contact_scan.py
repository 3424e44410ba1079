"""How a scan reads: how many pages at a time, how far ahead, and what it asks for."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.contact_items import contact_to_item
from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys
from contacts.adapters.dynamodb.contact_reads import ContactReader
from contacts.adapters.dynamodb.contact_scan import scan_contacts
from contacts.adapters.dynamodb.json_bodies import use_json_bodies
from contacts.domain.contact import Contact, Mark
from tests.support.contact_backends import dynamodb_client

KEYS = TenantKeys("tenant", b"salt", 8)
PAGES = 5


class Pages:
    """A table whose partitions have five pages of one contact each."""

    def __init__(self, meet: Callable[[], object] = lambda: None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.most_at_a_time = 0
        self._at_a_time = 0
        self._meet = meet
        self._lock = threading.Lock()

    def query(self, **request: Any) -> dict[str, Any]:
        with self._lock:
            self.asked.append(request)
            self._at_a_time += 1
            self.most_at_a_time = max(self.most_at_a_time, self._at_a_time)
        self._meet()
        with self._lock:
            self._at_a_time -= 1
        pk = request["ExpressionAttributeValues"][":pk"]["S"]
        number = int(request["ExclusiveStartKey"]["sk"]["S"]) + 1 if "ExclusiveStartKey" in request else 0
        more = {"LastEvaluatedKey": {"pk": {"S": pk}, "sk": {"S": str(number)}}} if number < PAGES - 1 else {}
        contact_id = KEYS.contact_id(None, Mark(pk, number))
        contact = Contact(
            id=contact_id, values={}, version=1, created_at="", updated_at="", created_by=Mark(pk, number)
        )
        return {"Items": [contact_to_item(KEYS, Key(pk, contact_id), contact)], **more}


def reader(client: Any) -> ContactReader:
    return ContactReader(client, "t", Backoff())


@pytest.mark.parametrize("readers", [1, 3, 8, 50])
def test_all_pages_of_all_partitions_by_no_more_readers_than_asked_for(readers: int) -> None:
    table = Pages()
    ids = [each.id for each in scan_contacts(reader(table), KEYS, readers=readers)]
    assert len(ids) == len(set(ids)) == len(table.asked) == KEYS.shards * PAGES
    assert table.most_at_a_time <= readers


def test_partitions_are_read_at_the_same_time() -> None:
    """Each request waits until there are four: one after the other they would wait for ever."""
    together = threading.Barrier(4)
    table = Pages(lambda: together.wait(timeout=30))
    assert len(list(scan_contacts(reader(table), KEYS, readers=4))) == KEYS.shards * PAGES


@pytest.mark.parametrize("readers", [1, 4])
def test_no_more_than_a_page_a_reader_is_read_ahead(readers: int) -> None:
    table = Pages()
    scan = scan_contacts(reader(table), KEYS, readers=readers)
    for taken in range(1, 12):
        next(scan)
        assert len(table.asked) <= taken + readers
    scan.close()
    # Closing has waited for what was under way: nothing comes after it.
    assert len(table.asked) <= 11 + readers
    assert not [each for each in threading.enumerate() if each.name.startswith("contact-scan")]


def test_nothing_is_read_before_the_first_contact_is_asked_for() -> None:
    table = Pages()
    scan_contacts(reader(table), KEYS, readers=4)
    assert table.asked == []


def test_every_read_is_strongly_consistent() -> None:
    table = Pages()
    list(scan_contacts(reader(table), KEYS, readers=4))
    assert all(request["ConsistentRead"] is True for request in table.asked)


def test_it_takes_a_reader() -> None:
    with pytest.raises(ValueError, match="max_workers"):
        list(scan_contacts(reader(Pages()), KEYS, readers=0))


class _MovingInTheIndex:
    """The entry of a contact's new place is there before that of its old one has gone; a page ends between them."""

    def query(self, **request: Any) -> dict[str, Any]:
        assert "ConsistentRead" not in request, "an index has no strongly consistent reads"
        if "ExclusiveStartKey" not in request:
            return {"Items": [{"id": {"S": "a"}}, {"id": {"S": "b"}}], "LastEvaluatedKey": {"id": {"S": "b"}}}
        return {"Items": [{"id": {"S": "b"}}, {"id": {"S": "c"}}]}


def test_an_id_that_the_index_has_twice_for_a_moment_comes_once() -> None:
    assert list(reader(_MovingInTheIndex()).ids_by_external_source("key")) == ["a", "b", "c"]


class _Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


@pytest.mark.parametrize(
    "body",
    [
        b'{"Items": [{"pk": {"S": "\xc3\xa9"}, "n": {"N": "1"}, "m": {"M": {"l": {"L": [{"BOOL": true}]}}}}],'
        b' "Count": 1, "LastEvaluatedKey": {"pk": {"S": "p"}}}',
        b'{"Items": [{"salt": {"B": "c2FsdA=="}}], "Count": 1}',
    ],
    ids=["items", "bytes"],
)
def test_a_page_is_parsed_as_botocore_would_parse_it(body: bytes) -> None:
    answers = []
    for is_ours in (True, False):
        client = dynamodb_client(None)
        if is_ours:
            use_json_bodies(client)
        client.meta.events.register(
            "before-send.dynamodb", lambda request, **_: AWSResponse(request.url, 200, {}, _Raw(body))
        )
        answers.append(client.query(TableName="t", KeyConditionExpression="pk = :pk"))
    ours, plain = answers
    del ours["ResponseMetadata"], plain["ResponseMetadata"]
    assert ours == plain
