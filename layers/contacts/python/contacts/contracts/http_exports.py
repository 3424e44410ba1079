"""HTTP bodies of exports and of their audit records."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from contacts.contracts.http_base import HttpModel, RequestModel
from contacts.contracts.http_fields import Count, Flag, Timestamp
from contacts.contracts.http_filters import Filters, to_filter
from contacts.domain.contact_fields import CUSTOM_FIELD_PREFIX
from contacts.domain.contact_filter import filter_to_record
from contacts.domain.export_columns import DEFAULT_COLUMNS, MAX_SELECTED_COLUMNS, SELECTABLE_COLUMNS
from contacts.domain.export_job import (
    AuditAction,
    AuditRecord,
    ExportFormat,
    ExportJob,
    ExportOptions,
    ExportStatus,
    ExportType,
)

Id = Annotated[str, StringConstraints(min_length=1, max_length=128)]

_EXAMPLE_FILTERS: dict[str, Any] = {"field": "company", "op": "equals", "value": "Acme"}
_EXAMPLE_CHOICE: dict[str, Any] = {
    "exportType": "filtered",
    "fileFormat": "csv",
    "filters": _EXAMPLE_FILTERS,
    "segmentId": None,
    "collectionId": None,
    "selectedFields": ["id", "email", "phone"],
    "includeCustomFields": True,
    "includeEngagementMetrics": False,
    "byteOrderMark": False,
}


class StartExportBody(RequestModel):
    """The export that is asked for: all contacts, or those that every one of filter, segment and collection means."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "format": "csv",
                    "filters": _EXAMPLE_FILTERS,
                    "selectedFields": ["id", "email", "phone"],
                    "includeCustomFields": True,
                }
            ]
        }
    )

    format: ExportFormat
    filters: Filters = None
    segment_id: Id | None = Field(default=None, description="Only contacts that are in this segment.")
    collection_id: Id | None = Field(default=None, description="Only contacts that are in this collection.")
    # How many there may be is said by the domain; of those that are no text the first one is told.
    selected_fields: Annotated[list[str], Field(fail_fast=True)] | None = Field(
        default=None,
        description=f"Columns in this order, each once, {MAX_SELECTED_COLUMNS} at most: "
        f"{', '.join(f'`{name}`' for name in SELECTABLE_COLUMNS)}, `{CUSTOM_FIELD_PREFIX}<name>`. "
        f"If null: {', '.join(f'`{name}`' for name in DEFAULT_COLUMNS)}.",
        json_schema_extra={"minItems": 1, "maxItems": MAX_SELECTED_COLUMNS, "uniqueItems": True},
    )
    include_custom_fields: Flag = Field(
        default=False, description="Add a column for each custom field that occurs, sorted by name."
    )
    include_engagement_metrics: Flag = Field(default=False, description="Add the columns of `engagement`.")
    byte_order_mark: Flag = Field(
        default=False, description="CSV only: begin with a byte order mark, by which Excel knows UTF-8."
    )

    @field_validator("byte_order_mark")
    @classmethod
    def _fits_the_format(cls, wanted: bool, info: ValidationInfo) -> bool:
        if wanted and info.data.get("format", ExportFormat.CSV) is not ExportFormat.CSV:
            raise ValueError("only a CSV file can begin with a byte order mark")
        return wanted

    def to_domain(self) -> ExportOptions:
        filter_ = to_filter(self.filters)
        return ExportOptions(
            format=self.format,
            filters=None if filter_ is None else filter_to_record(filter_),
            segment_id=self.segment_id,
            collection_id=self.collection_id,
            selected_fields=None if self.selected_fields is None else tuple(self.selected_fields),
            include_custom_fields=self.include_custom_fields,
            include_engagement_metrics=self.include_engagement_metrics,
            byte_order_mark=self.byte_order_mark,
        )


