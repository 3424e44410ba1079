"""What the use cases ask of the world, as Protocols. Adapters implement them; tests have an in-memory one of each.

Unless a method says otherwise it raises whatever its service raises: such trouble is not a result, and is retried.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import ContactWrite, Settlement, WriteResult
from contacts.domain.import_job import FileError, ImportJob, ImportStatus, PartRecord, StagedFile
from contacts.domain.jobs import Job
from contacts.domain.paging import Page
from contacts.domain.rollback import Rollback, RollbackMode, RollbackPart, RollbackStatus
from contacts.domain.segment import Segment

#: Now, as ISO 8601 in UTC with milliseconds and `Z`.
Clock = Callable[[], str]


class Addressing(Protocol):
    """How one tenant's contacts are named. Fixed for the tenant's life, so that every retry names the same contact."""

    def route(self, email: str) -> int:
        """A number that is the same for the same normalised e-mail, evenly spread over 32 bits."""
        ...

    def contact_id(self, email: str | None, mark: Mark) -> str:
        """The id of the contact that this row of this job makes; `email` is normalised, None for none."""
        ...


class ContactStore(Protocol):
    """The contacts of all tenants. Reads are strongly consistent unless said otherwise. E-mails are normalised."""

    def addressing(self, tenant: str) -> Addressing: ...

    def find_by_emails(self, tenant: str, emails: Collection[str]) -> dict[str, Contact]:
        """The contact that holds each e-mail: the one that matching takes. E-mails nobody holds are left out."""
        ...

    def find_all_by_email(self, tenant: str, email: str) -> list[Contact]:
        """Every contact with this primary e-mail, the holder first, then its twins, oldest first."""
        ...

    def find_by_ids(self, tenant: str, ids: Collection[str]) -> dict[str, Contact]:
        """The contacts with these ids, wherever a changed e-mail has moved them."""
        ...

    def find_ids_by_external_source(self, tenant: str, source: str) -> Iterator[str]:
        """The ids of the contacts with this `external_source`, each once, in the order of the ids.

        Eventually consistent: a contact written moments ago may be missing, one deleted moments ago may be there.
        """
        ...

    def write(self, tenant: str, writes: Sequence[ContactWrite]) -> list[WriteResult]:
        """Try each write, each under its own condition, and say what came of each, in the same order.

        Throttled writes are tried again with back-off. No two writes of one call may be about the same contact.
        A batch whose answer is lost is not sent again: its writes are UNKNOWN, because somebody may have changed a
        contact between the two sendings.
        """
        ...

    def settle(self, tenant: str, writes: Sequence[ContactWrite]) -> list[Settlement]:
        """Look again at writes that were refused, unknown, or made by an earlier try: see `Settlement`.

        A write is recognised by its mark on the contact, under its place, its id, the place it moved to, or the
        trace that a young contact leaves when it is deleted.
        """
        ...

    def list_contacts(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Contact]:
        """The tenant's contacts in no particular order, each once; pages hold up to `limit`.

        A contact whose e-mail changes while somebody pages can show up twice or not at all: see `scan`.
        """
        ...

    def scan(self, tenant: str, *, readers: int = 4) -> Generator[Contact, None, None]:
        """All contacts of the tenant, in no particular order, each as it was at some moment of the scan.

        A contact that exists during the whole scan, from the first `next` to the end, comes exactly once, wherever
        others move it meanwhile; one that is created or deleted meanwhile may or may not come; none comes twice.
        Takes constant memory, however slow the caller is.

        Args:
            readers: how many parts of the store are read at a time, each with one page of read-ahead; at least 1.
                The reading ends with the generator: a caller that stops early closes it.
        """
        ...


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job of any kind that has not ended, or has not been announced, for the sweeper."""

    job_id: str
    changed_at: str
    kind: str


