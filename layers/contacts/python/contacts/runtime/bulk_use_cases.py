"""The use cases behind the HTTP API of bulk jobs, each with the ports that it asks for."""

from __future__ import annotations

from contacts.runtime.bulk_steps import dispatch_slices
from contacts.runtime.undispatched_jobs import tell_undispatched
from contacts.runtime.wiring import Wiring
from contacts.usecases.fill_collection import FillCollection
from contacts.usecases.get_bulk_job import GetBulkJob
from contacts.usecases.retry_collection import RetryCollection
from contacts.usecases.start_bulk_create import StartBulkCreate
from contacts.usecases.start_bulk_delete import StartBulkDelete
from contacts.usecases.submit_bulk_job import SubmitBulkJob


def start_bulk_create(wiring: Wiring) -> StartBulkCreate:
    return StartBulkCreate(
        collections=wiring.collections,
        files=wiring.files,
        submit=_submit(wiring),
        clock=wiring.clock,
    )


def start_bulk_delete(wiring: Wiring) -> StartBulkDelete:
    return StartBulkDelete(
        jobs=wiring.bulk_jobs,
        contacts=wiring.contacts,
        files=wiring.files,
        submit=_submit(wiring),
        clock=wiring.clock,
    )


def get_bulk_job(wiring: Wiring) -> GetBulkJob:
    return GetBulkJob(jobs=wiring.bulk_jobs, files=wiring.files, clock=wiring.clock)


def retry_collection(wiring: Wiring) -> RetryCollection:
    fill_collection = FillCollection(collections=wiring.collections, files=wiring.files)
    return RetryCollection(jobs=wiring.bulk_jobs, fill_collection=fill_collection, clock=wiring.clock)


def _submit(wiring: Wiring) -> SubmitBulkJob:
    return SubmitBulkJob(jobs=wiring.bulk_jobs, dispatch=dispatch_slices(wiring), on_not_dispatched=tell_undispatched)
