"""HTTP bodies of bulk delete jobs: the clean-up of what a bulk create job created."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from contacts.contracts.http_base import HttpModel, RequestModel
from contacts.contracts.http_fields import Count, Flag, IdempotencyKeyField, check_number_of_contacts
from contacts.domain.bulk_entries import DeleteOutcome
from contacts.domain.bulk_job import MAX_BULK_CONTACTS, BulkJob, BulkStatus
from contacts.domain.rows import Outcome

Id = Annotated[str, StringConstraints(min_length=1, max_length=128)]
CandidateOutcome = Literal["deleted", "candidate", "notFound", "forbidden", "failed"]

_OUTCOMES: dict[Outcome, CandidateOutcome] = {
    Outcome.DELETED: "deleted",
    Outcome.CANDIDATE: "candidate",
    Outcome.NOT_FOUND: "notFound",
    Outcome.FORBIDDEN: "forbidden",
    Outcome.ERROR: "failed",
}


def _number_checked(ids: Any) -> Any:
    # Before each of them is looked at: a body has room for two million, and each that is wrong would be an error.
    if isinstance(ids, list):
        check_number_of_contacts(len(ids), "contactIds")
    return ids


class BulkDeleteBody(RequestModel):
    """What to clean up: all that a bulk create job created, or those of it that `contactIds` names."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "trackingKey": "bcc:j:cd665289-c9e3-4b6d-a664-b0b869fb67cd:s:ios:r:session-42",
                    "dryRun": True,
                }
            ]
        },
    )

    bulk_create_job_id: Id | None = Field(default=None, description="The create job, for as long as it is shown.")
    tracking_key: Annotated[str, StringConstraints(max_length=512)] | None = Field(
        default=None, description="Its tracking key, for good. One of the two is needed; given both, they must agree."
    )
    contact_ids: Annotated[list[Id], BeforeValidator(_number_checked)] | None = Field(
        default=None,
        description=f"1 to {MAX_BULK_CONTACTS}; each counts once. All that the job created if null.",
        json_schema_extra={"minItems": 1, "maxItems": MAX_BULK_CONTACTS},
    )
    dry_run: Flag = Field(default=False, description="Only look which contacts would go.")
    idempotency_key: IdempotencyKeyField = None


class BulkDeleteFields(HttpModel):
    """The specification's start fields of a bulk delete job."""

    job_id: str
    bulk_create_job_id: str | None
    tracking_key: str
    dry_run: bool
    status: BulkStatus = Field(description="`PARTIAL`: some contacts failed. `FAILED`: some failed and none went.")
    total_count: Count
    processed_count: Count
    deleted_count: Count = Field(description="0 in a dry run; see `candidateContactIds`.")
    not_found_count: Count = Field(description="Those that are gone, or were named and never were.")
    forbidden_count: Count = Field(description="Those that were named and that the create job did not create.")
    failed_count: Count


class BulkDeleteAccepted(BulkDeleteFields):
    """A job that has just been accepted."""

    @classmethod
    def of(cls, job: BulkJob) -> BulkDeleteAccepted:
        return cls.model_validate(bulk_delete_fields(job))


class BulkDeleteError(HttpModel):
    """Why a contact was not deleted."""

    contact_id: str
    code: str = Field(description="Stable, for programs.", examples=["NOT_DELETED"])
    message: str = Field(description="For people.")


class BulkDeleteJob(BulkDeleteFields):
    """A job with what it found and deleted so far."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "jobId": "0f3b4ad2-51a4-4d6a-9f36-1c8a7f7a5c55",
                    "bulkCreateJobId": "cd665289-c9e3-4b6d-a664-b0b869fb67cd",
                    "trackingKey": "bcc:j:cd665289-c9e3-4b6d-a664-b0b869fb67cd:s:ios:r:session-42",
                    "dryRun": True,
                    "status": "COMPLETED",
                    "totalCount": 1,
                    "processedCount": 1,
                    "deletedCount": 0,
                    "notFoundCount": 0,
                    "forbiddenCount": 0,
                    "failedCount": 0,
                    "candidateContactIds": ["yhnxonggbfeuceb3akanrsvaxddwzmd632mf"],
                    "deletedContactIds": [],
                    "errors": [],
                }
            ]
        }
    )

    candidate_contact_ids: list[str] = Field(description="Those that the create job created and that were there.")
    deleted_contact_ids: list[str]
    errors: list[BulkDeleteError]

    @classmethod
    def of(
        cls, job: BulkJob, candidates: Sequence[str], deleted: Sequence[str], failures: Sequence[DeleteOutcome]
    ) -> BulkDeleteJob:
        errors = [
            BulkDeleteError(contact_id=each.contact_id, code=each.code or "", message=each.message or "")
            for each in failures
        ]
        return cls.model_validate(
            {
                **bulk_delete_fields(job),
                "candidate_contact_ids": list(candidates),
                "deleted_contact_ids": list(deleted),
                "errors": errors,
            }
        )


class BulkDeleteItem(HttpModel):
    """What became of one contact."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "contactId": "yhnxonggbfeuceb3akanrsvaxddwzmd632mf",
                    "outcome": "candidate",
                    "edited": True,
                    "code": None,
                }
            ]
        }
    )

    contact_id: str
    outcome: CandidateOutcome
    edited: bool = Field(description="Whether it changed after its creation. It is deleted all the same.")
    code: str | None = Field(description="Why it failed.")

    @classmethod
    def of(cls, item: DeleteOutcome) -> BulkDeleteItem:
        return cls(contact_id=item.contact_id, outcome=_OUTCOMES[item.outcome], edited=item.edited, code=item.code)


def bulk_delete_fields(job: BulkJob) -> dict[str, Any]:
    """The values of `BulkDeleteFields`, by their Python names."""
    counts = job.counts
    return {
        "job_id": job.id,
        "bulk_create_job_id": job.create_job_id,
        "tracking_key": job.tracking_key,
        "dry_run": job.dry_run,
        "status": job.status,
        "total_count": job.total,
        "processed_count": counts.processed,
        "deleted_count": 0 if job.dry_run else counts.succeeded,
        "not_found_count": counts.not_found,
        "forbidden_count": counts.forbidden,
        "failed_count": counts.failed,
    }
