"""Fields that several HTTP bodies have."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, Strict, StringConstraints

from contacts.domain.contact_fields import MAX_TAG_CHARS, MAX_TAGS


def _without_repeats(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TAG_CHARS)]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_without_repeats)]
Timestamp = Annotated[str, Field(examples=["2026-01-31T09:30:00.000Z"], json_schema_extra={"format": "date-time"})]
#: true or false: no text, no number that might mean one.
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Field(ge=0)]
