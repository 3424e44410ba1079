"""Notes of contacts to announce, in the jobs table."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from contacts.adapters.dynamodb.job_keys import OUTBOX_PARTITION, outbox_key
from contacts.ports import Clock, OutboxNote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoContactOutbox:
    """`ContactOutbox` on the jobs table: an item a note, in the order of time, without an index and without expiry.

    A note costs two write units, one to come and one to go. All lie in one partition, which takes 1,000 units a second;
    the API lets 100 requests through.
    """

    def __init__(self, *, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def add(self, tenant: str, contact_id: str) -> OutboxNote:
        """See `ContactOutbox.add`."""
        # Two requests with one Idempotency-Key are about one contact; neither may remove the other's note.
        note = OutboxNote(f"{self._clock()}#{uuid.uuid4().hex}", tenant, contact_id)
        item = {**outbox_key(note.key), "tenant": {"S": tenant}, "contactId": {"S": contact_id}}
        self._client.put_item(TableName=self._table, Item=item)
        return note

    def remove(self, note: OutboxNote) -> None:
        """See `ContactOutbox.remove`."""
        self._client.delete_item(TableName=self._table, Key=outbox_key(note.key))

    def added_before(self, moment: str) -> Iterator[OutboxNote]:
        """See `ContactOutbox.added_before`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :outbox AND sk < :moment",
            ExpressionAttributeValues={":outbox": {"S": OUTBOX_PARTITION}, ":moment": {"S": moment}},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield OutboxNote(item["sk"]["S"], item["tenant"]["S"], item["contactId"]["S"])
