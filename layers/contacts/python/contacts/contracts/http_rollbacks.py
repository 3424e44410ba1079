"""HTTP bodies of rollbacks."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from contacts.contracts.http_base import HttpModel, RequestModel
from contacts.contracts.http_fields import Count, Flag
from contacts.domain.import_job import ImportJob, ImportStatus
from contacts.domain.rollback import OnConflict, RollbackReason
from contacts.domain.rows import Outcome, RowOutcome


class RollbackBody(RequestModel):
    """The rollback that is asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"onConflict": "keep", "dryRun": True}]})

    on_conflict: OnConflict | None = Field(
        default=None,
        description="What to do with values that were edited after the import. `keep` (also if null): they stay, all "
        "others go back. `force`: contacts become what they were before the import, and created ones are deleted, "
        "edited or not. `abort`: look first, and change nothing at all if anything would be kept. A rollback that "
        "failed goes on as it began: leave this out then.",
    )
    dry_run: Flag = Field(
        default=False, description="Only look: the counts and the list of what would be done, and nothing is written."
    )


class RollbackAccepted(HttpModel):
    """A rollback that has just begun."""

    success: Literal[True] = True
    job_id: str
    status: ImportStatus = Field(description="The import's; a rollback that only looks leaves it as it is.")

    @classmethod
    def of(cls, job: ImportJob) -> RollbackAccepted:
        return cls(job_id=job.id, status=job.status)


class RollbackOutcome(HttpModel):
    """What became of one contact in a rollback."""

    contact_id: str
    row: Count = Field(description="The file's first row that wrote the contact.")
    action: Literal[Outcome.DELETED, Outcome.RESTORED, Outcome.KEPT, Outcome.UNCHANGED]
    fields: list[str] = Field(
        description="What stays because it was edited later; tags, custom fields and segments one by one.",
        examples=[["phone", "tags.vip", "customFields.colour"]],
    )
    reason: RollbackReason | None = Field(description="Why the contact, or some of its fields, did not go back.")

    @classmethod
    def of(cls, outcome: RowOutcome) -> RollbackOutcome:
        # Not checked again: every value is one that the rollback itself wrote.
        return cls.model_construct(
            contact_id=outcome.contact_id,
            row=outcome.row,
            action=outcome.outcome,
            fields=list(outcome.fields),
            reason=RollbackReason(outcome.reason) if outcome.reason else None,
        )