class JobStore(Protocol):
    """Import jobs and the records of their parts. Status never goes back."""

    def create_import(self, job: ImportJob) -> bool:
        """Store a new job; False if a job with this id is there already."""
        ...

    def find_import(self, job_id: str) -> ImportJob | None:
        """The job, or None where there is none or it has expired; strongly consistent."""
        ...

    def start_processing(self, job_id: str, at: str) -> ImportJob | None:
        """Move a pending job to processing, and return it. A job that is processing already stays as it is; None if
        it has ended or never was."""
        ...

    def record_staged(self, job_id: str, staged: StagedFile, at: str) -> bool:
        """Keep what staging found, once, and count the rows that it rejected; False if it stands there already or
        the job has ended."""
        ...

    def record_part(self, job_id: str, part: PartRecord, at: str) -> bool:
        """Keep a part's record and add its counts to the job's, both or neither, and once however often it is
        called. False if the record stands there already or the job has ended. Conflicts with other parts are tried
        again."""
        ...

    def has_part(self, job_id: str, part: int) -> bool: ...

    def parts(self, job_id: str) -> Iterator[PartRecord]:
        """The records of all finished parts, in order of their numbers; strongly consistent."""
        ...

    def close_import(
        self, job_id: str, status: ImportStatus, at: str, error: FileError | None = None
    ) -> ImportJob | None:
        """End an open job as completed or failed, and return it; None if it has ended already or never was."""
        ...

    def mark_announced(self, job_id: str, at: str) -> None:
        """Note that the closing event went out: the sweeper has nothing more to do with the job."""
        ...

    def start_rollback(self, job_id: str, rollback: Rollback, at: str) -> ImportJob | None:
        """Begin a run, or take a failed one up again, and return the job; None where the job's state forbids it.

        A new run needs a job that is completed or failed and has no rollback running. A failed run goes on while the
        job is rolling back. A rollback that begins with writing moves the job to rolling back at once. The job shows
        the run's counts from zero, those of a run that goes on stay. The sweeper sees the job until the run ends.
        Called again for the same run, attempt and request it returns the job as it is: an answer was lost.
        """
        ...

    def start_rollback_writes(self, job_id: str, run: int, at: str) -> bool:
        """Go from looking to writing: the job is rolling back, the counts start from zero. False if this run is not
        running; True again if it writes already."""
        ...

    def record_rollback_part(self, job_id: str, part: RollbackPart, at: str) -> bool:
        """Like `record_part`, for one pass of a running rollback."""
        ...

    def has_rollback_part(self, job_id: str, run: int, mode: RollbackMode, part: int) -> bool: ...

    def rollback_parts(self, job_id: str, run: int, mode: RollbackMode) -> Iterator[RollbackPart]:
        """The records of all finished parts of one pass, in order of their numbers; strongly consistent."""
        ...

    def end_rollback(self, job_id: str, run: int, status: RollbackStatus, at: str, errors: int = 0) -> ImportJob | None:
        """End a running rollback and return the job; None if this run is not running.

        One that completes after writing makes the job rolled back. `errors` replaces the run's count of errors.
        """
        ...

    def open_jobs(self, changed_before: str) -> Iterator[OpenJob]:
        """Jobs that have not ended, or not been announced, and have not changed since; eventually consistent."""
        ...

    def list_jobs(
        self,
        tenant: str,
        *,
        limit: int,
        position: str | None = None,
        status: str | None = None,
        kind: str | None = None,
    ) -> Page[Job]:
        """The tenant's jobs of all kinds, or of one, newest first; eventually consistent."""
        ...


