"""The sweeper, with a mender for every kind of job, and with the announcements of single contacts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from contacts.domain.bulk_job import BulkKind
from contacts.domain.export_job import EXPORT_KIND
from contacts.domain.jobs import IMPORT_KIND
from contacts.runtime.bulk_steps import OnError, mend_bulk_job
from contacts.runtime.export_use_cases import mend_export
from contacts.runtime.import_steps import mend_import
from contacts.runtime.wiring import Wiring
from contacts.usecases.announce_contacts import AnnounceContacts
from contacts.usecases.announce_overdue_contacts import AnnounceOverdueContacts
from contacts.usecases.sweep_jobs import Mender, SweepJobs


def sweep_jobs(
    wiring: Wiring, on_error: OnError, *, time_left: Callable[[], timedelta] = lambda: timedelta.max
) -> SweepJobs:
    """`time_left` says how long the process may still run."""
    mend_bulk = mend_bulk_job(wiring, on_error)
    menders: dict[str, Mender] = {
        IMPORT_KIND: mend_import(wiring),
        BulkKind.CREATE.value: partial(mend_bulk, BulkKind.CREATE),
        BulkKind.DELETE.value: partial(mend_bulk, BulkKind.DELETE),
        EXPORT_KIND: mend_export(wiring),
    }
    return SweepJobs(
        jobs=wiring.jobs,
        menders=menders,
        tries=wiring.closing_tries,
        clock=wiring.clock,
        time_left=time_left,
        on_error=on_error,
    )


def announce_overdue_contacts(wiring: Wiring, on_error: OnError) -> AnnounceOverdueContacts:
    return AnnounceOverdueContacts(
        outbox=wiring.outbox,
        contacts=wiring.contacts,
        announce=AnnounceContacts(events=wiring.events),
        clock=wiring.clock,
        on_error=on_error,
    )