class ExportAccepted(HttpModel):
    """An export that has just been accepted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"jobId": "2f1c7f0a-58b5-4a3e-9f0e-6c0f6b1d9a44", "status": "pending"}],
        }
    )

    job_id: str
    status: ExportStatus

    @classmethod
    def of(cls, job: ExportJob) -> ExportAccepted:
        return cls(job_id=job.id, status=job.status)


class ExportChoice(HttpModel):
    """What an export was asked for."""

    export_type: ExportType = Field(
        description="`segment`: with a `segmentId`. `filtered`: with a filter or a `collectionId`. Else `full`."
    )
    file_format: ExportFormat
    filters: dict[str, Any] | None = Field(description="The filter, in the form in which it is given.")
    segment_id: str | None
    collection_id: str | None
    selected_fields: list[str] | None = Field(description="As they were asked for; null for the default ones.")
    include_custom_fields: bool
    include_engagement_metrics: bool
    byte_order_mark: bool


class ExportError(HttpModel):
    """Why an export failed."""

    code: str = Field(description="Stable, for programs.", examples=["EXPORT_FAILED"])
    message: str = Field(description="For people.")


class ExportDetail(ExportChoice):
    """An export: what was asked for, where it stands, and the file that came of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE_CHOICE,
                    "jobId": "2f1c7f0a-58b5-4a3e-9f0e-6c0f6b1d9a44",
                    "tenantId": "tenant",
                    "status": "completed",
                    "fileUrl": "https://bucket.s3.eu-central-1.amazonaws.com/exports/tenant/2f1c7f0a-58b5-4a3e-9f0e-"
                    "6c0f6b1d9a44/attempt-0001/contacts.csv",
                    "fileSize": 52,
                    "sha256": "3b1f0c2f3f6f5b0d0f8f7d5a5f2c9b0e6a1f5d3c2b4a69788796a5b4c3d2e1f0",
                    "totalContacts": 1,
                    "processedContacts": 1,
                    "error": None,
                    "createdBy": "user",
                    "createdAt": "2026-01-31T09:30:00.000Z",
                    "startedAt": "2026-01-31T09:30:01.000Z",
                    "completedAt": "2026-01-31T09:30:02.000Z",
                    "expiresAt": "2026-02-07T09:30:00.000Z",
                }
            ]
        }
    )

    job_id: str
    tenant_id: str
    status: ExportStatus
    file_url: str | None = Field(
        description="The file's own address once it is complete; no way in: `download` answers a link."
    )
    file_size: Count | None = Field(description="In bytes; null until the file is complete.")
    sha256: str | None = Field(description="The SHA-256 of the file's bytes, in hexadecimal; null until then.")
    total_contacts: Count | None = Field(description="Contacts in the file; null until then.")
    processed_contacts: Count = Field(description="Contacts written so far; a new try begins from 0.")
    error: ExportError | None = Field(description="Why it failed; null where it did not.")
    created_by: str
    created_at: Timestamp
    started_at: Timestamp | None
    completed_at: Timestamp | None
    expires_at: Timestamp = Field(description="From then on the file can't be had; the next clean-up removes the job.")

    @classmethod
    def of(cls, job: ExportJob, file_url: str | None) -> ExportDetail:
        return cls.model_validate(
            {
                **_choice(job.options),
                "job_id": job.id,
                "tenant_id": job.tenant,
                "status": job.status,
                "file_url": file_url,
                "file_size": job.file.size if job.file else None,
                "sha256": job.file.sha256 if job.file else None,
                "total_contacts": job.total,
                "processed_contacts": job.processed,
                "error": ExportError(code=job.problem.code, message=job.problem.message) if job.problem else None,
                "created_by": job.created_by,
                "created_at": job.created_at,
                "started_at": job.started_at,
                "completed_at": job.completed_at,
                "expires_at": job.expires_at,
            }
        )


class ExportAuditRecord(ExportChoice):
    """Who took contacts out, when, which and how many."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE_CHOICE,
                    "at": "2026-01-31T09:30:00.000Z",
                    "action": "download",
                    "user": "user",
                    "jobId": "2f1c7f0a-58b5-4a3e-9f0e-6c0f6b1d9a44",
                    "contacts": 1,
                }
            ]
        }
    )

    at: Timestamp
    action: AuditAction = Field(
        description="`export`: it was started. `download`: a link to its file was handed out to `user`."
    )
    user: str = Field(description="The user, as the token names them in `sub`.")
    job_id: str
    contacts: Count | None = Field(description="How many are in the file; null where it was not completed.")

    @classmethod
    def of(cls, record: AuditRecord) -> ExportAuditRecord:
        return cls.model_validate(
            {
                **_choice(record.options),
                "at": record.at,
                "action": record.action,
                "user": record.user,
                "job_id": record.job_id,
                "contacts": record.contacts,
            }
        )


def _choice(options: ExportOptions) -> dict[str, Any]:
    """The values of `ExportChoice`, by their Python names."""
    selected = options.selected_fields
    return {
        "export_type": options.type,
        "file_format": options.format,
        "filters": options.filters,
        "segment_id": options.segment_id,
        "collection_id": options.collection_id,
        "selected_fields": None if selected is None else list(selected),
        "include_custom_fields": options.include_custom_fields,
        "include_engagement_metrics": options.include_engagement_metrics,
        "byte_order_mark": options.byte_order_mark,
    }