class SegmentStore(Protocol):
    """Segments and who is in them."""

    def ensure(self, segment: Segment) -> Segment:
        """The segment of that id, made if it is not there."""
        ...

    def find(self, tenant: str, segment_id: str) -> Segment | None: ...

    def list_segments(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Segment]: ...

    def remove_members(self, tenant: str, segment_id: str, job: str) -> None:
        """Take away all that this job put in; the same call again changes nothing."""
        ...

    def remove_if_empty(
        self, tenant: str, segment_id: str, made_by_job: str, *, has_member: Callable[[Sequence[str]], bool] = bool
    ) -> bool:
        """Remove a segment that this job made and nobody is in. One that somebody ensures or fills meanwhile stays.

        `has_member` is asked of each page of listed ids whether one of them is still in it; by default any is.
        """
        ...

    def put_members(self, tenant: str, segment_id: str, job: str, part: int, contact_ids: Sequence[str]) -> None:
        """Set who came into the segment with this part of this job; the same call again changes nothing."""
        ...

    def members(self, tenant: str, segment_id: str, *, position: str | None = None) -> Page[str]:
        """Ids of contacts that were put in, up to 1,000 a page. Some may be gone or no longer in it: the contact's
        own `segments` decides."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyClaim:
    """What stands behind an Idempotency-Key: the body it came with, and the seed from which everything is named.

    Attributes:
        fingerprint: SHA-256 of route and body.
        seed: random, made by the first to claim the key; whoever comes second works with the same seed, and so makes
            the same things.
        answer: what was answered, None while the first is still at work or has died.
    """

    fingerprint: str
    seed: str
    answer: Mapping[str, Any] | None = None


class IdempotencyStore(Protocol):
    """Idempotency keys for 24 hours."""

    def claim(self, key: str, claim: IdempotencyClaim) -> IdempotencyClaim:
        """Claim `key`, or get the claim that stands there already; atomic."""
        ...

    def store_answer(self, key: str, answer: Mapping[str, Any]) -> None:
        """Keep the answer to a claim, unless there is one. One too large to be kept is not: then the operation runs
        again, and comes to the same."""
        ...


class NotDeleted(Exception):
    """The bucket answered, but kept some of the objects; its text says how many, and why the first one."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """An object in the bucket."""

    size: int
    version: str


class FileStore(Protocol):
    """Objects in the bucket, by key."""

    def info(self, key: str) -> FileInfo | None: ...

    def put(self, key: str, body: bytes) -> None: ...

    def put_if_absent(self, key: str, body: bytes) -> bool:
        """Store unless there is an object of that key already: then False."""
        ...

    def get(self, key: str) -> bytes | None:
        """The whole object, None if there is none."""
        ...

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; empty from the object's end on, or where there is no object."""
        ...

    def open(self, key: str, version: str | None = None) -> AbstractContextManager[BinaryIO]:
        """The object as a stream, not seekable. A connection that breaks is taken up again where it broke."""
        ...

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> int:
        """Store a stream of any length at constant memory, all or nothing; returns its size."""
        ...

    def list_keys(self, prefix: str) -> Iterator[str]:
        """Keys with this prefix, in order; strongly consistent."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Remove these objects; those that are gone already are no trouble.

        Raises:
            NotDeleted: some could not be removed.
        """
        ...


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """A form that lets a browser upload one file."""

    url: str
    fields: Mapping[str, str]
    expires_at: str


class FileLinks(Protocol):
    """Links into the bucket for clients."""

    def sign_upload(self, key: str, *, max_bytes: int, seconds: int) -> SignedUpload: ...

    def sign_download(self, key: str, *, file_name: str, seconds: int) -> str: ...

    def url_of(self, key: str) -> str:
        """The object's own address; not a way in."""
        ...

    def key_of(self, url: str) -> str | None:
        """The key that such an address names, None for any other address."""
        ...


class ExecutionState(StrEnum):
    """How the state machine stands with a job."""

    MISSING = "missing"
    RUNNING = "running"
    ENDED = "ended"


class JobRunner(Protocol):
    """Starts the state machine of a job. The execution is named after the job, so a second start does nothing."""

    def start_import(self, job_id: str) -> None: ...

    def import_state(self, job_id: str) -> ExecutionState: ...

    def start_rollback(self, job_id: str, run: int, attempt: int) -> None: ...

    def rollback_state(self, job_id: str, run: int, attempt: int) -> ExecutionState: ...


class EventPublisher(Protocol):
    """Events for other systems, at least once."""

    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None: ...
