"""HTTP bodies of uploads, imports and their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from contacts.contracts.http_base import HttpModel
from contacts.domain.contact_fields import MAX_TAG_CHARS, MAX_TAGS
from contacts.domain.import_job import BlankValues, DuplicateStrategy, ImportJob, ImportOptions, ImportStatus
from contacts.domain.import_request import ImportRequest
from contacts.domain.rollback_window import can_roll_back
from contacts.domain.rows import RowError
from contacts.domain.segment import MAX_SEGMENT_NAME_CHARS

_NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"

FileName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=_NO_CONTROL_CHARACTERS),
    Field(examples=["contacts.csv"]),
]
FileType = Literal["csv", "xlsx", "json"]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TAG_CHARS)]


def without_repeats(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(without_repeats)]
Text = Annotated[str, StringConstraints(max_length=1_024)]
Timestamp = Annotated[str, Field(examples=["2026-01-31T09:30:00.000Z"], json_schema_extra={"format": "date-time"})]
Count = Annotated[int, Field(ge=0)]


class CreateUploadBody(HttpModel):
    """The file that is to be uploaded."""

    file_name: FileName


class UploadForm(HttpModel):
    """A form for a POST of the file as multipart/form-data: these fields first, then the file as `file`."""

    url: str
    fields: dict[str, str]


class UploadAnswer(HttpModel):
    """Where to put the file, and how to name it when the import starts."""

    file_url: str = Field(description="To be given to the import; not a way to read the file.")
    upload: UploadForm
    max_bytes: int = Field(description="Larger files are refused.")
    expires_at: Timestamp = Field(description="Until when the form can be used.")

    @classmethod
    def of(cls, file_url: str, form: UploadForm, max_bytes: int, expires_at: str) -> UploadAnswer:
        return cls(file_url=file_url, upload=form, max_bytes=max_bytes, expires_at=expires_at)


class ImportOptionsBody(HttpModel):
    """How the file is read and written."""

    file_type: FileType | None = Field(default=None, description="Found from the file's name and content if null.")
    duplicate_strategy: DuplicateStrategy = Field(
        default=DuplicateStrategy.SKIP, description="What to do with a row whose e-mail a contact already has."
    )
    tags: Tags = Field(default_factory=list, description="Added to every contact that is imported.")
    segment_name: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SEGMENT_NAME_CHARS)] | None
    ) = Field(default=None, description="The segment that imported contacts are put into; made if need be.")
    validate_email: bool = Field(default=True, description="Reject rows whose e-mail has not the form of one.")
    validate_phone: bool = Field(default=False, description="Reject rows whose phone can't be a phone number.")
    blank_values: BlankValues = Field(
        default=BlankValues.IGNORE, description="Whether an empty cell leaves a field alone or clears it."
    )
    sheet: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = Field(
        default=None, description="The sheet of a workbook; its first visible one if null."
    )

    def to_domain(self) -> ImportOptions:
        return ImportOptions(**{**dict(self), "tags": tuple(self.tags)})

    @classmethod
    def of(cls, options: ImportOptions) -> ImportOptionsBody:
        # Not checked again: a job shows the options that it was started with, whatever today's limits are.
        return cls.model_construct(
            file_type=options.file_type,
            duplicate_strategy=options.duplicate_strategy,
            tags=list(options.tags),
            segment_name=options.segment_name,
            validate_email=options.validate_email,
            validate_phone=options.validate_phone,
            blank_values=options.blank_values,
            sheet=options.sheet,
        )


class StartImportBody(HttpModel):
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
    field_mapping: dict[Annotated[str, StringConstraints(min_length=1, max_length=1_024)], Text] = Field(
        min_length=1,
        max_length=1_024,
        description="From the file's columns to fields: `email`, `firstName`, `lastName`, `company`, `title`, `phone`, "
        "`notes`, or `customFields.<name>`. One column must go to `email`, and no two to the same field.",
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


class ImportFields(HttpModel):
    """What both the list of jobs and a single import show."""

    job_id: str
    tenant_id: str
    workspace_id: str | None
    file_name: str
    file_size: int | None = Field(description="In bytes; null until the file has been read.")
    file_url: str
    file_type: str | None
    import_options: ImportOptionsBody
    status: ImportStatus
    total_rows: Count = Field(description="0 until the file has been read.")
    processed_rows: Count
    imported_count: Count = Field(description="Created and updated.")
    created_count: Count
    updated_count: Count
    skipped_count: Count = Field(description="Everything that was not imported, rows in error included.")
    error_count: Count
    started_at: Timestamp | None
    completed_at: Timestamp | None
    created_by: str
    created_at: Timestamp
    can_rollback: bool
    rolled_back_at: Timestamp | None


class JobSummary(ImportFields):
    """A job in the list of jobs."""

    type: Literal["import"] = "import"

    @classmethod
    def of(cls, job: ImportJob, *, now: str, rollback_days: int) -> JobSummary:
        return cls.model_validate(_fields(job, now=now, rollback_days=rollback_days))


class ImportDetail(ImportFields):
    """An import with its first 100 errors."""

    field_mapping: dict[str, str]
    errors: list[RowErrorBody]

    @classmethod
    def of(cls, job: ImportJob, errors: Sequence[RowError], *, now: str, rollback_days: int) -> ImportDetail:
        fields = _fields(job, now=now, rollback_days=rollback_days)
        shown = [RowErrorBody.of(error) for error in errors]
        return cls.model_validate({**fields, "field_mapping": dict(job.field_mapping), "errors": shown})


class DownloadAnswer(HttpModel):
    """A link to a file for anybody who has it."""

    download_url: str
    expires_at: Timestamp


def _fields(job: ImportJob, *, now: str, rollback_days: int) -> dict[str, Any]:
    staged, counts = job.staged, job.counts
    return {
        "job_id": job.id,
        "tenant_id": job.tenant,
        "workspace_id": job.workspace,
        "file_name": job.file_name,
        "file_size": staged.file_size if staged else None,
        "file_url": job.file_url,
        "file_type": staged.file_type if staged else job.options.file_type,
        "import_options": ImportOptionsBody.of(job.options),
        "status": job.status,
        "total_rows": staged.total_rows if staged else 0,
        "processed_rows": counts.processed,
        "imported_count": counts.imported,
        "created_count": counts.created,
        "updated_count": counts.updated,
        "skipped_count": counts.skipped,
        "error_count": counts.errors,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "created_by": job.created_by,
        "created_at": job.created_at,
        "can_rollback": can_roll_back(job, now=now, days=rollback_days),
        "rolled_back_at": job.rolled_back_at,
    }
