"""Conditional writes of jobs, and the records that lie beside a job, in the jobs table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.conflicts import is_condition_refused, is_passing
from contacts.adapters.dynamodb.expiry import SECONDS_A_DAY, epoch_seconds, is_expired
from contacts.adapters.dynamodb.item_values import Item
from contacts.adapters.dynamodb.job_items import job_from_item
from contacts.adapters.dynamodb.job_keys import Key, can_be_id, job_key, job_partition
from contacts.adapters.dynamodb.job_updates import UNEXPIRED, UNUSED, JobChange, update_request
from contacts.domain.import_job import ImportJob
from contacts.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateItemOutputTypeDef, UpdateTypeDef


class JobTable:
    """What the stores of jobs share.

    Args:
        client: low-level DynamoDB client.
        table: physical name of the jobs table.
        clock: tells what has expired.
        retention_days: how long a job and its parts are kept after their last change.
        backoff: how long to try again while others change the same job.
    """

    def __init__(
        self, *, client: DynamoDBClient, table: str, clock: Clock, retention_days: int, backoff: Backoff | None = None
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._retention_seconds = retention_days * SECONDS_A_DAY
        self._backoff = backoff or Backoff()

    def find_import(self, job_id: str) -> ImportJob | None:
        if not can_be_id(job_id):
            return None
        found = self._client.get_item(TableName=self._table, Key=job_key(job_id), ConsistentRead=True)
        return self._unexpired_job(found.get("Item"))

    def _apply(self, change: JobChange) -> ImportJob:
        """Make one conditional update of a job, and return the job as it is then."""

        def update() -> UpdateItemOutputTypeDef:
            return self._client.update_item(
                **self._update(change), ReturnValues="ALL_NEW", ReturnValuesOnConditionCheckFailure="ALL_OLD"
            )

        return job_from_item(self._backoff.call(update, retry_if=is_passing)["Attributes"])

    def _change(self, job_id: str, decide: Callable[[ImportJob], JobChange | None]) -> ImportJob | None:
        """Read a job, change it as `decide` says, and return it as it is then; None where nothing is to be changed.

        The change's condition has to name what it was decided upon: where that has changed in between, all is tried
        again.
        """

        def attempt() -> ImportJob | None:
            job = self.find_import(job_id)
            change = decide(job) if job else None
            if change is None:
                return None
            return job_from_item(self._client.update_item(**self._update(change), ReturnValues="ALL_NEW")["Attributes"])

        return self._backoff.call(attempt, retry_if=lambda error: is_passing(error) or is_condition_refused(error))

    def _record(self, item: Item, change: JobChange) -> bool:
        """Put a record that is not there yet, and change its job, both or neither; False where either is refused."""

        def transact() -> object:
            # No ClientRequestToken of ours: botocore makes one a call, which covers its own retries. One made from
            # (job, part) would fail a second worker with IdempotentParameterMismatch, because its `at` differs.
            return self._client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": item,
                            "ConditionExpression": UNUSED,
                            "ExpressionAttributeValues": {":now": self._now()},
                        }
                    },
                    {"Update": cast("UpdateTypeDef", self._update(change))},
                ]
            )

        return self._unless_refused(transact)

    def _has(self, key: Key) -> bool:
        found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return "Item" in found and not is_expired(found["Item"], self._clock())

    def _items(self, job_id: str, prefix: str) -> Iterator[Mapping[str, Any]]:
        """The records of a job whose sort keys begin like this, in their order; strongly consistent."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :job AND begins_with(sk, :prefix)",
            FilterExpression=UNEXPIRED,
            ExpressionAttributeValues={
                ":job": {"S": job_partition(job_id)},
                ":prefix": {"S": prefix},
                ":now": self._now(),
            },
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def _update(self, change: JobChange) -> dict[str, Any]:
        request = update_request(change, expires_at=self._expiry(change.at), now=epoch_seconds(self._clock()))
        return {"TableName": self._table, **request}

    def _unless_refused(self, write: Callable[[], object]) -> bool:
        """Make a conditional write; False where its condition does not hold."""
        try:
            self._backoff.call(write, retry_if=is_passing)
        except ClientError as error:
            if is_condition_refused(error):
                return False
            raise
        return True

    def _unexpired_job(self, item: Mapping[str, Any] | None) -> ImportJob | None:
        return job_from_item(item) if item and not is_expired(item, self._clock()) else None

    def _now(self) -> dict[str, str]:
        return {"N": str(epoch_seconds(self._clock()))}

    def _expiry(self, changed_at: str) -> int:
        return epoch_seconds(changed_at) + self._retention_seconds
