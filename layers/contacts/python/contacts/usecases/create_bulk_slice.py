"""Create the contacts of one slice of a bulk job."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from contacts.domain.bulk_entries import DUPLICATE_IN_REQUEST, NOT_CREATED, CreateEntry, CreateOutcome
from contacts.domain.bulk_job import BulkJob
from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import ContactWrite, Insert, InsertTwin
from contacts.domain.email_address import normalise_email
from contacts.domain.plan import Plan, PlannedWrite, Settled
from contacts.domain.rows import Outcome, RowError, RowOutcome
from contacts.ports import Clock, ContactStore, FileStore
from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE, bulk_unit, load_create_entries
from contacts.usecases.unit_of_work import UnitOfWork


class CreateBulkSlice:
    """Carries slices out, and closes those that never ended. Run twice, killed anywhere and run again: the same end."""

    def __init__(
        self,
        *,
        contacts: ContactStore,
        files: FileStore,
        work: UnitOfWork,
        clock: Clock,
    ) -> None:
        self._contacts = contacts
        self._files = files
        self._work = work
        self._clock = clock

    def run(self, job: BulkJob, slice_: int) -> list[CreateOutcome]:
        """Create the slice's contacts."""
        entries = load_create_entries(self._files, job, slice_)
        settled = self._work.run(bulk_unit(job, slice_), _to_create(entries), self._decider(job, entries))
        return _items(entries, settled)

    def close(self, job: BulkJob, slice_: int) -> list[CreateOutcome]:
        """Let nobody begin with the slice any more, and find out how far it came; what is not created has failed.

        Raises:
            UnitStillWrittenError: a worker may still be at it.
        """
        entries = load_create_entries(self._files, job, slice_)
        settled = self._work.close(
            bulk_unit(job, slice_),
            _not_created,
            _to_create(entries),
            now=self._clock(),
            worker_life=SLICE_WORKER_LIFE,
        )
        return _items(entries, settled)

    def _decider(self, job: BulkJob, entries: Sequence[CreateEntry]) -> Callable[[Collection[int]], Plan]:
        by_index = {entry.index: entry for entry in entries}
        contact_id = self._contacts.addressing(job.tenant).contact_id
        now = self._clock()
        is_first = True

        def decide(undecided: Collection[int]) -> Plan:
            """At first take every e-mail to be free, which costs no look; a refused write tells which one is not."""
            nonlocal is_first
            made = [_contact(job, by_index[index], contact_id, now) for index in undecided]
            taken: Collection[str] = ()
            if not is_first:
                emails = {normalise_email(contact.email) for contact in made if contact.email is not None}
                taken = self._contacts.find_by_emails(job.tenant, emails)
            is_first = False
            return Plan([_planned(contact, taken) for contact in made], [], [])

        return decide


def _to_create(entries: Sequence[CreateEntry]) -> list[int]:
    return [entry.index for entry in entries if entry.values is not None]


def _contact(job: BulkJob, entry: CreateEntry, contact_id: Callable[[str | None, Mark], str], now: str) -> Contact:
    values = entry.values or {}
    mark = Mark(job.id, entry.index)
    email = values.get("email")
    return Contact(
        id=contact_id(normalise_email(email) if isinstance(email, str) else None, mark),
        values=values,
        version=1,
        created_at=now,
        updated_at=now,
        created_by=mark,
        external_source=job.tracking_key,
    )


def _planned(contact: Contact, taken: Collection[str]) -> PlannedWrite:
    is_taken = contact.email is not None and normalise_email(contact.email) in taken
    write: ContactWrite = InsertTwin(contact) if is_taken else Insert(contact)
    return PlannedWrite(write, (RowOutcome(contact.created_by.row, Outcome.CREATED, contact.id),))


def _items(entries: Sequence[CreateEntry], settled: Settled) -> list[CreateOutcome]:
    written = {outcome.row: outcome for outcome in settled.outcomes}
    errors = {error.row: error for error in settled.errors}
    return [_item(entry, written, errors) for entry in entries]


def _item(entry: CreateEntry, written: Mapping[int, RowOutcome], errors: Mapping[int, RowError]) -> CreateOutcome:
    index, client_contact_id = entry.index, entry.client_contact_id
    if entry.duplicate_of is not None:
        return CreateOutcome(
            index=index,
            client_contact_id=client_contact_id,
            outcome=Outcome.SKIPPED,
            duplicate_of=entry.duplicate_of,
            code=DUPLICATE_IN_REQUEST,
        )
    if entry.problem is not None:
        field = f"{entry.problem.field}: " if entry.problem.field else ""
        return CreateOutcome(
            index=index,
            client_contact_id=client_contact_id,
            outcome=Outcome.ERROR,
            code=entry.problem.code,
            message=f"{field}{entry.problem.message}",
        )
    if index in errors:
        error = errors[index]
        return CreateOutcome(
            index=index,
            client_contact_id=client_contact_id,
            outcome=Outcome.ERROR,
            code=error.code,
            message=error.error,
        )
    return CreateOutcome(
        index=index,
        client_contact_id=client_contact_id,
        outcome=Outcome.CREATED,
        contact_id=written[index].contact_id,
    )


def _not_created(row: int) -> RowError:
    return RowError(row, None, None, NOT_CREATED, "the contact was not created because of a fault on our side")
