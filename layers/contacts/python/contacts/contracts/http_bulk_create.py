"""HTTP bodies of bulk create jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainValidator, StringConstraints, ValidationError

from contacts.contracts.http_base import HttpModel, RequestModel
from contacts.contracts.http_contacts import ContactBody
from contacts.contracts.http_fields import Count, IdempotencyKeyField, check_number_of_contacts
from contacts.contracts.http_violations import problem_of
from contacts.domain.bulk_entries import CreateEntry, CreateOutcome
from contacts.domain.bulk_job import MAX_BULK_CONTACTS, BulkJob, BulkStatus
from contacts.domain.contact_edits import edit_values
from contacts.domain.errors import InvalidRequest, Problem
from contacts.domain.rows import Outcome

MAX_CLIENT_CONTACT_ID_CHARS = 128
#: Unknown fields are named back to their sender; a name of megabytes is not.
_MAX_FIELD_CHARS = 128

ClientContactId = Annotated[str, StringConstraints(max_length=MAX_CLIENT_CONTACT_ID_CHARS)]
EntryOutcome = Literal["created", "skipped", "failed"]

_OUTCOMES: dict[Outcome, EntryOutcome] = {
    Outcome.CREATED: "created",
    Outcome.SKIPPED: "skipped",
    Outcome.ERROR: "failed",
}


class BulkContactBody(ContactBody):
    """A contact to create, and what its sender calls it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"clientContactId": "phone-17", "firstName": "Ada", "email": "ada@example.com"}]
        },
    )

    client_contact_id: ClientContactId | None = Field(
        default=None, description="Comes back in the job's items, so that a phone can link its entries."
    )

    def changes(self) -> dict[str, Any]:
        """The given fields by their public names; None for no value."""
        given = super().changes()
        given.pop("clientContactId", None)
        return given


class BulkCreateBody(RequestModel):
    """Contacts to create. One that does not validate is a failure of its own and keeps none of the others."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "contacts": [
                        {"clientContactId": "phone-17", "firstName": "Ada", "email": "ada@example.com"},
                        {"clientContactId": "phone-18", "firstName": "Grace", "phones": ["+1 202 555 0143"]},
                    ],
                    "clientSource": "ios",
                    "clientReferenceId": "session-42",
                }
            ]
        },
    )

    # Each is checked by `entries`, not here: a contact that is wrong is a result and no refusal of the request.
    contacts: list[Annotated[Any, PlainValidator(lambda contact: contact, json_schema_input_type=BulkContactBody)]] = (
        Field(
            description=f"1 to {MAX_BULK_CONTACTS}. Of those with the same primary e-mail the first wins.",
            json_schema_extra={"minItems": 1, "maxItems": MAX_BULK_CONTACTS},
        )
    )
    collection_id: Annotated[str, StringConstraints(max_length=128)] | None = Field(
        default=None, description="The collection that created contacts are put into; the caller must be its editor."
    )
    idempotency_key: IdempotencyKeyField = None
    client_source: Annotated[str, StringConstraints(max_length=128)] | None = Field(
        default=None, description="Where the contacts come from; a part of the tracking key.", examples=["ios"]
    )
    client_reference_id: Annotated[str, StringConstraints(max_length=256)] | None = Field(
        default=None, description="What the client calls this run; a part of the tracking key."
    )

    def entries(self) -> list[CreateEntry]:
        """The contacts, each checked on its own.

        Raises:
            InvalidRequest: there are none, or too many.
        """
        check_number_of_contacts(len(self.contacts), "contacts")
        return [_entry(index, contact) for index, contact in enumerate(self.contacts)]


class BulkCreateFields(HttpModel):
    """The specification's start fields of a bulk create job."""

    job_id: str
    tracking_key: str = Field(description="Names for good what the job creates: the contacts' `externalSource`.")
    client_source: str | None
    client_reference_id: str | None
    status: BulkStatus = Field(
        description="`PARTIAL`: some contacts failed, or the collection could not be filled. `FAILED`: none was "
        "created and some failed."
    )
    total_count: Count
    processed_count: Count = Field(description="Contacts done so far: the sum of the three counts below.")
    success_count: Count
    failure_count: Count
    skipped_count: Count = Field(description="Those whose e-mail an earlier contact of the request has.")


class BulkCreateAccepted(BulkCreateFields):
    """A job that has just been accepted."""

    @classmethod
    def of(cls, job: BulkJob) -> BulkCreateAccepted:
        return cls.model_validate(bulk_create_fields(job))


