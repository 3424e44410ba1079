"""HTTP bodies of the list of jobs: a line for each kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, RootModel

from contacts.contracts.http_base import HttpModel
from contacts.contracts.http_bulk_create import BulkCreateFields, bulk_create_fields
from contacts.contracts.http_bulk_delete import BulkDeleteFields, bulk_delete_fields
from contacts.contracts.http_fields import Count, Timestamp
from contacts.contracts.http_jobs import ImportFields, import_fields
from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.export_job import ExportFormat, ExportJob, ExportStatus, ExportType
from contacts.domain.jobs import Job

JobType = Literal["import", "bulk_create", "bulk_delete", "export"]
#: The statuses of all kinds, each as its kind spells it.
JobStatus = Literal[
    "pending",
    "processing",
    "completed",
    "failed",
    "rolling_back",
    "rolled_back",
    "QUEUED",
    "PROCESSING",
    "COMPLETED",
    "PARTIAL",
    "FAILED",
]


class ImportSummary(ImportFields):
    """An import in the list of jobs."""

    type: Literal["import"] = "import"


class Times(HttpModel):
    """Who started a job, and when it did what."""

    created_by: str
    created_at: Timestamp
    started_at: Timestamp | None
    completed_at: Timestamp | None


class BulkCreateSummary(BulkCreateFields, Times):
    """A bulk create job in the list of jobs, for 90 days."""

    type: Literal["bulk_create"] = "bulk_create"
    expired: bool = Field(description="Whether the job's own routes no longer show it. Its tracking key still works.")


class BulkDeleteSummary(BulkDeleteFields, Times):
    """A bulk delete job in the list of jobs, for 90 days."""

    type: Literal["bulk_delete"] = "bulk_delete"
    expired: bool = Field(description="Whether the job's own routes no longer show it.")


class ExportSummary(Times):
    """An export in the list of jobs."""

    type: Literal["export"] = "export"
    job_id: str
    export_type: ExportType
    file_format: ExportFormat
    file_size: int | None = Field(description="In bytes; null until the file is complete.")
    status: ExportStatus
    total_contacts: int | None = Field(description="Contacts in the file; null until it is complete.")
    processed_contacts: Count = Field(description="Contacts written so far.")
    expires_at: Timestamp
    expired: bool = Field(description="Whether the file can no longer be downloaded.")


class JobSummary(RootModel[Any]):
    """A job in the list of jobs; `type` tells which kind it is."""

    # As a parameter of RootModel the union would be built at once, with all its models, at each cold start.
    model_config = ConfigDict(defer_build=True)

    root: Annotated[ImportSummary | BulkCreateSummary | BulkDeleteSummary | ExportSummary, Field(discriminator="type")]


def job_summary(job: Job, *, now: str, rollback_days: int) -> HttpModel:
    """A job's line, one of those that `JobSummary` lists."""
    if isinstance(job, BulkJob):
        return _bulk_summary(job, now)
    if isinstance(job, ExportJob):
        return _export_summary(job, now)
    return ImportSummary.model_validate(import_fields(job, now=now, rollback_days=rollback_days))


def _bulk_summary(job: BulkJob, now: str) -> HttpModel:
    summary, fields = (
        (BulkCreateSummary, bulk_create_fields(job))
        if job.kind is BulkKind.CREATE
        else (BulkDeleteSummary, bulk_delete_fields(job))
    )
    return summary.model_validate({**fields, **_times(job), "expired": not job.is_shown(now)})


def _export_summary(job: ExportJob, now: str) -> ExportSummary:
    return ExportSummary.model_validate(
        {
            **_times(job),
            "job_id": job.id,
            "export_type": job.options.type,
            "file_format": job.options.format,
            "file_size": job.file.size if job.file else None,
            "status": job.status,
            "total_contacts": job.total,
            "processed_contacts": job.processed,
            "expires_at": job.expires_at,
            "expired": job.is_expired(now),
        }
    )


def _times(job: BulkJob | ExportJob) -> dict[str, str | None]:
    return {
        "created_by": job.created_by,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
    }
