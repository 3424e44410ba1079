"""Bulk jobs: many contacts created for a client, and what such a job created taken away again.

Both kinds are cut into slices, which workers carry out in any order and at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from contacts.domain.errors import Problem
from contacts.domain.rows import Outcome

#: The specification's limit for one job (lifecycle, step 2).
MAX_BULK_CONTACTS = 5_000
#: Entries in one slice: what a worker does in a second or two, so that many jobs make progress side by side.
SLICE_ENTRIES = 500
#: How long a job, its items and its lists can be asked for after its last change (specification, "cache TTL").
SHOWN_FOR = timedelta(hours=24)
#: How long a summary line of it stays in the list of jobs, for operators who look for an old run.
LISTED_FOR = timedelta(days=90)


class BulkKind(StrEnum):
    """What a bulk job does."""

    CREATE = "bulk_create"
    DELETE = "bulk_delete"


class BulkStatus(StrEnum):
    """The specification's states of a bulk job, in the order in which they are reached."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


OPEN_BULK_STATUSES = frozenset({BulkStatus.QUEUED, BulkStatus.PROCESSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkCounts:
    """What became of entries. `succeeded` are those created or deleted; in a dry run, those that would be deleted."""

    succeeded: int = 0
    skipped: int = 0
    failed: int = 0
    not_found: int = 0
    forbidden: int = 0

    @property
    def processed(self) -> int:
        return self.succeeded + self.skipped + self.failed + self.not_found + self.forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkJob:
    """One bulk job. Small by design: entries and outcomes live in objects.

    Attributes:
        tracking_key: the name of what a job creates, or is to delete.
        total: entries of the job.
        slices_done: how many of its slices are recorded; the job is closed after the last one.
        client_source, client_reference_id: of a create job, as the client gave them.
        collection_id: of a create job, the collection that its contacts are put into at its end.
        collection_editor: whether the caller could edit any collection when the job was started.
        collection_problem: why the collection could not be filled; another try can still fill it.
        create_job_id: of a delete job, the job whose contacts it deletes.
        dry_run: of a delete job, whether it only looks.
        given_up_at: since when nobody may work on an open job any more: it could not be closed, and ends as it is.
    """

    id: str
    kind: BulkKind
    tenant: str
    created_by: str
    created_at: str
    changed_at: str
    tracking_key: str
    total: int
    status: BulkStatus = BulkStatus.QUEUED
    counts: BulkCounts = field(default_factory=BulkCounts)
    slices_done: int = 0
    started_at: str | None = None
    completed_at: str | None = None
    client_source: str | None = None
    client_reference_id: str | None = None
    collection_id: str | None = None
    collection_editor: bool = False
    collection_problem: Problem | None = None
    create_job_id: str | None = None
    dry_run: bool = False
    given_up_at: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_BULK_STATUSES

    @property
    def is_workable(self) -> bool:
        """Whether slices of it may be worked on."""
        return self.is_open and self.given_up_at is None

    @property
    def slices(self) -> int:
        """How many slices the job has. A job without entries has an empty one, whose worker closes it."""
        return max(1, -(-self.total // SLICE_ENTRIES))

    @property
    def is_done(self) -> bool:
        """Whether all slices are recorded."""
        return self.slices_done >= self.slices

    def rows(self, slice_: int) -> range:
        """The entries of a slice, by their index in the request."""
        start = slice_ * SLICE_ENTRIES
        return range(start, min(start + SLICE_ENTRIES, self.total))

    def is_shown(self, now: str) -> bool:
        """Whether the job can still be asked for; a summary line of it stays longer. One that is open always can: it
        may wait in its tenant's line for longer than that."""
        return self.is_open or datetime.fromisoformat(now) < datetime.fromisoformat(self.changed_at) + SHOWN_FOR


def slice_of(row: int) -> int:
    """The slice that an entry is in."""
    return row // SLICE_ENTRIES


def final_status(counts: BulkCounts, collection_problem: Problem | None = None) -> BulkStatus:
    """How a job ends with these counts."""
    if counts.failed and not counts.succeeded:
        return BulkStatus.FAILED
    return BulkStatus.PARTIAL if counts.failed or collection_problem else BulkStatus.COMPLETED


@dataclass(frozen=True, slots=True)
class SliceRecord:
    """A finished slice. Written once, together with the job's counts."""

    slice: int
    counts: BulkCounts
    reconciled: bool = False
    """True where the slice never ended by itself and was closed from its plans and the table."""


_FIELD_OF_OUTCOME = {
    Outcome.CREATED: "succeeded",
    Outcome.DELETED: "succeeded",
    Outcome.CANDIDATE: "succeeded",
    Outcome.SKIPPED: "skipped",
    Outcome.ERROR: "failed",
    Outcome.NOT_FOUND: "not_found",
    Outcome.FORBIDDEN: "forbidden",
}


def count_outcomes(outcomes: Iterable[Outcome]) -> BulkCounts:
    """Sum up entries by what became of them."""
    counts = dict.fromkeys(_FIELD_OF_OUTCOME.values(), 0)
    for outcome in outcomes:
        counts[_FIELD_OF_OUTCOME[outcome]] += 1
    return BulkCounts(**counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSlice:
    """A slice in its tenant's line. Only the first few of a line are sent to the workers at a time.

    Attributes:
        position: its place in the line; jobs stand in the order of their start.
        sendings: how often it was sent.
        sent_at: when it was last sent, None if never.
    """

    tenant: str
    position: str
    kind: BulkKind
    job_id: str
    slice: int
    sendings: int = 0
    sent_at: str | None = None


def waiting_slice(job: BulkJob, slice_: int) -> WaitingSlice:
    """A slice as it joins its tenant's line."""
    position = f"{job.created_at}#{job.id}#{slice_:05d}"
    return WaitingSlice(tenant=job.tenant, position=position, kind=job.kind, job_id=job.id, slice=slice_)


def line_of(job: BulkJob) -> Iterator[WaitingSlice]:
    """A new job's slices as they join their tenant's line."""
    return (waiting_slice(job, slice_) for slice_ in range(job.slices))
