"""Put down what became of a slice of a bulk job: the list that clients see, the event, the record."""

from __future__ import annotations

from collections.abc import Callable

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_entries import CreateOutcome, created_ids
from contacts.domain.bulk_job import BulkJob, BulkKind, SliceRecord, count_outcomes
from contacts.ports import Clock, FileStore
from contacts.usecases.announce_contacts import AnnounceContacts
from contacts.usecases.bulk_slices import SliceItems, SliceList, load_list, store_list


class EndBulkSlice:
    """Every step can be repeated; the record comes last and counts once.

    The first list that is stored stands, and with it the slice is over: whoever comes to it later takes up that list
    and touches no contact. So nobody is told of anything else than what was counted, also where a worker was slow or
    broke off, and another one would find other things because people went on meanwhile.
    """

    def __init__(
        self, *, jobs: BulkJobStore, files: FileStore, announce: AnnounceContacts | None, clock: Clock
    ) -> None:
        """`announce` tells of contacts that came into being; None for the jobs that make none."""
        self._jobs = jobs
        self._files = files
        self._announce = announce
        self._clock = clock

    def __call__(
        self, job: BulkJob, slice_: int, carry_out: Callable[[BulkJob, int], SliceItems], *, reconciled: bool
    ) -> None:
        """Carry the slice out, unless an earlier try has come as far as its list, and record it."""
        listed = load_list(self._files, job, slice_)
        if listed is None:
            listed = store_list(self._files, job, slice_, SliceList(carry_out(job, slice_), reconciled=reconciled))
        self._tell(job, slice_, listed.items)
        counts = count_outcomes(item.outcome for item in listed.items)
        record = SliceRecord(slice_, counts, reconciled=listed.reconciled)
        self._jobs.record_slice(job, record, self._clock())

    def _tell(self, job: BulkJob, slice_: int, items: SliceItems) -> None:
        """Before the record: a crash in between tells it again, under the same id, instead of never."""
        created = created_ids(item for item in items if isinstance(item, CreateOutcome))
        if created and self._announce is not None:
            self._announce(job.tenant, created, event_id=f"{BulkKind.CREATE}-{job.id}-{slice_}", job_id=job.id)
