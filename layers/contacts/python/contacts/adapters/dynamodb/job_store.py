"""Import jobs in DynamoDB: one small item a job, one a finished part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.conflicts import is_condition_refused, is_passing, refused_item
from contacts.adapters.dynamodb.expiry import EXPIRES_AT, SECONDS_A_DAY, epoch_seconds, is_expired
from contacts.adapters.dynamodb.job_items import (
    counters,
    file_error_map,
    job_from_item,
    job_item,
    part_from_item,
    part_item,
    staged_map,
)
from contacts.adapters.dynamodb.job_keys import (
    BY_TENANT_INDEX,
    OPEN,
    OPEN_JOBS_INDEX,
    OPEN_KEY,
    PART_PREFIX,
    can_be_id,
    checked_position,
    created_key,
    job_id_of,
    job_key,
    job_partition,
    part_key,
)
from contacts.adapters.dynamodb.job_updates import UNEXPIRED, JobChange, update_request
from contacts.domain.import_job import OPEN_STATUSES, FileError, ImportJob, ImportStatus, PartRecord, StagedFile
from contacts.domain.paging import Page
from contacts.ports import Clock, OpenJob

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateItemOutputTypeDef, UpdateTypeDef

#: How many items a filtered list reads at a time.
_FILTERED_PAGE = 100


class DynamoJobStore:
    """`JobStore` on the jobs table.

    Args:
        client: low-level DynamoDB client.
        table: physical name of the jobs table.
        clock: tells what has expired.
        retention_days: how long a job and its parts are kept after their last change.
        backoff: how long to try again while other parts of the same job are being recorded.
    """

    def __init__(
        self, *, client: DynamoDBClient, table: str, clock: Clock, retention_days: int, backoff: Backoff | None = None
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._retention_seconds = retention_days * SECONDS_A_DAY
        self._backoff = backoff or Backoff()

    def create_import(self, job: ImportJob) -> bool:
        return self._unless_refused(
            lambda: self._client.put_item(
                TableName=self._table,
                Item=job_item(job, self._expiry(job.changed_at)),
                ConditionExpression=f"attribute_not_exists(pk) OR {EXPIRES_AT} <= :now",
                ExpressionAttributeValues={":now": self._now()},
            )
        )

    def find_import(self, job_id: str) -> ImportJob | None:
        if not can_be_id(job_id):
            return None
        found = self._client.get_item(TableName=self._table, Key=job_key(job_id), ConsistentRead=True)
        return self._unexpired_job(found.get("Item"))

    def start_processing(self, job_id: str, at: str) -> ImportJob | None:
        try:
            return self._apply(
                JobChange(
                    job_id,
                    at,
                    allowed_from=(ImportStatus.PENDING,),
                    sets={"status": ImportStatus.PROCESSING.value, "startedAt": at},
                )
            )
        except ClientError as error:
            if not is_condition_refused(error):
                raise
            job = self._unexpired_job(refused_item(error))
            return job if job is not None and job.status is ImportStatus.PROCESSING else None

    def record_staged(self, job_id: str, staged: StagedFile, at: str) -> bool:
        change = JobChange(
            job_id,
            at,
            allowed_from=(ImportStatus.PROCESSING,),
            sets={"staged": staged_map(staged)},
            adds=counters(staged.rejected),
            condition="attribute_not_exists(staged)",
        )
        return self._unless_refused(lambda: self._client.update_item(**self._update(change)))

    def record_part(self, job_id: str, part: PartRecord, at: str) -> bool:
        change = JobChange(job_id, at, allowed_from=(ImportStatus.PROCESSING,), adds=counters(part.counts))

        def transact() -> object:
            # No ClientRequestToken of ours: botocore makes one a call, which covers its own retries. One made from
            # (job, part) would fail a second worker with IdempotentParameterMismatch, because its `at` differs.
            return self._client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": part_item(job_id, part, self._expiry(at)),
                            "ConditionExpression": "attribute_not_exists(pk)",
                        }
                    },
                    {"Update": cast("UpdateTypeDef", self._update(change))},
                ]
            )

        return self._unless_refused(transact)

    def has_part(self, job_id: str, part: int) -> bool:
        found = self._client.get_item(TableName=self._table, Key=part_key(job_id, part), ConsistentRead=True)
        return "Item" in found and not is_expired(found["Item"], self._clock())

    def parts(self, job_id: str) -> Iterator[PartRecord]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :job AND begins_with(sk, :part)",
            FilterExpression=UNEXPIRED,
            ExpressionAttributeValues={
                ":job": {"S": job_partition(job_id)},
                ":part": {"S": PART_PREFIX},
                ":now": self._now(),
            },
            ConsistentRead=True,
        )
        for page in pages:
            yield from map(part_from_item, page["Items"])

    def close_import(
        self, job_id: str, status: ImportStatus, at: str, error: FileError | None = None
    ) -> ImportJob | None:
        sets: dict[str, Any] = {"status": status.value, "completedAt": at}
        if error is not None:
            sets["fileError"] = file_error_map(error)
        try:
            return self._apply(JobChange(job_id, at, allowed_from=tuple(OPEN_STATUSES), sets=sets))
        except ClientError as refusal:
            if is_condition_refused(refusal):
                return None
            raise

    def mark_announced(self, job_id: str, at: str) -> None:
        ended = tuple(status for status in ImportStatus if status not in OPEN_STATUSES)
        change = JobChange(
            job_id, at, allowed_from=ended, removes=(OPEN_KEY,), condition=f"attribute_exists({OPEN_KEY})"
        )
        # Refused where it was marked before, or where the job has not ended: nothing to note in either case.
        self._unless_refused(lambda: self._client.update_item(**self._update(change)))

    def open_jobs(self, changed_before: str) -> Iterator[OpenJob]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=OPEN_JOBS_INDEX,
            KeyConditionExpression=f"{OPEN_KEY} = :open AND changedAt < :before",
            ExpressionAttributeValues={":open": {"S": OPEN}, ":before": {"S": changed_before}},
        )
        for page in pages:
            for item in page["Items"]:
                yield OpenJob(job_id_of(str(item["pk"]["S"])), str(item["changedAt"]["S"]))

    def list_jobs(
        self,
        tenant: str,
        *,
        limit: int,
        position: str | None = None,
        status: str | None = None,
        kind: str | None = None,
    ) -> Page[ImportJob]:
        pages = self._client.get_paginator("query").paginate(
            **self._listing(tenant, position, {"status": status, "kind": kind}),
            # One more than asked for tells whether there is a next page, without an empty one at the end.
            PaginationConfig={"PageSize": max(limit + 1, _FILTERED_PAGE) if status or kind else limit + 1},
        )
        jobs: list[ImportJob] = []
        for page in pages:
            jobs += map(job_from_item, page["Items"])
            if len(jobs) > limit:
                last = jobs[limit - 1]
                return Page(jobs[:limit], created_key(last.created_at, last.id))
        return Page(jobs)

    def _listing(self, tenant: str, position: str | None, wanted: Mapping[str, str | None]) -> dict[str, Any]:
        filters = {name: value for name, value in wanted.items() if value is not None}
        names = {f"#{name}": name for name in filters}
        values = {
            ":tenant": {"S": tenant},
            ":now": self._now(),
            **{f":{name}": {"S": value} for name, value in filters.items()},
        }
        keys = "tenantKey = :tenant"
        if position is not None:
            keys += " AND createdKey < :position"
            values[":position"] = {"S": checked_position(position)}
        return {
            "TableName": self._table,
            "IndexName": BY_TENANT_INDEX,
            "KeyConditionExpression": keys,
            "FilterExpression": " AND ".join([UNEXPIRED, *(f"#{name} = :{name}" for name in filters)]),
            "ExpressionAttributeValues": values,
            **({"ExpressionAttributeNames": names} if names else {}),
            "ScanIndexForward": False,
        }

    def _apply(self, change: JobChange) -> ImportJob:
        """Make one conditional update of a job, and return the job as it is then."""

        def update() -> UpdateItemOutputTypeDef:
            return self._client.update_item(
                **self._update(change), ReturnValues="ALL_NEW", ReturnValuesOnConditionCheckFailure="ALL_OLD"
            )

        return job_from_item(self._backoff.call(update, retry_if=is_passing)["Attributes"])

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
