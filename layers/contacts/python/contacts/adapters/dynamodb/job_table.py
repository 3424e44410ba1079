"""Conditional writes of jobs of one kind, and the records that lie beside a job, in the jobs table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.conflicts import is_condition_refused, is_passing
from contacts.adapters.dynamodb.expiry import epoch_seconds, is_expired
from contacts.adapters.dynamodb.item_values import Item
from contacts.adapters.dynamodb.job_keys import Key, can_be_id, job_key, job_partition
from contacts.adapters.dynamodb.job_updates import UNEXPIRED, UNUSED, JobChange, update_request
from contacts.domain.jobs import Job
from contacts.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        PutTypeDef,
        TransactWriteItemTypeDef,
        UpdateItemOutputTypeDef,
        UpdateTypeDef,
    )


AJob = TypeVar("AJob", bound=Job)


class JobTable(ABC, Generic[AJob]):
    """What the stores of jobs share. Each sees the jobs of its own kinds alone.

    Args:
        client: low-level DynamoDB client.
        table: physical name of the jobs table.
        clock: tells what has expired.
        kept_for: how long a job and its records are kept after their last change; None where a job is made with an
            expiry that stays.
        backoff: how long to try again while others change the same job.
    """

    kinds: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *,
        client: DynamoDBClient,
        table: str,
        clock: Clock,
        kept_for: timedelta | None,
        backoff: Backoff | None = None,
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._kept_for = kept_for
        self._backoff = backoff or Backoff()

    @abstractmethod
    def _job_from_item(self, item: Mapping[str, Any]) -> AJob:
        """The job that an item of one of the kinds holds."""

    def _create(self, item: Item) -> bool:
        """Put the item of a new job; False where a job of any kind has its id."""
        return self._unless_refused(lambda: self._client.put_item(**self._put_if_unused(item)))

    def _find(self, job_id: str) -> AJob | None:
        if not can_be_id(job_id):
            return None
        found = self._client.get_item(TableName=self._table, Key=job_key(job_id), ConsistentRead=True)
        return self._unexpired_job(found.get("Item"))

    def _apply(self, change: JobChange) -> AJob:
        """Make one conditional update of a job, and return the job as it is then."""

        def update() -> UpdateItemOutputTypeDef:
            return self._client.update_item(
                **self._update(change), ReturnValues="ALL_NEW", ReturnValuesOnConditionCheckFailure="ALL_OLD"
            )

        return self._job_from_item(self._backoff.call(update, retry_if=is_passing)["Attributes"])

    def _apply_unless_refused(self, change: JobChange) -> AJob | None:
        """The same; None where the change's condition does not hold."""
        try:
            return self._apply(change)
        except ClientError as error:
            if is_condition_refused(error):
                return None
            raise

    def _change(self, job_id: str, decide: Callable[[AJob], JobChange | None]) -> AJob | None:
        """Read a job, change it as `decide` says, and return it as it is then; None where nothing is to be changed.

        The change's condition has to name what it was decided upon: where that has changed in between, all is tried
        again.
        """

        def attempt() -> AJob | None:
            job = self._find(job_id)
            change = decide(job) if job else None
            if change is None:
                return None
            changed = self._client.update_item(**self._update(change), ReturnValues="ALL_NEW")
            return self._job_from_item(changed["Attributes"])

        return self._backoff.call(attempt, retry_if=lambda error: is_passing(error) or is_condition_refused(error))

    def _record(self, item: Item, change: JobChange, *more: TransactWriteItemTypeDef) -> bool:
        """Put a record that is not there yet, change its job, and write `more`, all or nothing; False where one of
        them is refused."""

        def transact() -> object:
            # No ClientRequestToken of ours: botocore makes one a call, which covers its own retries. One made from
            # (job, part) would fail a second worker with IdempotentParameterMismatch, because its `at` differs.
            return self._client.transact_write_items(
                TransactItems=[
                    {"Put": self._put_if_unused(item)},
                    {"Update": cast("UpdateTypeDef", self._update(change))},
                    *more,
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
        expires_at = None if self._kept_for is None else self._expiry(change.at)
        now = epoch_seconds(self._clock())
        return {
            "TableName": self._table,
            **update_request(change, kinds=self.kinds, expires_at=expires_at, now=now),
        }

    def _put_if_unused(self, item: Item) -> PutTypeDef:
        return {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": UNUSED,
            "ExpressionAttributeValues": {":now": self._now()},
        }

    def _unless_refused(self, write: Callable[[], object]) -> bool:
        """Make a conditional write; False where its condition does not hold."""
        try:
            self._backoff.call(write, retry_if=is_passing)
        except ClientError as error:
            if is_condition_refused(error):
                return False
            raise
        return True

    def _unexpired_job(self, item: Mapping[str, Any] | None) -> AJob | None:
        if not item or is_expired(item, self._clock()) or item["kind"]["S"] not in self.kinds:
            return None
        return self._job_from_item(item)

    def _now(self) -> dict[str, str]:
        return {"N": str(epoch_seconds(self._clock()))}

    def _expiry(self, changed_at: str) -> int:
        if self._kept_for is None:
            raise TypeError("these jobs do not expire by their last change")
        return epoch_seconds(changed_at) + int(self._kept_for.total_seconds())
