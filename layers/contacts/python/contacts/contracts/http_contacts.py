"""HTTP bodies of contacts and segments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from contacts.contracts.http_base import HttpModel, RequestModel
from contacts.contracts.http_fields import Tags, Timestamp, at_most
from contacts.domain.contact import Contact
from contacts.domain.contact_fields import (
    CUSTOM_FIELD_NAME_PATTERN,
    LIST_FIELDS,
    MAX_CUSTOM_FIELD_CHARS,
    MAX_CUSTOM_FIELDS,
    MAX_LIST_ITEMS,
    OBJECT_FIELDS,
    TEXT_FIELDS,
    is_custom_field_name,
)
from contacts.domain.email_address import MAX_EMAIL_CHARS, is_email
from contacts.domain.segment import Segment

_WITHOUT_VALUE: dict[str, Any] = {
    **dict.fromkeys(TEXT_FIELDS),
    **{name: [] for name in LIST_FIELDS},
    **{name: {} for name in OBJECT_FIELDS},
}
#: The greatest whole number that every JSON reader gets right.
_MAX_COUNT = 2**53 - 1


def _email(text: str) -> str:
    # "" stands for no value, as everywhere.
    if text and not is_email(text):
        raise ValueError("this has not the form of an e-mail address")
    return text


def _timestamp(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("this is no date and time in ISO 8601") from None
    return text


def _custom_field_name(name: str) -> str:
    if not is_custom_field_name(name):
        raise ValueError(
            "a custom field's name begins with a letter, has at most 64 letters, digits, blanks, _ and -,"
            " and ends with no blank"
        )
    return name


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_EMAIL_CHARS),
    AfterValidator(_email),
    Field(json_schema_extra={"format": "email"}, examples=["Ada@example.com"]),
]
FirstName = Annotated[str, StringConstraints(max_length=TEXT_FIELDS["firstName"])]
LastName = Annotated[str, StringConstraints(max_length=TEXT_FIELDS["lastName"])]
Company = Annotated[str, StringConstraints(max_length=TEXT_FIELDS["company"])]
Title = Annotated[str, StringConstraints(max_length=TEXT_FIELDS["title"])]
Phone = Annotated[str, StringConstraints(max_length=TEXT_FIELDS["phone"])]
Notes = Annotated[str, StringConstraints(max_length=TEXT_FIELDS["notes"])]
ListText = Annotated[str, StringConstraints(min_length=1, max_length=1_024)]
CustomFieldName = Annotated[str, AfterValidator(_custom_field_name)]
Tally = Annotated[int, Field(ge=0, le=_MAX_COUNT, strict=True)]


class Address(RequestModel):
    """A postal address; what is unknown is left out."""

    label: ListText | None = None
    street: ListText | None = None
    city: ListText | None = None
    region: ListText | None = None
    postal_code: ListText | None = None
    country: ListText | None = None


class Engagement(RequestModel):
    """How the contact responded to what was sent."""

    emails_sent: Tally | None = None
    opens: Tally | None = None
    clicks: Tally | None = None
    last_engaged_at: Annotated[str, StringConstraints(max_length=40), AfterValidator(_timestamp)] | None = None


class ContactBody(RequestModel):
    """A contact's fields: all of a new one's, or those of an existing one that are to change.

    null and "" mean no value. A change follows JSON Merge Patch: `customFields` and `engagement` are merged name by
    name, everything else is replaced as a whole.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "Ada@example.com",
                    "firstName": "Ada",
                    "lastName": "Lovelace",
                    "phone": "+44 20 7946 0958",
                    "tags": ["fair-2026"],
                    "customFields": {"colour": "blue"},
                }
            ]
        }
    )

    email: Email | None = Field(default=None, description="Kept as given but for surrounding blanks; case is ignored.")
    first_name: FirstName | None = None
    last_name: LastName | None = None
    company: Company | None = None
    title: Title | None = None
    phone: Phone | None = None
    notes: Notes | None = None
    emails: Annotated[list[Email], Field(max_length=MAX_LIST_ITEMS)] | None = Field(
        default=None, description="Further e-mails; no contact is matched by them."
    )
    phones: Annotated[list[ListText], Field(max_length=MAX_LIST_ITEMS)] | None = None
    addresses: Annotated[list[Address], Field(max_length=MAX_LIST_ITEMS)] | None = None
    tags: Tags | None = None
    custom_fields: (
        Annotated[
            dict[CustomFieldName, Annotated[str, StringConstraints(max_length=MAX_CUSTOM_FIELD_CHARS)] | None],
            Field(
                max_length=MAX_CUSTOM_FIELDS,
                json_schema_extra={"propertyNames": {"pattern": CUSTOM_FIELD_NAME_PATTERN}},
            ),
            at_most(MAX_CUSTOM_FIELDS),
        ]
        | None
    ) = Field(default=None, description="Texts by name.")
    engagement: Engagement | None = None

    def changes(self) -> dict[str, Any]:
        """The given fields by their public names; None for no value."""
        given = self.model_dump(by_alias=True, exclude_unset=True)
        if given.get("addresses"):
            known = [{name: text for name, text in address.items() if text} for address in given["addresses"]]
            given["addresses"] = [address for address in known if address]
        if given.get("emails"):
            given["emails"] = [email for email in given["emails"] if email]
        return given


class ContactAnswer(HttpModel):
    """A contact. Fields without a value are null, lists and objects without one are empty."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "yhnxonggbfeuceb3akanrsvaxddwzmd632mf",
                    "email": "Ada@example.com",
                    "firstName": "Ada",
                    "lastName": "Lovelace",
                    "company": None,
                    "title": None,
                    "phone": "+44 20 7946 0958",
                    "notes": None,
                    "emails": [],
                    "phones": [],
                    "addresses": [],
                    "tags": ["fair-2026"],
                    "customFields": {"colour": "blue"},
                    "engagement": {},
                    "segments": ["seg-de235028b73b026c04916f12"],
                    "externalSource": None,
                    "version": 1,
                    "createdAt": "2026-01-31T09:30:00.000Z",
                    "updatedAt": "2026-01-31T09:30:00.000Z",
                }
            ]
        }
    )

    id: str
    email: str | None
    first_name: str | None
    last_name: str | None
    company: str | None
    title: str | None
    phone: str | None
    notes: str | None
    emails: list[str]
    phones: list[str]
    addresses: list[dict[str, str]]
    tags: list[str]
    custom_fields: dict[str, Any]
    engagement: dict[str, Any]
    segments: list[str] = Field(description="Ids of the segments that it was put into.")
    external_source: str | None = Field(description="Tracking key of the bulk job that made it.")
    version: int = Field(ge=1, description="Grows with every change; for `If-Match`.")
    created_at: Timestamp
    updated_at: Timestamp

    @classmethod
    def of(cls, contact: Contact) -> ContactAnswer:
        return cls.model_validate(
            {
                **_WITHOUT_VALUE,
                **contact.values,
                "id": contact.id,
                "segments": list(contact.segments),
                "externalSource": contact.external_source,
                "version": contact.version,
                "createdAt": contact.created_at,
                "updatedAt": contact.updated_at,
            }
        )


class SegmentAnswer(HttpModel):
    """A segment: a named set of contacts."""

    id: str
    name: str
    created_at: Timestamp

    @classmethod
    def of(cls, segment: Segment) -> SegmentAnswer:
        return cls(id=segment.id, name=segment.name, created_at=segment.created_at)
