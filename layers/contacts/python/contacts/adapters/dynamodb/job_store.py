"""Import jobs in DynamoDB, one small item a job, one a finished part; and the lists of jobs of all kinds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.conflicts import is_condition_refused, refused_item
from contacts.adapters.dynamodb.import_job_items import (
    ENDED,
    counters,
    file_error_map,
    import_job_item,
    is_rolling,
    part_from_item,
    part_item,
    staged_map,
)
from contacts.adapters.dynamodb.job_keys import OPEN_KEY, PART_PREFIX, part_key
from contacts.adapters.dynamodb.job_lists import JobLists
from contacts.adapters.dynamodb.job_updates import JobChange
from contacts.adapters.dynamodb.rollback_items import STATUS as ROLLBACK_STATUS
from contacts.adapters.dynamodb.rollback_runs import RollbackRuns
from contacts.domain.import_job import OPEN_STATUSES, FileError, ImportJob, ImportStatus, PartRecord, StagedFile
from contacts.domain.jobs import Job
from contacts.domain.paging import Page
from contacts.ports import Clock, OpenJob

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoJobStore(RollbackRuns):
    """`JobStore` on the jobs table: imports here, their rollbacks in `RollbackRuns`."""

    def __init__(
        self, *, client: DynamoDBClient, table: str, clock: Clock, retention_days: int, backoff: Backoff | None = None
    ) -> None:
        """`retention_days` says how long an import and its parts are kept after their last change; see `JobTable`."""
        super().__init__(
            client=client, table=table, clock=clock, kept_for=timedelta(days=retention_days), backoff=backoff
        )
        self._lists = JobLists(client=client, table=table, clock=clock)

    def create_import(self, job: ImportJob) -> bool:
        return self._create(import_job_item(job, self._expiry(job.changed_at)))

    def find_import(self, job_id: str) -> ImportJob | None:
        return self._find(job_id)

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
        return self._apply_unless_refused(JobChange(job_id, at, allowed_from=OPEN_STATUSES, sets=sets))

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
        return self._lists.open_jobs(changed_before)

    def list_jobs(
        self,
        tenant: str,
        *,
        limit: int,
        position: str | None = None,
        status: str | None = None,
        kind: str | None = None,
    ) -> Page[Job]:
        return self._lists.list_jobs(tenant, limit=limit, position=position, wanted={"status": status, "kind": kind})
