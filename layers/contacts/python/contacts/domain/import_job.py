"""An import job: what was asked for, where it stands, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contacts.domain.rollback import Rollback, RollbackStatus


class ImportStatus(StrEnum):
    """The specification's states of an import job, in the order in which they are reached."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"


#: A job in one of these still has work before it.
OPEN_STATUSES = frozenset({ImportStatus.PENDING, ImportStatus.PROCESSING})


class DuplicateStrategy(StrEnum):
    """What to do with a row about a contact that is there: by its id, or because it has the row's e-mail."""

    SKIP = "skip"
    UPDATE = "update"
    CREATE = "create"


class BlankValues(StrEnum):
    """What an empty cell means: nothing at all, or that the field is to be emptied."""

    IGNORE = "ignore"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How the caller wants the file read and written; the names are the specification's `ImportOptions`."""

    file_type: str | None = None
    duplicate_strategy: DuplicateStrategy = DuplicateStrategy.SKIP
    tags: tuple[str, ...] = ()
    segment_name: str | None = None
    validate_email: bool = True
    validate_phone: bool = False
    blank_values: BlankValues = BlankValues.IGNORE
    sheet: str | None = None
    unescape_formulas: bool = True
    """Take the marks off that an export to CSV puts before what could be a formula; see `formula_marks`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """What became of rows. `imported = created + updated`; `imported + skipped` is what was processed."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    errors: int = 0
    """How many of the skipped were in error."""

    @property
    def imported(self) -> int:
        return self.created + self.updated

    @property
    def processed(self) -> int:
        return self.created + self.updated + self.skipped

    def __add__(self, other: RowCounts) -> RowCounts:
        return RowCounts(
            created=self.created + other.created,
            updated=self.updated + other.updated,
            skipped=self.skipped + other.skipped,
            errors=self.errors + other.errors,
        )


@dataclass(frozen=True, slots=True)
class FileError:
    """Why the file, or the import as a whole, failed: the job's one error, in row 0."""

    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class StagedFile:
    """What staging found out. `upload_version` is the object version that was read, and that any later look uses."""

    upload_version: str
    file_type: str
    file_size: int
    header: tuple[str, ...]
    parts: int
    total_rows: int
    rejected: RowCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """One import. Small by design: lists that grow with the file live in objects.

    Times are ISO 8601 in UTC. `counts` move with every finished part. `announced` says that the closing event went
    out; `changed_at` is the last change of anything here.
    """

    id: str
    tenant: str
    created_by: str
    created_at: str
    changed_at: str
    file_name: str
    file_key: str
    file_url: str
    field_mapping: Mapping[str, str]
    options: ImportOptions = field(default_factory=ImportOptions)
    workspace: str | None = None
    status: ImportStatus = ImportStatus.PENDING
    counts: RowCounts = field(default_factory=RowCounts)
    staged: StagedFile | None = None
    file_error: FileError | None = None
    started_at: str | None = None
    completed_at: str | None = None
    rolled_back_at: str | None = None
    announced: bool = False
    rollback: Rollback | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that will change the job: the import itself, or a rollback of it."""
        return self.is_open or (self.rollback is not None and self.rollback.status is RollbackStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class PartRecord:
    """A finished part: its number and what became of its rows. Written once, together with the job's counts."""

    part: int
    counts: RowCounts
    reconciled: bool = False
    """True where the part never ended by itself and was closed from its plans and the table."""
