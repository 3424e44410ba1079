"""The rollback of a job as attributes of the job's item, and the records of its parts as items of their own.

All attributes stand at the top level, because counters are added to and conditions look at the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contacts.adapters.dynamodb.expiry import EXPIRES_AT
from contacts.adapters.dynamodb.item_values import Item, item_of, record_of
from contacts.adapters.dynamodb.job_keys import rollback_part_key
from contacts.domain.rollback import OnConflict, Rollback, RollbackCounts, RollbackMode, RollbackPart, RollbackStatus

RUN = "rollbackRun"
ATTEMPT = "rollbackAttempt"
STATUS = "rollbackStatus"
MODE = "rollbackMode"
ON_CONFLICT = "rollbackOnConflict"
DRY_RUN = "rollbackDryRun"
REQUESTED_BY = "rollbackRequestedBy"
REQUEST = "rollbackRequest"
STARTED_AT = "rollbackStartedAt"
ENDED_AT = "rollbackEndedAt"

#: Counter attributes, of jobs and of parts, by the field of `RollbackCounts` that each holds.
ROLLBACK_COUNTERS: Mapping[str, str] = {
    "deleted": "rollbackDeletedCount",
    "restored": "rollbackRestoredCount",
    "kept": "rollbackKeptCount",
    "unchanged": "rollbackUnchangedCount",
    "errors": "rollbackErrorCount",
}


def rollback_values(rollback: Rollback | None) -> dict[str, Any]:
    """A rollback as plain values by attribute; None where an attribute is to be absent."""
    if rollback is None:
        return {}
    return {
        RUN: rollback.run,
        ATTEMPT: rollback.attempt,
        STATUS: rollback.status.value,
        MODE: rollback.mode.value,
        ON_CONFLICT: rollback.on_conflict.value,
        DRY_RUN: rollback.dry_run,
        REQUESTED_BY: rollback.requested_by,
        REQUEST: rollback.request,
        STARTED_AT: rollback.started_at,
        ENDED_AT: rollback.ended_at,
        **rollback_counters(rollback.counts),
    }


def rollback_from_record(record: Mapping[str, Any]) -> Rollback | None:
    """The inverse of `rollback_values`, from all values of a job."""
    if RUN not in record:
        return None
    return Rollback(
        run=int(record[RUN]),
        attempt=int(record[ATTEMPT]),
        status=RollbackStatus(record[STATUS]),
        mode=RollbackMode(record[MODE]),
        on_conflict=OnConflict(record[ON_CONFLICT]),
        dry_run=record[DRY_RUN],
        requested_by=record[REQUESTED_BY],
        request=record[REQUEST],
        started_at=record[STARTED_AT],
        ended_at=record.get(ENDED_AT),
        counts=_counts(record),
    )


def rollback_part_item(job_id: str, record: RollbackPart, expires_at: int) -> Item:
    """The item of a finished part of one pass."""
    values = {
        "run": record.run,
        "mode": record.mode.value,
        "part": record.part,
        EXPIRES_AT: expires_at,
        **rollback_counters(record.counts),
    }
    return {**rollback_part_key(job_id, record.run, record.mode, record.part), **item_of(values)}


def rollback_part_from_item(item: Mapping[str, Any]) -> RollbackPart:
    """The inverse of `rollback_part_item`."""
    record = record_of(item)
    return RollbackPart(int(record["run"]), RollbackMode(record["mode"]), int(record["part"]), _counts(record))


def rollback_counters(counts: RollbackCounts) -> dict[str, int]:
    """Counts by the names of their attributes."""
    return {attribute: getattr(counts, name) for name, attribute in ROLLBACK_COUNTERS.items()}


def _counts(record: Mapping[str, Any]) -> RollbackCounts:
    return RollbackCounts(**{name: int(record[attribute]) for name, attribute in ROLLBACK_COUNTERS.items()})
