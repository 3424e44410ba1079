"""Export jobs as items of the jobs table, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from contacts.adapters.dynamodb.expiry import EXPIRES_AT
from contacts.adapters.dynamodb.item_values import Item, item_of, record_of
from contacts.adapters.dynamodb.job_keys import (
    EXPORT,
    EXPORT_KEY,
    FILE_EXPIRES_AT,
    OPEN,
    OPEN_KEY,
    created_key,
    job_key,
)
from contacts.domain.errors import Problem
from contacts.domain.export_job import EXPORT_KIND, ExportFile, ExportFormat, ExportJob, ExportOptions, ExportStatus

ATTEMPT = "attempt"
PROCESSED = "processedContacts"
TOTAL = "totalContacts"
FILE = "file"
PROBLEM = "problem"


def export_job_item(job: ExportJob, expires_at: int) -> Item:
    """The item of a job. `openKey` keeps it in the sweeper's index until its end is announced, `exportKey` in the
    clean-up's until it is removed."""
    item = item_of(
        {
            "tenantKey": job.tenant,
            "createdKey": created_key(job.created_at, job.id),
            OPEN_KEY: None if job.announced else OPEN,
            EXPORT_KEY: EXPORT,
            FILE_EXPIRES_AT: job.expires_at,
            "announced": True if job.announced else None,
            "kind": EXPORT_KIND,
            "id": job.id,
            "workspace": job.workspace,
            "createdBy": job.created_by,
            "createdAt": job.created_at,
            "changedAt": job.changed_at,
            "startedAt": job.started_at,
            "completedAt": job.completed_at,
            "options": export_options_map(job.options),
            "status": job.status.value,
            ATTEMPT: job.attempt,
            PROCESSED: job.processed,
            TOTAL: job.total,
            FILE: None if job.file is None else asdict(job.file),
            PROBLEM: None if job.problem is None else asdict(job.problem),
            EXPIRES_AT: expires_at,
        }
    )
    return {**job_key(job.id), **item}


def export_job_from_item(item: Mapping[str, Any]) -> ExportJob:
    """The inverse of `export_job_item`."""
    record = record_of(item)
    file, problem, total = record.get(FILE), record.get(PROBLEM), record.get(TOTAL)
    return ExportJob(
        id=record["id"],
        tenant=record["tenantKey"],
        created_by=record["createdBy"],
        created_at=record["createdAt"],
        changed_at=record["changedAt"],
        expires_at=record[FILE_EXPIRES_AT],
        options=export_options_from_map(record["options"]),
        workspace=record.get("workspace"),
        status=ExportStatus(record["status"]),
        attempt=int(record[ATTEMPT]),
        processed=int(record[PROCESSED]),
        total=None if total is None else int(total),
        file=None if file is None else ExportFile(file["key"], int(file["size"]), file["sha256"]),
        problem=None if problem is None else Problem(**problem),
        started_at=record.get("startedAt"),
        completed_at=record.get("completedAt"),
        announced=record.get("announced", False),
    )


def export_options_map(options: ExportOptions) -> dict[str, Any]:
    return {
        "format": options.format.value,
        # As JSON text: a filter comes back exactly as it was given, numbers included.
        "filters": None if options.filters is None else json.dumps(options.filters),
        "segmentId": options.segment_id,
        "collectionId": options.collection_id,
        "selectedFields": None if options.selected_fields is None else list(options.selected_fields),
        "includeCustomFields": options.include_custom_fields,
        "includeEngagementMetrics": options.include_engagement_metrics,
        "byteOrderMark": options.byte_order_mark,
    }


def export_options_from_map(record: Mapping[str, Any]) -> ExportOptions:
    """The inverse of `export_options_map`."""
    filters, selected_fields = record["filters"], record["selectedFields"]
    return ExportOptions(
        format=ExportFormat(record["format"]),
        filters=None if filters is None else json.loads(filters),
        segment_id=record["segmentId"],
        collection_id=record["collectionId"],
        selected_fields=None if selected_fields is None else tuple(selected_fields),
        include_custom_fields=record["includeCustomFields"],
        include_engagement_metrics=record["includeEngagementMetrics"],
        byte_order_mark=record["byteOrderMark"],
    )
