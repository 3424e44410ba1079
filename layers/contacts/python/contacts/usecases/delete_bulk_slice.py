"""Delete the contacts of one slice of a clean-up, or look which would go."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from contacts.domain.bulk_entries import NOT_DELETED, DeleteOutcome
from contacts.domain.bulk_job import BulkJob
from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import Delete
from contacts.domain.plan import Plan, PlannedWrite, Settled, settle_rounds
from contacts.domain.rows import Outcome, RowError, RowOutcome
from contacts.ports import Clock, ContactStore, FileStore
from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE, bulk_unit, load_ids_to_delete
from contacts.usecases.unit_of_work import UnitOfWork

#: Reason of an outcome whose contact changed after the bulk job created it.
EDITED = "EDITED"


class DeleteBulkSlice:
    """Carries slices out, and closes those that never ended. Run twice, killed anywhere and run again: the same end."""

    def __init__(self, *, contacts: ContactStore, files: FileStore, work: UnitOfWork, clock: Clock) -> None:
        self._contacts = contacts
        self._files = files
        self._work = work
        self._clock = clock

    def run(self, job: BulkJob, slice_: int) -> list[DeleteOutcome]:
        """Delete the slice's contacts; in a dry run, look at them."""
        ids = load_ids_to_delete(self._files, job, slice_)

        def decide(undecided: Collection[int]) -> Plan:
            return self._decide(job, {index: ids[index] for index in undecided})

        settled = settle_rounds([decide(ids)]) if job.dry_run else self._work.run(bulk_unit(job, slice_), ids, decide)
        return _items(ids, settled)

    def close(self, job: BulkJob, slice_: int) -> list[DeleteOutcome]:
        """Let nobody begin with the slice any more, and find out how far it came; what is not deleted has failed.

        Raises:
            UnitStillWrittenError: a worker may still be at it.
        """
        ids = load_ids_to_delete(self._files, job, slice_)
        settled = self._work.close(
            bulk_unit(job, slice_), _not_deleted, ids, now=self._clock(), worker_life=SLICE_WORKER_LIFE
        )
        return _items(ids, settled)

    def _decide(self, job: BulkJob, ids: Mapping[int, str]) -> Plan:
        found = self._contacts.find_by_ids(job.tenant, ids.values())
        writes: list[PlannedWrite] = []
        outcomes: list[RowOutcome] = []
        for index, contact_id in ids.items():
            contact = found.get(contact_id)
            if contact is None:
                outcomes.append(RowOutcome(index, Outcome.NOT_FOUND, contact_id))
            elif contact.external_source != job.tracking_key:
                outcomes.append(RowOutcome(index, Outcome.FORBIDDEN, contact_id))
            elif job.dry_run:
                outcomes.append(RowOutcome(index, Outcome.CANDIDATE, contact_id, _reason(contact)))
            else:
                outcome = RowOutcome(index, Outcome.DELETED, contact_id, _reason(contact))
                writes.append(PlannedWrite(Delete(contact, Mark(job.id, index)), (outcome,)))
        return Plan(writes, outcomes, [])


def _reason(contact: Contact) -> str:
    return EDITED if contact.updated_at != contact.created_at else ""


def _items(ids: Mapping[int, str], settled: Settled) -> list[DeleteOutcome]:
    errors = {error.row: error for error in settled.errors}
    return [_item(ids, outcome, errors) for outcome in settled.outcomes]


def _item(ids: Mapping[int, str], outcome: RowOutcome, errors: Mapping[int, RowError]) -> DeleteOutcome:
    error = errors.get(outcome.row)
    return DeleteOutcome(
        contact_id=ids[outcome.row],
        outcome=outcome.outcome,
        edited=outcome.reason == EDITED,
        code=error.code if error else None,
        message=error.error if error else None,
    )


def _not_deleted(row: int) -> RowError:
    return RowError(row, None, None, NOT_DELETED, "the contact was not deleted because of a fault on our side")
