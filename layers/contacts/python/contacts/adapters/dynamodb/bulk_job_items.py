"""Bulk jobs, the records of their slices and the places of slices in a tenant's line as items of the jobs table, and
back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from contacts.adapters.dynamodb.expiry import EXPIRES_AT
from contacts.adapters.dynamodb.item_values import Item, item_of, record_of
from contacts.adapters.dynamodb.job_keys import OPEN, OPEN_KEY, created_key, job_key, line_key, slice_key
from contacts.domain.bulk_job import BulkCounts, BulkJob, BulkKind, BulkStatus, SliceRecord, WaitingSlice
from contacts.domain.errors import Problem

#: Counter attributes, of jobs and of slices, by the field of `BulkCounts` that each holds.
BULK_COUNTERS: Mapping[str, str] = {
    "succeeded": "succeededCount",
    "skipped": "skippedCount",
    "failed": "failedCount",
    "not_found": "notFoundCount",
    "forbidden": "forbiddenCount",
}
SLICES_DONE = "slicesDone"
COLLECTION_PROBLEM = "collectionProblem"
GIVEN_UP_AT = "givenUpAt"

#: Attributes of a place in a line that change with every sending.
SENDINGS = "sendings"
SENT_AT = "sentAt"
SENT_BY = "sentBy"


def bulk_job_item(job: BulkJob, expires_at: int) -> Item:
    """The item of a job. `openKey` keeps it in the sweeper's index while it is open."""
    item = item_of(
        {
            "tenantKey": job.tenant,
            "createdKey": created_key(job.created_at, job.id),
            OPEN_KEY: OPEN if job.is_open else None,
            "kind": job.kind.value,
            "id": job.id,
            "createdBy": job.created_by,
            "createdAt": job.created_at,
            "changedAt": job.changed_at,
            "startedAt": job.started_at,
            "completedAt": job.completed_at,
            "trackingKey": job.tracking_key,
            "total": job.total,
            "status": job.status.value,
            SLICES_DONE: job.slices_done,
            "clientSource": job.client_source,
            "clientReferenceId": job.client_reference_id,
            "collectionId": job.collection_id,
            "collectionEditor": job.collection_editor,
            COLLECTION_PROBLEM: None if job.collection_problem is None else asdict(job.collection_problem),
            "createJobId": job.create_job_id,
            "dryRun": job.dry_run,
            GIVEN_UP_AT: job.given_up_at,
            EXPIRES_AT: expires_at,
            **bulk_counters(job.counts),
        }
    )
    return {**job_key(job.id), **item}


def bulk_job_from_item(item: Mapping[str, Any]) -> BulkJob:
    """The inverse of `bulk_job_item`."""
    record = record_of(item)
    problem = record.get(COLLECTION_PROBLEM)
    return BulkJob(
        id=record["id"],
        kind=BulkKind(record["kind"]),
        tenant=record["tenantKey"],
        created_by=record["createdBy"],
        created_at=record["createdAt"],
        changed_at=record["changedAt"],
        started_at=record.get("startedAt"),
        completed_at=record.get("completedAt"),
        tracking_key=record["trackingKey"],
        total=int(record["total"]),
        status=BulkStatus(record["status"]),
        counts=_counts(record),
        slices_done=int(record[SLICES_DONE]),
        client_source=record.get("clientSource"),
        client_reference_id=record.get("clientReferenceId"),
        collection_id=record.get("collectionId"),
        collection_editor=record["collectionEditor"],
        collection_problem=None if problem is None else Problem(**problem),
        create_job_id=record.get("createJobId"),
        dry_run=record["dryRun"],
        given_up_at=record.get(GIVEN_UP_AT),
    )


def slice_item(job_id: str, record: SliceRecord, expires_at: int) -> Item:
    """The item of a finished slice."""
    values = {
        "slice": record.slice,
        "reconciled": record.reconciled,
        EXPIRES_AT: expires_at,
        **bulk_counters(record.counts),
    }
    return {**slice_key(job_id, record.slice), **item_of(values)}


def slice_from_item(item: Mapping[str, Any]) -> SliceRecord:
    """The inverse of `slice_item`."""
    record = record_of(item)
    return SliceRecord(int(record["slice"]), _counts(record), reconciled=record["reconciled"])


def waiting_item(waiting: WaitingSlice, expires_at: int) -> Item:
    """The item of a slice's place in the line of its tenant."""
    values = {
        "kind": waiting.kind.value,
        "jobId": waiting.job_id,
        "slice": waiting.slice,
        SENDINGS: waiting.sendings,
        SENT_AT: waiting.sent_at,
        EXPIRES_AT: expires_at,
    }
    return {**line_key(waiting.tenant, waiting.position), **item_of(values)}


def waiting_from_item(tenant: str, item: Mapping[str, Any]) -> WaitingSlice:
    """The inverse of `waiting_item`."""
    record = record_of(item)
    return WaitingSlice(
        tenant=tenant,
        position=record["sk"],
        kind=BulkKind(record["kind"]),
        job_id=record["jobId"],
        slice=int(record["slice"]),
        sendings=int(record[SENDINGS]),
        sent_at=record.get(SENT_AT),
    )


def bulk_counters(counts: BulkCounts) -> dict[str, int]:
    """Counts by the names of their attributes."""
    return {attribute: getattr(counts, name) for name, attribute in BULK_COUNTERS.items()}


def _counts(record: Mapping[str, Any]) -> BulkCounts:
    return BulkCounts(**{name: int(record[attribute]) for name, attribute in BULK_COUNTERS.items()})
