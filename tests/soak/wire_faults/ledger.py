"""What clients asked for, what they were answered, and what they therefore may rely on. The checker knows no more."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class SentJob:
    """A job that a client was told of.

    Attributes:
        kind: `import`, `bulk_create`, `bulk_delete`, `export`.
        rows: of an import's file; entries of a bulk create.
        may_double: whether it may give an e-mail a second contact, because that was asked for.
    """

    tenant: str
    kind: str
    job_id: str
    rows: int | None = None
    may_double: bool = False


@dataclass(frozen=True)
class KeyedAnswer:
    """What an idempotency key got as an answer: always the same, however often it is sent."""

    tenant: str
    key: str
    thing: str


@dataclass
class KnownContact:
    """A contact of which its tenant knows how it has to be in the end.

    Attributes:
        exists: None where either is right.
        values: of fields that nobody else writes.
    """

    tenant: str
    contact_id: str
    exists: bool | None
    values: dict[str, str] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class KeptEdit:
    """An edit that the latest rollback of a job has to name as kept."""

    tenant: str
    job_id: str
    contact_id: str
    field: str


@dataclass
class Ledger:
    """Appended to by many threads; read when they have ended."""

    markers: dict[str, str] = field(default_factory=dict)
    """A text that stands in all data of a tenant and in no other's."""
    jobs: list[SentJob] = field(default_factory=list)
    answers: list[KeyedAnswer] = field(default_factory=list)
    contacts: list[KnownContact] = field(default_factory=list)
    kept: list[KeptEdit] = field(default_factory=list)
    doubled: list[tuple[str, str]] = field(default_factory=list)
    """(tenant, id) of contacts that were created singly though their e-mail was taken, as asked for."""
    outcomes: dict[str, dict[int, str]] = field(default_factory=dict)
    """Of imports by id: what each row has to come to, if the import completes."""
    unanswered: list[str] = field(default_factory=list)
    """Requests that a client gave up: it can't tell what they did."""

    def as_json(self) -> dict[str, Any]:
        """For the report of a run that found something."""
        return asdict(self)
