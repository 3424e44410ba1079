"""Find an export that the caller may see."""

from __future__ import annotations

from contacts.domain.errors import Forbidden, NotFound
from contacts.domain.export_job import ExportJob
from contacts.domain.seeded_ids import may_be_an_id
from contacts.export_ports import ExportJobStore


def own_export(exports: ExportJobStore, tenant: str, job_id: str) -> ExportJob:
    """The job of this id, also where it has expired and the clean-up has not come yet.

    Raises:
        NotFound: there is none.
        Forbidden: it is another tenant's. A job's id is random, so that nobody finds one by trying.
    """
    job = exports.find_export(job_id) if may_be_an_id(job_id) else None
    if job is None:
        raise NotFound("there is no export job of this id", code="JOB_NOT_FOUND")
    if job.tenant != tenant:
        raise Forbidden("this export job belongs to another tenant", code="JOB_FORBIDDEN")
    return job
