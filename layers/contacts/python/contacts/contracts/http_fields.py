"""Fields that several HTTP bodies have."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict, StringConstraints
from pydantic_core import PydanticKnownError

from contacts.domain.bulk_job import MAX_BULK_CONTACTS
from contacts.domain.contact_fields import MAX_TAG_CHARS, MAX_TAGS
from contacts.domain.errors import InvalidRequest

#: What an Idempotency-Key looks like, in the header and in a body.
IDEMPOTENCY_KEY_PATTERN = r"^[\x21-\x7e]{1,255}$"


def _without_repeats(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TAG_CHARS)]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_without_repeats)]
Timestamp = Annotated[str, Field(examples=["2026-01-31T09:30:00.000Z"], json_schema_extra={"format": "date-time"})]
#: true or false: no text, no number that might mean one.
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Field(ge=0)]
IdempotencyKeyField = Annotated[
    Annotated[str, StringConstraints(pattern=IDEMPOTENCY_KEY_PATTERN)] | None,
    Field(description="The same as the header Idempotency-Key; given both, they must agree."),
]


def at_most(number: int) -> BeforeValidator:
    """An object with so many members at most, counted before each of them is looked at: pydantic looks first, and each
    member that is wrong is an error, of which a body has room for a million."""

    def check(given: Any) -> Any:
        if isinstance(given, dict) and len(given) > number:
            length = {"field_type": "Dictionary", "max_length": number, "actual_length": len(given)}
            raise PydanticKnownError("too_long", length)
        return given

    return BeforeValidator(check)


def check_number_of_contacts(number: int, field: str) -> None:
    """
    Raises:
        InvalidRequest: one job takes none, or not as many.
    """
    if number > MAX_BULK_CONTACTS:
        raise InvalidRequest(
            f"one job takes at most {MAX_BULK_CONTACTS} contacts, these are {number}",
            code="CONTACTS_TOO_MANY",
            field=field,
        )
    if number == 0:
        raise InvalidRequest("give at least one contact", code="CONTACTS_MISSING", field=field)
