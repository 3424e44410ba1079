"""The entries of bulk jobs, on their way to contacts and after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contacts.domain.contact import FieldValue
from contacts.domain.email_address import normalise_email
from contacts.domain.errors import Problem
from contacts.domain.rows import Outcome

#: Code of an entry that was not created because of a fault of ours.
NOT_CREATED = "NOT_CREATED"
#: Code of a candidate that was not deleted because of a fault of ours.
NOT_DELETED = "NOT_DELETED"
#: Code of an entry that stands behind an earlier one with its e-mail.
DUPLICATE_IN_REQUEST = "DUPLICATE_IN_REQUEST"


@dataclass(frozen=True, slots=True)
class CreateEntry:
    """One contact of a request, at `index`, from 0.

    Either `values` are there, or `problem` says why they can't become a contact. `duplicate_of` is the index of the
    entry that has the same e-mail and comes first.
    """

    index: int
    client_contact_id: str | None
    values: Mapping[str, FieldValue] | None
    problem: Problem | None = None
    duplicate_of: int | None = None

    def to_record(self) -> list[Any]:
        problem = self.problem and [self.problem.code, self.problem.message, self.problem.field]
        return [self.index, self.client_contact_id, self.values, problem, self.duplicate_of]

    @classmethod
    def from_record(cls, record: Sequence[Any]) -> CreateEntry:
        index, client_contact_id, values, problem, duplicate_of = record
        return cls(index, client_contact_id, values, Problem(*problem) if problem else None, duplicate_of)


def find_duplicates(entries: Iterable[CreateEntry]) -> list[CreateEntry]:
    """Mark every entry whose primary e-mail, trimmed and in lower case, an earlier one has (specification, "In-job
    deduplication"). Entries that can't become contacts stand in nobody's way; those without e-mail are never
    duplicates."""
    first: dict[str, int] = {}
    marked = []
    for entry in entries:
        email = entry.values.get("email") if entry.values else None
        if not isinstance(email, str):
            marked.append(entry)
            continue
        winner = first.setdefault(normalise_email(email), entry.index)
        marked.append(entry if winner == entry.index else replace(entry, values=None, duplicate_of=winner))
    return marked


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOutcome:
    """What became of one entry. `contact_id` is the contact that it made; of a duplicate, that of the first one."""

    index: int
    client_contact_id: str | None
    outcome: Outcome
    contact_id: str | None = None
    duplicate_of: int | None = None
    code: str | None = None
    message: str | None = None

    def to_record(self) -> list[Any]:
        return [
            self.index,
            self.client_contact_id,
            self.outcome.value,
            self.contact_id,
            self.duplicate_of,
            self.code,
            self.message,
        ]

    @classmethod
    def from_record(cls, record: Sequence[Any]) -> CreateOutcome:
        index, client_contact_id, outcome, contact_id, duplicate_of, code, message = record
        return cls(
            index=index,
            client_contact_id=client_contact_id,
            outcome=Outcome(outcome),
            contact_id=contact_id,
            duplicate_of=duplicate_of,
            code=code,
            message=message,
        )


def created_ids(outcomes: Iterable[CreateOutcome]) -> list[str]:
    """The contacts that came into being."""
    return [each.contact_id for each in outcomes if each.outcome is Outcome.CREATED and each.contact_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOutcome:
    """What became of one contact that was to be deleted. `edited` says that it changed after its creation."""

    contact_id: str
    outcome: Outcome
    edited: bool = False
    code: str | None = None
    message: str | None = None

    def to_record(self) -> list[Any]:
        return [self.contact_id, self.outcome.value, self.edited, self.code, self.message]

    @classmethod
    def from_record(cls, record: Sequence[Any]) -> DeleteOutcome:
        contact_id, outcome, edited, code, message = record
        return cls(contact_id=contact_id, outcome=Outcome(outcome), edited=edited, code=code, message=message)
