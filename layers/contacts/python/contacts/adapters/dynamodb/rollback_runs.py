"""The rollbacks of imports in DynamoDB: how they begin, go on, are counted and end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from contacts.adapters.dynamodb import rollback_items as attributes
from contacts.adapters.dynamodb.conflicts import is_condition_refused, refused_item
from contacts.adapters.dynamodb.import_job_items import ENDED, import_job_from_item, is_rolling
from contacts.adapters.dynamodb.job_keys import OPEN, OPEN_KEY, rollback_part_key, rollback_parts_prefix
from contacts.adapters.dynamodb.job_table import JobTable
from contacts.adapters.dynamodb.job_updates import JobChange
from contacts.adapters.dynamodb.rollback_items import (
    rollback_counters,
    rollback_part_from_item,
    rollback_part_item,
    rollback_values,
)
from contacts.domain.import_job import ImportJob, ImportStatus
from contacts.domain.jobs import IMPORT_KIND
from contacts.domain.rollback import Rollback, RollbackCounts, RollbackMode, RollbackPart, RollbackStatus

_RUNNING = RollbackStatus.RUNNING.value
_NOT_RUNNING = [status.value for status in RollbackStatus if status is not RollbackStatus.RUNNING]


class RollbackRuns(JobTable[ImportJob]):
    """The part of `JobStore` that is about rollbacks."""

    kinds = (IMPORT_KIND,)

    def _job_from_item(self, item: Mapping[str, Any]) -> ImportJob:
        return import_job_from_item(item)

    def start_rollback(self, job_id: str, rollback: Rollback, at: str) -> ImportJob | None:
        change = _new_run(job_id, rollback, at) if rollback.attempt == 1 else _next_attempt(job_id, rollback, at)
        try:
            return self._apply(change)
        except ClientError as error:
            if not is_condition_refused(error):
                raise
            job = self._unexpired_job(refused_item(error))
            # The answer to the first sending of this very request may have been lost.
            return job if job is not None and _was_begun_by(job, rollback) else None

    def start_rollback_writes(self, job_id: str, run: int, at: str) -> bool:
        change = JobChange(
            job_id,
            at,
            allowed_from=ENDED,
            sets={
                "status": ImportStatus.ROLLING_BACK.value,
                attributes.MODE: RollbackMode.WRITE.value,
                **rollback_counters(RollbackCounts()),
            },
            requires=_running(run, RollbackMode.LOOK),
        )
        try:
            self._apply(change)
        except ClientError as error:
            if not is_condition_refused(error):
                raise
            rollback = _run_of(self._unexpired_job(refused_item(error)), run)
            return rollback is not None and rollback.mode is RollbackMode.WRITE
        return True

    def record_rollback_part(self, job_id: str, part: RollbackPart, at: str) -> bool:
        change = JobChange(
            job_id,
            at,
            allowed_from=ENDED,
            adds=rollback_counters(part.counts),
            requires=_running(part.run, part.mode),
        )
        return self._record(rollback_part_item(job_id, part, self._expiry(at)), change)

    def has_rollback_part(self, job_id: str, run: int, mode: RollbackMode, part: int) -> bool:
        return self._has(rollback_part_key(job_id, run, mode, part))

    def rollback_parts(self, job_id: str, run: int, mode: RollbackMode) -> Iterator[RollbackPart]:
        return map(rollback_part_from_item, self._items(job_id, rollback_parts_prefix(run, mode)))

    def end_rollback(self, job_id: str, run: int, status: RollbackStatus, at: str, errors: int = 0) -> ImportJob | None:
        def end(job: ImportJob) -> JobChange | None:
            rollback = _run_of(job, run)
            if rollback is None:
                return None
            sets: dict[str, Any] = {
                attributes.STATUS: status.value,
                attributes.ENDED_AT: at,
                attributes.ROLLBACK_COUNTERS["errors"]: errors,
            }
            if status is RollbackStatus.COMPLETED and rollback.mode is RollbackMode.WRITE:
                sets.update(status=ImportStatus.ROLLED_BACK.value, rolledBackAt=at)
            return JobChange(
                job_id,
                at,
                allowed_from=ENDED,
                sets=sets,
                # A job whose closing event has not gone out yet stays in the sweeper's list.
                removes=(OPEN_KEY,) if job.announced else (),
                requires={**_running(run, rollback.mode), "announced": [True] if job.announced else None},
            )

        return self._change(job_id, end)


def _new_run(job_id: str, rollback: Rollback, at: str) -> JobChange:
    mode = rollback.starts_with
    values = rollback_values(rollback) | {
        attributes.STATUS: _RUNNING,
        attributes.MODE: mode.value,
        OPEN_KEY: OPEN,
        **rollback_counters(RollbackCounts()),
    }
    del values[attributes.ENDED_AT]
    if mode is RollbackMode.WRITE:
        values["status"] = ImportStatus.ROLLING_BACK.value
    first = rollback.run == 1
    return JobChange(
        job_id,
        at,
        allowed_from=(ImportStatus.COMPLETED, ImportStatus.FAILED),
        sets=values,
        removes=(attributes.ENDED_AT,),
        requires={attributes.RUN: None}
        if first
        else {attributes.RUN: [rollback.run - 1], attributes.STATUS: _NOT_RUNNING},
    )


def _next_attempt(job_id: str, rollback: Rollback, at: str) -> JobChange:
    """What the run began stays: its pass, its counts, what it does about conflicts."""
    return JobChange(
        job_id,
        at,
        allowed_from=(ImportStatus.ROLLING_BACK,),
        sets={
            attributes.STATUS: _RUNNING,
            attributes.ATTEMPT: rollback.attempt,
            attributes.REQUESTED_BY: rollback.requested_by,
            attributes.REQUEST: rollback.request,
            attributes.ROLLBACK_COUNTERS["errors"]: 0,
            OPEN_KEY: OPEN,
        },
        removes=(attributes.ENDED_AT,),
        requires={
            attributes.RUN: [rollback.run],
            attributes.ATTEMPT: [rollback.attempt - 1],
            attributes.STATUS: [RollbackStatus.FAILED.value],
        },
    )


def _running(run: int, mode: RollbackMode) -> dict[str, Sequence[Any] | None]:
    """What a change of a running rollback requires."""
    return {attributes.RUN: [run], attributes.STATUS: [_RUNNING], attributes.MODE: [mode.value]}


def _run_of(job: ImportJob | None, run: int) -> Rollback | None:
    """The job's rollback if it is this run and runs."""
    return job.rollback if job and job.rollback and job.rollback.run == run and is_rolling(job) else None


def _was_begun_by(job: ImportJob, rollback: Rollback) -> bool:
    last = job.rollback
    return last is not None and (last.run, last.attempt, last.request) == (
        rollback.run,
        rollback.attempt,
        rollback.request,
    )
