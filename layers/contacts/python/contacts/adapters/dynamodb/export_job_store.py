"""Export jobs in DynamoDB: one small item a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.conflicts import is_condition_refused, refused_item
from contacts.adapters.dynamodb.expiry import epoch_seconds
from contacts.adapters.dynamodb.export_job_items import (
    ATTEMPT,
    FILE,
    PROBLEM,
    PROCESSED,
    TOTAL,
    export_job_from_item,
    export_job_item,
)
from contacts.adapters.dynamodb.job_keys import (
    EXPIRING_EXPORTS_INDEX,
    EXPORT,
    EXPORT_KEY,
    FILE_EXPIRES_AT,
    OPEN_KEY,
    job_id_of,
    job_key,
)
from contacts.adapters.dynamodb.job_table import JobTable
from contacts.adapters.dynamodb.job_updates import JobChange
from contacts.domain.errors import Problem
from contacts.domain.export_job import (
    EXPORT_KIND,
    KEPT_AFTER_EXPIRY,
    OPEN_EXPORT_STATUSES,
    ExportFile,
    ExportJob,
    ExportStatus,
)
from contacts.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ENDED = frozenset(ExportStatus) - OPEN_EXPORT_STATUSES


class DynamoExportJobStore(JobTable[ExportJob]):
    """`ExportJobStore` on the jobs table."""

    kinds = (EXPORT_KIND,)

    def __init__(self, *, client: DynamoDBClient, table: str, clock: Clock, backoff: Backoff | None = None) -> None:
        """See `JobTable`."""
        super().__init__(client=client, table=table, clock=clock, kept_for=None, backoff=backoff)

    def create_export(self, job: ExportJob) -> bool:
        expires_at = epoch_seconds(job.expires_at) + int(KEPT_AFTER_EXPIRY.total_seconds())
        return self._create(export_job_item(job, expires_at))

    def find_export(self, job_id: str) -> ExportJob | None:
        return self._find(job_id)

    def begin_attempt(self, job_id: str, at: str) -> ExportJob | None:
        return self._apply_unless_refused(
            JobChange(
                job_id,
                at,
                allowed_from=OPEN_EXPORT_STATUSES,
                sets={"status": ExportStatus.PROCESSING.value, PROCESSED: 0},
                sets_once={"startedAt": at},
                adds={ATTEMPT: 1},
            )
        )

    def report_progress(self, job_id: str, attempt: int, processed: int, at: str) -> bool:
        change = _of_attempt(job_id, attempt, at, {PROCESSED: processed})
        return self._apply_unless_refused(change) is not None

    def complete_export(self, job_id: str, attempt: int, file: ExportFile, total: int, at: str) -> ExportJob | None:
        sets = {
            "status": ExportStatus.COMPLETED.value,
            FILE: asdict(file),
            TOTAL: total,
            PROCESSED: total,
            "completedAt": at,
        }
        try:
            return self._apply(_of_attempt(job_id, attempt, at, sets))
        except ClientError as error:
            if not is_condition_refused(error):
                raise
            job = self._unexpired_job(refused_item(error))
            # The answer to the first sending of this very request may have been lost.
            return job if job is not None and _was_completed_by(job, attempt, file) else None

    def fail_export(self, job_id: str, problem: Problem, at: str) -> ExportJob | None:
        sets = {"status": ExportStatus.FAILED.value, PROBLEM: asdict(problem), "completedAt": at}
        return self._apply_unless_refused(JobChange(job_id, at, allowed_from=OPEN_EXPORT_STATUSES, sets=sets))

    def mark_export_announced(self, job_id: str, at: str) -> None:
        self._apply_unless_refused(
            JobChange(
                job_id,
                at,
                allowed_from=_ENDED,
                sets={"announced": True},
                removes=(OPEN_KEY,),
                requires={"announced": None},
            )
        )

    def expired_exports(self, now: str) -> Iterator[str]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=EXPIRING_EXPORTS_INDEX,
            KeyConditionExpression=f"{EXPORT_KEY} = :export AND {FILE_EXPIRES_AT} <= :now",
            ExpressionAttributeValues={":export": {"S": EXPORT}, ":now": {"S": now}},
        )
        for page in pages:
            for item in page["Items"]:
                yield job_id_of(item["pk"]["S"])

    def remove_export(self, job_id: str, now: str) -> bool:
        ended = {f":status{number}": {"S": status.value} for number, status in enumerate(sorted(_ENDED))}
        return self._unless_refused(
            lambda: self._client.delete_item(
                TableName=self._table,
                Key=job_key(job_id),
                # Also one that DynamoDB has not got round to deleting.
                ConditionExpression=f"#kind = :kind AND #status IN ({', '.join(ended)}) AND {FILE_EXPIRES_AT} <= :now",
                ExpressionAttributeNames={"#kind": "kind", "#status": "status"},
                ExpressionAttributeValues={":kind": {"S": EXPORT_KIND}, ":now": {"S": now}, **ended},
            )
        )

    def _job_from_item(self, item: Mapping[str, Any]) -> ExportJob:
        return export_job_from_item(item)


def _of_attempt(job_id: str, attempt: int, at: str, sets: Mapping[str, Any]) -> JobChange:
    """A change that only the latest attempt of an open job may make."""
    return JobChange(job_id, at, allowed_from=(ExportStatus.PROCESSING,), sets=sets, requires={ATTEMPT: [attempt]})


def _was_completed_by(job: ExportJob, attempt: int, file: ExportFile) -> bool:
    return job.status is ExportStatus.COMPLETED and (job.attempt, job.file) == (attempt, file)
