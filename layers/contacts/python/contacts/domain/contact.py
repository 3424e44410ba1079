"""A contact, and the mark that a job leaves on what it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

#: A field's value: text, a list of texts (`tags`, `emails`, `phones`), a list of objects (`addresses`) or an object
#: (`customFields`, `engagement`). A field without a value is absent, never empty.
FieldValue: TypeAlias = "str | list[str] | list[dict[str, str]] | dict[str, Any]"
Values: TypeAlias = "Mapping[str, FieldValue]"

#: Every contact's id has this many characters.
ID_CHARS = 36

#: How many marks a contact keeps. A retry comes long before eight further jobs have written the same contact.
MARKS_KEPT = 8


class Mark(NamedTuple):
    """Which row of which job wrote: the name under which a retry recognises its own write."""

    job: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One contact of one tenant.

    Attributes:
        id: never used twice; comes from the e-mail and the creating (job, row).
        values: the fields that people see and edit, by their public names; see `contact_fields`.
        version: grows by one with every write; the guard of every later write.
        created_at: ISO 8601, UTC.
        updated_at: ISO 8601, UTC.
        created_by: the job and row that made it. A single create counts as a job of its own.
        written_by: the last `MARKS_KEPT` marks, oldest first. An edit through the API leaves them alone.
        external_source: the tracking key of the bulk job that made it.
        segments: ids of the segments that it was put into.
    """

    id: str
    values: Values
    version: int
    created_at: str
    updated_at: str
    created_by: Mark
    written_by: tuple[Mark, ...] = ()
    external_source: str | None = None
    segments: tuple[str, ...] = ()

    @property
    def email(self) -> str | None:
        """The primary e-mail as it was given, or None."""
        value = self.values.get("email")
        return value if isinstance(value, str) else None

    def bears(self, mark: Mark) -> bool:
        """Whether that row of that job wrote this contact."""
        return mark == self.created_by or mark in self.written_by


def with_mark(marks: tuple[Mark, ...], mark: Mark) -> tuple[Mark, ...]:
    """The marks after one more write, the oldest dropped."""
    return (*marks, mark)[-MARKS_KEPT:]


def contact_to_record(contact: Contact) -> dict[str, Any]:
    """A contact as plain JSON values, whole: what plans keep as before- and after-image."""
    record: dict[str, Any] = {
        "id": contact.id,
        "values": contact.values,
        "version": contact.version,
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
        "createdBy": tuple(contact.created_by),
    }
    if contact.written_by:
        record["writtenBy"] = [tuple(mark) for mark in contact.written_by]
    if contact.external_source is not None:
        record["externalSource"] = contact.external_source
    if contact.segments:
        record["segments"] = contact.segments
    return record


def contact_from_record(record: Mapping[str, Any]) -> Contact:
    """The inverse of `contact_to_record`."""
    return Contact(
        id=record["id"],
        values=record["values"],
        version=record["version"],
        created_at=record["createdAt"],
        updated_at=record["updatedAt"],
        created_by=Mark(*record["createdBy"]),
        written_by=tuple(Mark(*mark) for mark in record.get("writtenBy", ())),
        external_source=record.get("externalSource"),
        segments=tuple(record.get("segments", ())),
    )