class BulkCreateError(HttpModel):
    """Why a contact was not created, or the collection not filled."""

    index: int | None = Field(description="The contact's place in the request, from 0; null for the collection.")
    field: str | None = Field(description="`collectionId` where the collection was not filled.")
    code: str = Field(description="Stable, for programs.", examples=["INVALID_VALUE"])
    message: str = Field(description="For people.", examples=["email: this has not the form of an e-mail address"])


class BulkCreateJob(BulkCreateFields):
    """A job with what it created and what failed so far."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "jobId": "cd665289-c9e3-4b6d-a664-b0b869fb67cd",
                    "trackingKey": "bcc:j:cd665289-c9e3-4b6d-a664-b0b869fb67cd:s:ios:r:session-42",
                    "clientSource": "ios",
                    "clientReferenceId": "session-42",
                    "status": "PARTIAL",
                    "totalCount": 2,
                    "processedCount": 2,
                    "successCount": 1,
                    "failureCount": 1,
                    "skippedCount": 0,
                    "contactIds": ["yhnxonggbfeuceb3akanrsvaxddwzmd632mf"],
                    "errors": [
                        {
                            "index": 1,
                            "field": None,
                            "code": "INVALID_VALUE",
                            "message": "email: this has not the form of an e-mail address",
                        }
                    ],
                }
            ]
        }
    )

    contact_ids: list[str] = Field(description="Contacts that were created, in the request's order.")
    errors: list[BulkCreateError]

    @classmethod
    def of(cls, job: BulkJob, contact_ids: Sequence[str], failures: Sequence[CreateOutcome]) -> BulkCreateJob:
        errors = [
            BulkCreateError(index=each.index, field=None, code=each.code or "", message=each.message or "")
            for each in failures
        ]
        problem = job.collection_problem
        if problem is not None:
            errors.append(BulkCreateError(index=None, field=problem.field, code=problem.code, message=problem.message))
        return cls.model_validate({**bulk_create_fields(job), "contact_ids": list(contact_ids), "errors": errors})


class BulkCreateItem(HttpModel):
    """What became of one contact of the request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "index": 3,
                    "clientContactId": "phone-20",
                    "outcome": "skipped",
                    "contactId": "yhnxonggbfeuceb3akanrsvaxddwzmd632mf",
                    "duplicateOf": 0,
                    "code": "DUPLICATE_IN_REQUEST",
                }
            ]
        }
    )

    index: Count = Field(description="Its place in the request, from 0.")
    client_contact_id: str | None
    outcome: EntryOutcome
    contact_id: str | None = Field(description="The contact; of one that was skipped, that of the first.")
    duplicate_of: int | None = Field(description="Index of the first contact with this e-mail.")
    code: str | None = Field(description="Why it was skipped or failed.")

    @classmethod
    def of(cls, item: CreateOutcome) -> BulkCreateItem:
        return cls(
            index=item.index,
            client_contact_id=item.client_contact_id,
            outcome=_OUTCOMES[item.outcome],
            contact_id=item.contact_id,
            duplicate_of=item.duplicate_of,
            code=item.code,
        )


def bulk_create_fields(job: BulkJob) -> dict[str, Any]:
    """The values of `BulkCreateFields`, by their Python names."""
    return {
        "job_id": job.id,
        "tracking_key": job.tracking_key,
        "client_source": job.client_source,
        "client_reference_id": job.client_reference_id,
        "status": job.status,
        "total_count": job.total,
        "processed_count": job.counts.processed,
        "success_count": job.counts.succeeded,
        "failure_count": job.counts.failed,
        "skipped_count": job.counts.skipped,
    }


def _entry(index: int, contact: Any) -> CreateEntry:
    if not isinstance(contact, dict):
        return CreateEntry(index, None, None, Problem("INVALID_VALUE", "a contact is a JSON object"))
    client_id = contact.get("clientContactId")
    known_as = client_id if isinstance(client_id, str) and len(client_id) <= MAX_CLIENT_CONTACT_ID_CHARS else None
    try:
        values = edit_values({}, BulkContactBody.model_validate(contact).changes())
        return CreateEntry(index, known_as, values)
    except ValidationError as error:
        # The first one is enough to correct the entry by, and what is kept of each stays small.
        violation = error.errors(include_url=False, include_context=False, include_input=False)[0]
        problem = problem_of(violation, violation["loc"])
        field = problem.field and problem.field[:_MAX_FIELD_CHARS]
        return CreateEntry(index, known_as, None, Problem(problem.code, problem.message, field))
    except InvalidRequest as refusal:
        return CreateEntry(index, known_as, None, Problem(refusal.code, refusal.message, refusal.field))
