"""Bulk jobs in DynamoDB: one small item a job, one a finished slice, one a slice that waits in its tenant's line."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.bulk_job_items import (
    BULK_COUNTERS,
    COLLECTION_PROBLEM,
    GIVEN_UP_AT,
    SENDINGS,
    SENT_AT,
    SENT_BY,
    SLICES_DONE,
    bulk_counters,
    bulk_job_from_item,
    bulk_job_item,
    slice_from_item,
    slice_item,
    waiting_from_item,
    waiting_item,
)
from contacts.adapters.dynamodb.conflicts import is_condition_refused, is_passing, refused_item
from contacts.adapters.dynamodb.job_keys import OPEN_KEY, SLICE_PREFIX, line_key, line_partition, slice_key
from contacts.adapters.dynamodb.job_table import JobTable
from contacts.adapters.dynamodb.job_updates import UNEXPIRED, JobChange
from contacts.domain.bulk_job import (
    LISTED_FOR,
    OPEN_BULK_STATUSES,
    BulkJob,
    BulkKind,
    BulkStatus,
    SliceRecord,
    WaitingSlice,
    line_of,
    waiting_slice,
)
from contacts.domain.errors import Problem
from contacts.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_ENDED = frozenset(BulkStatus) - OPEN_BULK_STATUSES


class DynamoBulkJobStore(JobTable[BulkJob]):
    """`BulkJobStore` on the jobs table."""

    kinds = tuple(BulkKind)

    def __init__(self, *, client: DynamoDBClient, table: str, clock: Clock, backoff: Backoff | None = None) -> None:
        """See `JobTable`."""
        super().__init__(client=client, table=table, clock=clock, kept_for=LISTED_FOR, backoff=backoff)

    def create_job(self, job: BulkJob) -> bool:
        expires_at = self._expiry(job.changed_at)
        # A job has ten slices at most, far below the hundred items that a transaction takes.
        items: list[TransactWriteItemTypeDef] = [{"Put": self._put_if_unused(bulk_job_item(job, expires_at))}]
        line = (waiting_item(waiting, expires_at) for waiting in line_of(job))
        items.extend({"Put": {"TableName": self._table, "Item": item}} for item in line)
        return self._unless_refused(lambda: self._client.transact_write_items(TransactItems=items))

    def find_job(self, kind: BulkKind, job_id: str) -> BulkJob | None:
        job = self._find(job_id)
        return job if job is not None and job.kind is kind else None

    def start_job(self, job_id: str, at: str) -> None:
        sets = {"status": BulkStatus.PROCESSING.value, "startedAt": at}
        self._apply_unless_refused(JobChange(job_id, at, allowed_from=(BulkStatus.QUEUED,), sets=sets))

    def record_slice(self, job: BulkJob, record: SliceRecord, at: str) -> bool:
        change = JobChange(
            job.id, at, allowed_from=OPEN_BULK_STATUSES, adds={**bulk_counters(record.counts), SLICES_DONE: 1}
        )
        place = line_key(job.tenant, waiting_slice(job, record.slice).position)
        return self._record(
            slice_item(job.id, record, self._expiry(at)),
            change,
            {"Delete": {"TableName": self._table, "Key": place}},
        )

    def has_slice(self, job_id: str, slice_: int) -> bool:
        return self._has(slice_key(job_id, slice_))

    def slices(self, job_id: str) -> Sequence[int]:
        return [slice_from_item(item).slice for item in self._items(job_id, SLICE_PREFIX)]

    def close_job(
        self, job_id: str, status: BulkStatus, at: str, *, problem: Problem | None = None, lost: int = 0
    ) -> BulkJob | None:
        sets: dict[str, Any] = {"status": status.value, "completedAt": at}
        if problem is not None:
            sets[COLLECTION_PROBLEM] = asdict(problem)
        return self._apply_unless_refused(
            JobChange(
                job_id,
                at,
                allowed_from=OPEN_BULK_STATUSES,
                sets=sets,
                adds={BULK_COUNTERS["failed"]: lost},
                removes=(OPEN_KEY,),
            )
        )

    def give_up_job(self, job_id: str, at: str) -> None:
        change = JobChange(job_id, at, allowed_from=OPEN_BULK_STATUSES, sets_once={GIVEN_UP_AT: at})
        self._apply_unless_refused(change)

    def settle_collection(self, job_id: str, status: BulkStatus, at: str) -> BulkJob | None:
        return self._apply_unless_refused(
            JobChange(
                job_id,
                at,
                allowed_from=_ENDED,
                sets={"status": status.value},
                removes=(COLLECTION_PROBLEM,),
                present=(COLLECTION_PROBLEM,),
            )
        )

    def line(self, tenant: str, limit: int) -> Sequence[WaitingSlice]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :line",
            FilterExpression=UNEXPIRED,
            ExpressionAttributeValues={":line": {"S": line_partition(tenant)}, ":now": self._now()},
            ConsistentRead=True,
            PaginationConfig={"PageSize": limit, "MaxItems": limit},
        )
        return [waiting_from_item(tenant, item) for page in pages for item in page["Items"]]

    def mark_sent(self, waiting: WaitingSlice, at: str) -> bool:
        # Tells our own mark from somebody else's where the answer to it is lost and botocore asks again.
        mine = secrets.token_hex(8)

        def mark() -> object:
            return self._client.update_item(
                TableName=self._table,
                Key=line_key(waiting.tenant, waiting.position),
                UpdateExpression=f"SET {SENDINGS} = :next, {SENT_AT} = :at, {SENT_BY} = :mine",
                ConditionExpression=f"{SENDINGS} = :read",
                ExpressionAttributeValues={
                    ":read": {"N": str(waiting.sendings)},
                    ":next": {"N": str(waiting.sendings + 1)},
                    ":at": {"S": at},
                    ":mine": {"S": mine},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

        try:
            self._backoff.call(mark, retry_if=is_passing)
        except ClientError as error:
            if is_condition_refused(error):
                return refused_item(error).get(SENT_BY) == {"S": mine}
            raise
        return True

    def unmark_sent(self, waiting: WaitingSlice, at: str) -> None:
        values = {
            ":marked": {"N": str(waiting.sendings + 1)},
            ":read": {"N": str(waiting.sendings)},
            ":at": {"S": at},
        }
        if waiting.sent_at is None:
            change = f"SET {SENDINGS} = :read REMOVE {SENT_AT}, {SENT_BY}"
        else:
            change = f"SET {SENDINGS} = :read, {SENT_AT} = :before REMOVE {SENT_BY}"
            values[":before"] = {"S": waiting.sent_at}
        self._unless_refused(
            lambda: self._client.update_item(
                TableName=self._table,
                Key=line_key(waiting.tenant, waiting.position),
                UpdateExpression=change,
                ConditionExpression=f"{SENDINGS} = :marked AND {SENT_AT} = :at",
                ExpressionAttributeValues=values,
            )
        )

    def leave_line(self, waiting: WaitingSlice) -> None:
        key = line_key(waiting.tenant, waiting.position)
        self._backoff.call(lambda: self._client.delete_item(TableName=self._table, Key=key), retry_if=is_passing)

    def _job_from_item(self, item: Mapping[str, Any]) -> BulkJob:
        return bulk_job_from_item(item)
