"""Import jobs in DynamoDB: one small item a job, one a finished part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from contacts.adapters.dynamodb.conflicts import is_condition_refused, refused_item
from contacts.adapters.dynamodb.job_items import (
    counters,
    file_error_map,
    is_rolling,
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
    checked_position,
    created_key,
    job_id_of,
    part_key,
)
from contacts.adapters.dynamodb.job_updates import ENDED, UNEXPIRED, UNUSED, JobChange
from contacts.adapters.dynamodb.rollback_items import STATUS as ROLLBACK_STATUS
from contacts.adapters.dynamodb.rollback_runs import RollbackRuns
from contacts.domain.import_job import OPEN_STATUSES, FileError, ImportJob, ImportStatus, PartRecord, StagedFile
from contacts.domain.paging import Page
from contacts.ports import OpenJob

#: How many items a filtered list reads at a time.
_FILTERED_PAGE = 100


class DynamoJobStore(RollbackRuns):
    """`JobStore` on the jobs table: imports here, their rollbacks in `RollbackRuns`."""

    def create_import(self, job: ImportJob) -> bool:
        return self._unless_refused(
            lambda: self._client.put_item(
                TableName=self._table,
                Item=job_item(job, self._expiry(job.changed_at)),
                ConditionExpression=UNUSED,
                ExpressionAttributeValues={":now": self._now()},
            )
        )

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
            requires={"staged": None},
        )
        return self._unless_refused(lambda: self._client.update_item(**self._update(change)))

    def record_part(self, job_id: str, part: PartRecord, at: str) -> bool:
        change = JobChange(job_id, at, allowed_from=(ImportStatus.PROCESSING,), adds=counters(part.counts))
        return self._record(part_item(job_id, part, self._expiry(at)), change)

    def has_part(self, job_id: str, part: int) -> bool:
        return self._has(part_key(job_id, part))

    def parts(self, job_id: str) -> Iterator[PartRecord]:
        return map(part_from_item, self._items(job_id, PART_PREFIX))

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
        def announce(job: ImportJob) -> JobChange | None:
            if job.is_open or job.announced:
                return None
            return JobChange(
                job_id,
                at,
                allowed_from=ENDED,
                sets={"announced": True},
                # The sweeper looks after a running rollback still; whoever ends that takes the job from its list.
                removes=() if is_rolling(job) else (OPEN_KEY,),
                requires={"announced": None, ROLLBACK_STATUS: [job.rollback.status.value] if job.rollback else None},
            )

        self._change(job_id, announce)

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
