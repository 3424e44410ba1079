"""The use cases behind the workers of bulk jobs, made of a function's ports."""

from __future__ import annotations

from collections.abc import Callable

from contacts.domain.bulk_job import BulkKind
from contacts.runtime.wiring import Wiring
from contacts.usecases.announce_contacts import AnnounceContacts
from contacts.usecases.create_bulk_slice import CreateBulkSlice
from contacts.usecases.delete_bulk_slice import DeleteBulkSlice
from contacts.usecases.dispatch_slices import DispatchSlices
from contacts.usecases.end_bulk_slice import EndBulkSlice
from contacts.usecases.fill_collection import FillCollection
from contacts.usecases.finish_bulk_job import FinishBulkJob
from contacts.usecases.mend_bulk_job import MendBulkJob
from contacts.usecases.unit_of_work import UnitOfWork
from contacts.usecases.work_bulk_slice import SliceWork, WorkBulkSlice

#: Told of trouble that a job ends in spite of: the job's id, and the exception.
OnError = Callable[[str, Exception], None]


def create_bulk_slice(wiring: Wiring, on_error: OnError) -> WorkBulkSlice:
    work = CreateBulkSlice(
        contacts=wiring.contacts,
        files=wiring.files,
        work=_unit_of_work(wiring),
        clock=wiring.clock,
    )
    announce = AnnounceContacts(events=wiring.events)
    return _worker(wiring, BulkKind.CREATE, work, announce, on_error)


def delete_bulk_slice(wiring: Wiring, on_error: OnError) -> WorkBulkSlice:
    work = DeleteBulkSlice(contacts=wiring.contacts, files=wiring.files, work=_unit_of_work(wiring), clock=wiring.clock)
    return _worker(wiring, BulkKind.DELETE, work, None, on_error)


def bulk_workers(wiring: Wiring, on_error: OnError) -> dict[BulkKind, WorkBulkSlice]:
    return {
        BulkKind.CREATE: create_bulk_slice(wiring, on_error),
        BulkKind.DELETE: delete_bulk_slice(wiring, on_error),
    }


def mend_bulk_job(wiring: Wiring, on_error: OnError) -> MendBulkJob:
    return MendBulkJob(
        jobs=wiring.bulk_jobs,
        workers=bulk_workers(wiring, on_error),
        finish=_finish(wiring, on_error),
        dispatch=dispatch_slices(wiring),
    )


def dispatch_slices(wiring: Wiring) -> DispatchSlices:
    return DispatchSlices(
        jobs=wiring.bulk_jobs,
        queue=wiring.slice_queue,
        clock=wiring.clock,
        slices_in_flight=wiring.settings.tenant_slices_in_flight,
    )


def _worker(
    wiring: Wiring, kind: BulkKind, work: SliceWork, announce: AnnounceContacts | None, on_error: OnError
) -> WorkBulkSlice:
    end_slice = EndBulkSlice(jobs=wiring.bulk_jobs, files=wiring.files, announce=announce, clock=wiring.clock)
    return WorkBulkSlice(
        kind=kind,
        work=work,
        end_slice=end_slice,
        jobs=wiring.bulk_jobs,
        finish=_finish(wiring, on_error),
        dispatch=dispatch_slices(wiring),
        clock=wiring.clock,
    )


def _finish(wiring: Wiring, on_error: OnError) -> FinishBulkJob:
    return FinishBulkJob(
        jobs=wiring.bulk_jobs,
        files=wiring.files,
        fill_collection=FillCollection(collections=wiring.collections, files=wiring.files),
        clock=wiring.clock,
        on_error=on_error,
    )


def _unit_of_work(wiring: Wiring) -> UnitOfWork:
    return UnitOfWork(contacts=wiring.contacts, files=wiring.files)
