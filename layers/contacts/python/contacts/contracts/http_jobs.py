"""HTTP bodies of import jobs, as every route shows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from contacts.contracts.http_base import HttpModel, RequestModel
from contacts.contracts.http_fields import Count, Flag, Tags, Timestamp
from contacts.domain.import_job import BlankValues, DuplicateStrategy, ImportJob, ImportOptions, ImportStatus
from contacts.domain.rollback import OnConflict, Rollback, RollbackStatus
from contacts.domain.rollback_window import can_roll_back
from contacts.domain.segment import MAX_SEGMENT_NAME_CHARS

FileType = Literal["csv", "xlsx", "json"]


class ImportOptionsBody(RequestModel):
    """How the file is read and written."""

    file_type: FileType | None = Field(default=None, description="Found from the file's name and content if null.")
    duplicate_strategy: DuplicateStrategy = Field(
        default=DuplicateStrategy.SKIP,
        description="What to do with a row about a contact that is there: the one whose `id` it names, else the one "
        "that has its e-mail. `create` makes another contact in any case.",
    )
    tags: Tags = Field(default_factory=list, description="Added to every contact that is imported.")
    segment_name: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SEGMENT_NAME_CHARS)] | None
    ) = Field(default=None, description="The segment that imported contacts are put into; made if need be.")
    validate_email: Flag = Field(default=True, description="Reject rows whose e-mail has not the form of one.")
    validate_phone: Flag = Field(default=False, description="Reject rows whose phone can't be a phone number.")
    blank_values: BlankValues = Field(
        default=BlankValues.IGNORE, description="Whether an empty cell leaves a field alone or clears it."
    )
    sheet: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = Field(
        default=None, description="The sheet of a workbook; its first visible one if null."
    )
    unescape_formulas: Flag = Field(
        default=True,
        description="CSV only, as other formats need no such mark: take one `'` off where a spreadsheet could run what "
        "follows as a formula: before a value, and after a `;`, TAB or line break in it. An export to CSV puts it "
        "there; false keeps it. A list of failed rows always loses its marks.",
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
            unescape_formulas=options.unescape_formulas,
        )


class RollbackState(HttpModel):
    """The latest rollback of an import: how far it is, and contacts by what became of them, each in one count."""

    status: RollbackStatus = Field(
        description="`aborted`: something would have been kept, nothing was changed. `failed`: some contacts could not "
        "be rolled back for a fault of ours; another POST goes on from there."
    )
    dry_run: bool
    on_conflict: OnConflict
    processed: Count = Field(description="Contacts done so far: the sum of the four counts below.")
    deleted: Count = Field(description="Contacts that the import had created.")
    restored: Count = Field(description="Contacts of which everything that the import had changed is back.")
    kept: Count = Field(description="Contacts of which something was edited later and stays.")
    unchanged: Count = Field(description="Contacts that were gone, or of which nothing was left to do.")
    errors: Count = Field(description="Contacts that a failed rollback left undone.")
    started_at: Timestamp
    ended_at: Timestamp | None

    @classmethod
    def of(cls, rollback: Rollback) -> RollbackState:
        counts = rollback.counts
        return cls(
            status=rollback.status,
            dry_run=rollback.dry_run,
            on_conflict=rollback.on_conflict,
            processed=counts.processed,
            deleted=counts.deleted,
            restored=counts.restored,
            kept=counts.kept,
            unchanged=counts.unchanged,
            errors=counts.errors,
            started_at=rollback.started_at,
            ended_at=rollback.ended_at,
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
    can_rollback: bool = Field(
        description="Whether a rollback may begin, or one that failed may go on, if it is asked for now."
    )
    rolled_back_at: Timestamp | None
    rollback: RollbackState | None = Field(description="The latest rollback, a dry one too; null if there was none.")


def import_fields(job: ImportJob, *, now: str, rollback_days: int) -> dict[str, Any]:
    """The values of `ImportFields`, by their Python names."""
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
        "rollback": RollbackState.of(job.rollback) if job.rollback else None,
    }
