"""Find a rollback that the caller may see and that has left its list."""

from __future__ import annotations

from contacts.domain.errors import NotFound
from contacts.domain.import_job import ImportJob
from contacts.domain.rollback import Rollback, RollbackStatus
from contacts.ports import JobStore
from contacts.usecases.link_import_results import NotReady
from contacts.usecases.own_import import own_import


def ended_rollback(jobs: JobStore, tenant: str, job_id: str) -> tuple[ImportJob, Rollback]:
    """The import and its latest rollback, which has ended, in whatever way.

    Raises:
        NotFound: there is no such job, or it never was rolled back.
        Forbidden: it is another tenant's.
        NotReady: the rollback runs.
    """
    job = own_import(jobs, tenant, job_id)
    if job.rollback is None:
        raise NotFound("there was no rollback of this import", code="ROLLBACK_NOT_FOUND")
    if job.rollback.status is RollbackStatus.RUNNING:
        raise NotReady("the rollback still runs; its list is made at its end")
    return job, job.rollback
