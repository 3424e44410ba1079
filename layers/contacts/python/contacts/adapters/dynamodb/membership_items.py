"""Who is in what, in the jobs table: items of up to a thousand contact ids, one a (segment or collection, job, part).

An item holds its ids compressed: write units count bytes, and a thousand ids shrink from 36 KB of text to some 23 KB.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.contact_retries import Patience
from contacts.adapters.dynamodb.job_keys import checked_position, members_key, members_position, members_prefix
from contacts.domain.paging import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Contact ids in one membership item.
IDS_AN_ITEM = 1_000
#: BatchWriteItem's quota.
_MAX_BATCH = 25


class MembershipItems:
    """The items of any segment or collection, which is named by its partition."""

    def __init__(self, *, client: DynamoDBClient, table: str, backoff: Backoff) -> None:
        self._client = client
        self._table = table
        self._backoff = backoff

    def put(self, partition: str, job: str, part: int, contact_ids: Sequence[str]) -> None:
        """Set who came in with this part of this job; the same call again changes nothing."""
        for chunk, start in enumerate(range(0, len(contact_ids), IDS_AN_ITEM)):
            ids = "\n".join(contact_ids[start : start + IDS_AN_ITEM])
            self._client.put_item(
                TableName=self._table,
                Item={
                    **members_key(partition, members_position(job, part, chunk)),
                    "contactIds": {"B": _compressed(ids)},
                },
            )

    def remove(self, partition: str, job: str) -> None:
        """Take away all that this job put in; the same call again changes nothing."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :partition AND begins_with(sk, :job)",
            ExpressionAttributeValues={":partition": {"S": partition}, ":job": {"S": members_prefix(job)}},
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
        )
        for page in pages:
            for start in range(0, len(page["Items"]), _MAX_BATCH):
                self._delete(page["Items"][start : start + _MAX_BATCH])

    def page(self, partition: str, position: str | None) -> Page[str]:
        """The ids of one item.

        Raises:
            InvalidRequest: the position is none that a page gave.
        """
        request: dict[str, Any] = {}
        if position is not None:
            request["ExclusiveStartKey"] = members_key(partition, checked_position(position))
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :partition",
            ExpressionAttributeValues={":partition": {"S": partition}},
            Limit=1,
            ConsistentRead=True,
            **request,
        )
        ids = [id_ for item in found["Items"] for id_ in _ids(item)]
        last = found.get("LastEvaluatedKey")
        return Page(ids, None if last is None else str(last["sk"]["S"]))

    def pages(self, partition: str) -> Iterator[Sequence[str]]:
        """The ids of one item after the other."""
        position = None
        while True:
            page = self.page(partition, position)
            yield page.items
            if (position := page.next_position) is None:
                return

    def _delete(self, keys: Sequence[Mapping[str, Any]]) -> None:
        patience = Patience(self._backoff)
        request: Any = {self._table: [{"DeleteRequest": {"Key": key}} for key in keys]}
        while request:
            request = self._client.batch_write_item(RequestItems=request).get("UnprocessedItems")
            if request:
                patience.pause()


def _compressed(ids: str) -> bytes:
    # Ids are random: nothing in them repeats but letters, and looking for more takes four times as long.
    packer = zlib.compressobj(strategy=zlib.Z_HUFFMAN_ONLY)
    return packer.compress(ids.encode()) + packer.flush()


def _ids(item: Mapping[str, Any]) -> list[str]:
    return zlib.decompress(item["contactIds"]["B"]).decode().split("\n")
