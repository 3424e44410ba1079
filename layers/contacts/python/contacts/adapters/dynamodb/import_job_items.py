"""Import jobs and the records of their parts as items of the jobs table, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contacts.adapters.dynamodb.expiry import EXPIRES_AT
from contacts.adapters.dynamodb.item_values import Item, item_of, record_of
from contacts.adapters.dynamodb.job_keys import OPEN, OPEN_KEY, created_key, job_key, part_key
from contacts.adapters.dynamodb.rollback_items import rollback_from_record, rollback_values
from contacts.domain.import_job import (
    OPEN_STATUSES,
    BlankValues,
    DuplicateStrategy,
    FileError,
    ImportJob,
    ImportOptions,
    ImportStatus,
    PartRecord,
    RowCounts,
    StagedFile,
)
from contacts.domain.jobs import IMPORT_KIND
from contacts.domain.rollback import RollbackStatus

#: The statuses of imports that have ended, whatever becomes of them later.
ENDED = tuple(status for status in ImportStatus if status not in OPEN_STATUSES)

#: Counter attributes, of jobs and of parts, by the field of `RowCounts` that each holds.
COUNTERS: Mapping[str, str] = {
    "created": "createdCount",
    "updated": "updatedCount",
    "skipped": "skippedCount",
    "errors": "errorCount",
}


def import_job_item(job: ImportJob, expires_at: int) -> Item:
    """The item of a job. `openKey` keeps it in the sweeper's index while there is something to look after."""
    item = item_of(
        {
            "tenantKey": job.tenant,
            "createdKey": created_key(job.created_at, job.id),
            OPEN_KEY: OPEN if not job.announced or is_rolling(job) else None,
            "announced": True if job.announced else None,
            "kind": IMPORT_KIND,
            "id": job.id,
            "workspace": job.workspace,
            "createdBy": job.created_by,
            "createdAt": job.created_at,
            "changedAt": job.changed_at,
            "startedAt": job.started_at,
            "completedAt": job.completed_at,
            "rolledBackAt": job.rolled_back_at,
            "fileName": job.file_name,
            "fileKey": job.file_key,
            "fileUrl": job.file_url,
            "fieldMapping": dict(job.field_mapping),
            "options": _options_map(job.options),
            "status": job.status.value,
            "staged": None if job.staged is None else staged_map(job.staged),
            "fileError": None if job.file_error is None else file_error_map(job.file_error),
            EXPIRES_AT: expires_at,
            **counters(job.counts),
            **rollback_values(job.rollback),
        }
    )
    return {**job_key(job.id), **item}


def import_job_from_item(item: Mapping[str, Any]) -> ImportJob:
    """The inverse of `import_job_item`."""
    record = record_of(item)
    staged, file_error = record.get("staged"), record.get("fileError")
    return ImportJob(
        id=record["id"],
        tenant=record["tenantKey"],
        workspace=record.get("workspace"),
        created_by=record["createdBy"],
        created_at=record["createdAt"],
        changed_at=record["changedAt"],
        started_at=record.get("startedAt"),
        completed_at=record.get("completedAt"),
        rolled_back_at=record.get("rolledBackAt"),
        file_name=record["fileName"],
        file_key=record["fileKey"],
        file_url=record["fileUrl"],
        field_mapping=record["fieldMapping"],
        options=_options_from_map(record["options"]),
        status=ImportStatus(record["status"]),
        counts=_counts(record),
        staged=None if staged is None else _staged_from_map(staged),
        file_error=None if file_error is None else FileError(**file_error),
        announced=record.get("announced", False),
        rollback=rollback_from_record(record),
    )


def is_rolling(job: ImportJob) -> bool:
    """Whether a rollback of the job is running."""
    return job.rollback is not None and job.rollback.status is RollbackStatus.RUNNING


def part_item(job_id: str, record: PartRecord, expires_at: int) -> Item:
    """The item of a finished part."""
    values = {
        "part": record.part,
        "reconciled": record.reconciled,
        EXPIRES_AT: expires_at,
        **counters(record.counts),
    }
    return {**part_key(job_id, record.part), **item_of(values)}


def part_from_item(item: Mapping[str, Any]) -> PartRecord:
    """The inverse of `part_item`."""
    record = record_of(item)
    return PartRecord(part=int(record["part"]), counts=_counts(record), reconciled=record["reconciled"])


def counters(counts: RowCounts) -> dict[str, int]:
    """Counts by the names of their attributes."""
    return {attribute: getattr(counts, name) for name, attribute in COUNTERS.items()}


def staged_map(staged: StagedFile) -> dict[str, Any]:
    return {
        "uploadVersion": staged.upload_version,
        "fileType": staged.file_type,
        "fileSize": staged.file_size,
        "header": list(staged.header),
        "parts": staged.parts,
        "totalRows": staged.total_rows,
        "rejected": counters(staged.rejected),
    }


def file_error_map(error: FileError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "field": error.field}


def _counts(record: Mapping[str, Any]) -> RowCounts:
    return RowCounts(**{name: int(record[attribute]) for name, attribute in COUNTERS.items()})


def _staged_from_map(record: Mapping[str, Any]) -> StagedFile:
    return StagedFile(
        upload_version=record["uploadVersion"],
        file_type=record["fileType"],
        file_size=int(record["fileSize"]),
        header=tuple(record["header"]),
        parts=int(record["parts"]),
        total_rows=int(record["totalRows"]),
        rejected=_counts(record["rejected"]),
    )


def _options_map(options: ImportOptions) -> dict[str, Any]:
    return {
        "fileType": options.file_type,
        "duplicateStrategy": options.duplicate_strategy.value,
        "tags": list(options.tags),
        "segmentName": options.segment_name,
        "validateEmail": options.validate_email,
        "validatePhone": options.validate_phone,
        "blankValues": options.blank_values.value,
        "sheet": options.sheet,
        "unescapeFormulas": options.unescape_formulas,
    }


def _options_from_map(record: Mapping[str, Any]) -> ImportOptions:
    return ImportOptions(
        file_type=record["fileType"],
        duplicate_strategy=DuplicateStrategy(record["duplicateStrategy"]),
        tags=tuple(record["tags"]),
        segment_name=record["segmentName"],
        validate_email=record["validateEmail"],
        validate_phone=record["validatePhone"],
        blank_values=BlankValues(record["blankValues"]),
        sheet=record["sheet"],
        # Jobs from before this option have none.
        unescape_formulas=record.get("unescapeFormulas", True),
    )
