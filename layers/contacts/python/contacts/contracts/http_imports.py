"""HTTP bodies of uploads, imports and their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from contacts.contracts.http_base import HttpModel, RequestModel
from contacts.contracts.http_fields import Count, Timestamp, at_most
from contacts.contracts.http_jobs import ImportFields, ImportOptionsBody, import_fields
from contacts.domain.import_job import ImportJob, ImportStatus
from contacts.domain.import_request import ImportRequest
from contacts.domain.rows import RowError

_NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"

FileName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=_NO_CONTROL_CHARACTERS),
    Field(examples=["contacts.csv"]),
]
Text = Annotated[str, StringConstraints(max_length=1_024)]
MAX_MAPPED_COLUMNS = 1_024


class CreateUploadBody(RequestModel):
    """The file that is to be uploaded."""

    file_name: FileName


class UploadForm(HttpModel):
    """A form for a POST of the file as multipart/form-data: these fields first, then the file as `file`."""

    url: str
    fields: dict[str, str]


class UploadAnswer(HttpModel):
    """Where to put the file, and how to name it when the import starts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "fileUrl": "https://bucket.s3.eu-central-1.amazonaws.com/uploads/tenant/7b0c",
                    "upload": {
                        "url": "https://bucket.s3.eu-central-1.amazonaws.com/",
                        "fields": {"key": "uploads/tenant/7b0c", "policy": "eyJ...", "x-amz-signature": "2d3f..."},
                    },
                    "maxBytes": 536870912,
                    "expiresAt": "2026-01-31T10:30:00.000Z",
                }
            ]
        }
    )

    file_url: str = Field(description="To be given to the import; not a way to read the file.")
    upload: UploadForm
    max_bytes: int = Field(description="Larger files are refused.")
    expires_at: Timestamp = Field(description="Until when the form can be used.")

    @classmethod
    def of(cls, file_url: str, form: UploadForm, max_bytes: int, expires_at: str) -> UploadAnswer:
        return cls(file_url=file_url, upload=form, max_bytes=max_bytes, expires_at=expires_at)


class StartImportBody(RequestModel):
    """The import that is asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "fileName": "contacts.csv",
                    "fileUrl": "https://bucket.s3.eu-central-1.amazonaws.com/uploads/tenant/7b0c",
                    "fieldMapping": {"E-mail": "email", "First name": "firstName", "Colour": "customFields.colour"},
                    "options": {"duplicateStrategy": "update", "tags": ["fair-2026"], "segmentName": "Fair 2026"},
                }
            ]
        }
    )

    file_name: FileName
    file_url: Annotated[str, StringConstraints(min_length=1, max_length=2_048)] = Field(
        description="`fileUrl` of one of the tenant's own uploads."
    )
    field_mapping: Annotated[
        dict[Annotated[str, StringConstraints(min_length=1, max_length=1_024)], Text],
        Field(min_length=1, max_length=MAX_MAPPED_COLUMNS),
        at_most(MAX_MAPPED_COLUMNS),
    ] = Field(
        description="From the file's columns to fields: `email`, `firstName`, `lastName`, `company`, `title`, `phone`, "
        "`notes`, or `customFields.<name>`. One column may go to `id`: it sets nothing, a row is about the contact of "
        "that id, whatever its e-mail; an id that names no contact counts as empty. One column must go to `email` or "
        "to `id`, and no two to the same field.",
    )
    options: ImportOptionsBody = Field(default_factory=ImportOptionsBody)

    def to_request(self, *, tenant: str, user: str, workspace: str | None) -> ImportRequest:
        return ImportRequest(
            tenant=tenant,
            user=user,
            workspace=workspace,
            file_name=self.file_name,
            file_url=self.file_url,
            field_mapping=self.field_mapping,
            options=self.options.to_domain(),
        )


class RowErrorBody(HttpModel):
    """Why a row was not imported."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "row": 4,
                    "field": "E-mail",
                    "value": "ada@example",
                    "error": "this is no e-mail address",
                    "code": "EMAIL_INVALID",
                }
            ]
        }
    )

    row: Count = Field(description="Data rows count from 1; 0 stands for the file as a whole.")
    field: str | None = Field(description="The column.")
    value: Any = Field(description="What stood there, shortened if long.")
    error: str = Field(description="For people.")
    code: str = Field(description="Stable, for programs.", examples=["EMAIL_INVALID"])

    @classmethod
    def of(cls, error: RowError) -> RowErrorBody:
        return cls(row=error.row, field=error.field, value=error.value, error=error.error, code=error.code)


class ImportAccepted(HttpModel):
    """The specification's ImportResult of an import that has just been accepted, and its status."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "jobId": "cd665289-c9e3-4b6d-a664-b0b869fb67cd",
                    "status": "pending",
                    "totalRows": 0,
                    "imported": 0,
                    "created": 0,
                    "updated": 0,
                    "skipped": 0,
                    "errors": [],
                }
            ]
        }
    )

    job_id: str
    status: ImportStatus
    total_rows: Count
    imported: Count
    created: Count
    updated: Count
    skipped: Count
    errors: list[RowErrorBody]

    @classmethod
    def of(cls, job: ImportJob) -> ImportAccepted:
        counts = job.counts
        return cls(
            job_id=job.id,
            status=job.status,
            total_rows=0,
            imported=counts.imported,
            created=counts.created,
            updated=counts.updated,
            skipped=counts.skipped,
            errors=[],
        )


class ImportDetail(ImportFields):
    """An import with its first errors: 100 at most, fewer where they are long, none when their list is gone."""

    field_mapping: dict[str, str]
    errors: list[RowErrorBody]

    @classmethod
    def of(cls, job: ImportJob, errors: Sequence[RowError], *, now: str, rollback_days: int) -> ImportDetail:
        fields = import_fields(job, now=now, rollback_days=rollback_days)
        shown = [RowErrorBody.of(error) for error in errors]
        return cls.model_validate({**fields, "field_mapping": dict(job.field_mapping), "errors": shown})


class DownloadAnswer(HttpModel):
    """A link to a file for anybody who has it."""

    download_url: str
    expires_at: Timestamp
