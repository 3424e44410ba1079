"""Tries to close things of jobs, each thing an item beside its job in the jobs table."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from contacts.adapters.dynamodb.expiry import EXPIRES_AT, epoch_seconds, is_expired
from contacts.adapters.dynamodb.item_values import record_of
from contacts.adapters.dynamodb.job_keys import closing_key
from contacts.ports import Clock, ClosingTries

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: How long tries are remembered after the last one; what is still open is tried every few minutes.
_KEPT_FOR = timedelta(days=30)


class DynamoClosingTriesStore:
    """`ClosingTriesStore` on the jobs table. A note whose answer was lost may count twice."""

    def __init__(self, *, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def find(self, job_id: str, what: str) -> ClosingTries | None:
        found = self._client.get_item(TableName=self._table, Key=closing_key(job_id, what), ConsistentRead=True)
        item = found.get("Item")
        if item is None or is_expired(item, self._clock()):
            return None
        record = record_of(item)
        return ClosingTries(int(record["tries"]), record["firstAt"], record["lastAt"])

    def note(self, job_id: str, what: str, at: str) -> None:
        self._client.update_item(
            TableName=self._table,
            Key=closing_key(job_id, what),
            UpdateExpression=(
                f"SET firstAt = if_not_exists(firstAt, :at), lastAt = :at, {EXPIRES_AT} = :end ADD tries :one"
            ),
            ExpressionAttributeValues={
                ":at": {"S": at},
                ":end": {"N": str(epoch_seconds(at) + int(_KEPT_FOR.total_seconds()))},
                ":one": {"N": "1"},
            },
        )
