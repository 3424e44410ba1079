"""Show a bulk job, and what became of each of its entries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_entries import CreateOutcome, DeleteOutcome, created_ids
from contacts.domain.bulk_job import BulkJob, BulkKind, slice_of
from contacts.domain.paging import Page
from contacts.domain.rows import Outcome
from contacts.ports import Clock, FileStore
from contacts.usecases.bulk_slices import load_create_outcomes, load_delete_outcomes
from contacts.usecases.line_pages import no_position, parse_position
from contacts.usecases.own_bulk_job import Caller, own_bulk_job

_Item = TypeVar("_Item", CreateOutcome, DeleteOutcome)
_Load = Callable[[FileStore, BulkJob, int], "list[_Item] | None"]


@dataclass(frozen=True, slots=True)
class CreateJobDetail:
    """A create job with the outcomes of all slices that are done, in the request's order."""

    job: BulkJob
    outcomes: Sequence[CreateOutcome]

    @property
    def contact_ids(self) -> list[str]:
        return created_ids(self.outcomes)

    @property
    def failures(self) -> list[CreateOutcome]:
        return [each for each in self.outcomes if each.outcome is Outcome.ERROR]


@dataclass(frozen=True, slots=True)
class DeleteJobDetail:
    """A delete job with the outcomes of all slices that are done."""

    job: BulkJob
    outcomes: Sequence[DeleteOutcome]

    @property
    def candidate_contact_ids(self) -> list[str]:
        """Those that the create job made and that were there: deleted, to be deleted, or failed."""
        found = (Outcome.DELETED, Outcome.CANDIDATE, Outcome.ERROR)
        return [each.contact_id for each in self.outcomes if each.outcome in found]

    @property
    def deleted_contact_ids(self) -> list[str]:
        return [each.contact_id for each in self.outcomes if each.outcome is Outcome.DELETED]

    @property
    def failures(self) -> list[DeleteOutcome]:
        return [each for each in self.outcomes if each.outcome is Outcome.ERROR]


class GetBulkJob:
    """Bulk jobs and their items, for as long as they can be asked for. A job that runs shows what is done so far."""

    def __init__(self, *, jobs: BulkJobStore, files: FileStore, clock: Clock) -> None:
        self._jobs = jobs
        self._files = files
        self._clock = clock

    def create_job(self, caller: Caller, job_id: str) -> CreateJobDetail:
        """
        Raises:
            NotFound, Forbidden: see `own_bulk_job`.
        """
        job = self._own(BulkKind.CREATE, caller, job_id)
        return CreateJobDetail(job, list(self._outcomes(job, load_create_outcomes)))

    def delete_job(self, caller: Caller, job_id: str) -> DeleteJobDetail:
        """
        Raises:
            NotFound, Forbidden: see `own_bulk_job`.
        """
        job = self._own(BulkKind.DELETE, caller, job_id)
        return DeleteJobDetail(job, list(self._outcomes(job, load_delete_outcomes)))

    def create_items(
        self, caller: Caller, job_id: str, *, limit: int, position: str | None
    ) -> tuple[BulkJob, Page[CreateOutcome]]:
        """A page of the entries that are done, in the request's order.

        Raises:
            NotFound, Forbidden: see `own_bulk_job`.
            InvalidRequest: the position is none.
        """
        job = self._own(BulkKind.CREATE, caller, job_id)
        page = self._page(job, load_create_outcomes, limit, position)
        return job, Page(self._with_first_ones(job, page.items), page.next_position)

    def delete_items(
        self, caller: Caller, job_id: str, *, limit: int, position: str | None
    ) -> tuple[BulkJob, Page[DeleteOutcome]]:
        """A page of the contacts that are done; see `create_items`."""
        job = self._own(BulkKind.DELETE, caller, job_id)
        return job, self._page(job, load_delete_outcomes, limit, position)

    def _own(self, kind: BulkKind, caller: Caller, job_id: str) -> BulkJob:
        return own_bulk_job(self._jobs, kind, caller, job_id, self._clock())

    def _outcomes(self, job: BulkJob, load: _Load[_Item]) -> Iterator[_Item]:
        for slice_ in self._jobs.slices(job.id):
            yield from load(self._files, job, slice_) or ()

    def _page(self, job: BulkJob, load: _Load[_Item], limit: int, position: str | None) -> Page[_Item]:
        """The position is an item's index. Slices that are not done are passed over, so the list of a job that runs
        has gaps; it is whole when the job has ended."""
        start = _parse_index(position, job)
        items: list[_Item] = []
        for slice_ in (each for each in self._jobs.slices(job.id) if each >= slice_of(start)):
            found = load(self._files, job, slice_) or []
            first = job.rows(slice_).start
            for index, item in enumerate(found, start=first):
                if index < start:
                    continue
                if len(items) == limit:
                    return Page(items, f"i:{index}")
                items.append(item)
        return Page(items)

    def _with_first_ones(self, job: BulkJob, items: Sequence[CreateOutcome]) -> list[CreateOutcome]:
        """Duplicates get the id of the contact that the first entry with their e-mail made, if it did."""
        ids = self._created(job, {each.duplicate_of for each in items if each.duplicate_of is not None})
        return [
            each if each.duplicate_of is None else replace(each, contact_id=ids.get(each.duplicate_of))
            for each in items
        ]

    def _created(self, job: BulkJob, indexes: Collection[int]) -> dict[int, str]:
        created: dict[int, str] = {}
        for slice_ in {slice_of(index) for index in indexes}:
            for each in load_create_outcomes(self._files, job, slice_) or ():
                if each.contact_id is not None and each.index in indexes:
                    created[each.index] = each.contact_id
        return created


def _parse_index(position: str | None, job: BulkJob) -> int:
    if position is None:
        return 0
    _, index = parse_position(position)
    if index > job.total:
        raise no_position()
    return index
