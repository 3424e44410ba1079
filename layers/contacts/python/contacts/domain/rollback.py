"""The rollback of an import: what is asked for, and where it stands. What becomes of one contact: see `undoing`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum

#: More than an import has parts.
FIRST_OF_THE_END = 90_000


class OnConflict(StrEnum):
    """What to do with what was edited after the import."""

    KEEP = "keep"
    FORCE = "force"
    ABORT = "abort"


class RollbackStatus(StrEnum):
    """Where a rollback stands. `failed` can be taken up again by a new request."""

    RUNNING = "running"
    COMPLETED = "completed"
    ABORTED = "aborted"
    FAILED = "failed"


class RollbackMode(StrEnum):
    """Whether a pass over the undo logs only looks, or writes."""

    LOOK = "look"
    WRITE = "write"


class RollbackReason(StrEnum):
    """Why a contact, or some of its fields, did not go back."""

    EDITED_LATER = "EDITED_LATER"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    GONE = "GONE"
    NOTHING_LEFT = "NOTHING_LEFT"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackCounts:
    """Contacts by what became of them. `errors` are those that could not be undone for a fault of ours."""

    deleted: int = 0
    restored: int = 0
    kept: int = 0
    unchanged: int = 0
    errors: int = 0

    @property
    def processed(self) -> int:
        return self.deleted + self.restored + self.kept + self.unchanged

    def __add__(self, other: RollbackCounts) -> RollbackCounts:
        return RollbackCounts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """The latest rollback of an import.

    Attributes:
        run: counts the rollbacks of this import, dry ones included, from 1. A failed one that goes on keeps its run.
        attempt: counts the executions of this run, from 1.
        request: names the request that began this attempt, so that the same request again is recognised.
        mode: which pass the counts are of.
    """

    run: int
    attempt: int
    on_conflict: OnConflict
    dry_run: bool
    requested_by: str
    request: str
    started_at: str
    status: RollbackStatus = RollbackStatus.RUNNING
    mode: RollbackMode = RollbackMode.LOOK
    counts: RollbackCounts = field(default_factory=RollbackCounts)
    ended_at: str | None = None

    @property
    def starts_with(self) -> RollbackMode:
        """A dry run only looks; one that may abort looks first; any other writes at once."""
        looks = self.dry_run or self.on_conflict is OnConflict.ABORT
        return RollbackMode.LOOK if looks else RollbackMode.WRITE

    @property
    def force(self) -> bool:
        return self.on_conflict is OnConflict.FORCE


@dataclass(frozen=True, slots=True)
class RollbackPart:
    """A finished part of one pass of a rollback. Written once, together with the rollback's counts.

    `part` is that of the import, or from `FIRST_OF_THE_END` on: what the parts have left to the end of the pass.
    """

    run: int
    mode: RollbackMode
    part: int
    counts: RollbackCounts
