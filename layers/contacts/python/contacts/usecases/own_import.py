"""Find an import that the caller may see."""

from __future__ import annotations

from contacts.domain.errors import Forbidden, NotFound
from contacts.domain.import_job import ImportJob
from contacts.domain.seeded_ids import may_be_an_id
from contacts.ports import JobStore


def own_import(jobs: JobStore, tenant: str, job_id: str) -> ImportJob:
    """The job of this id.

    Raises:
        NotFound: there is none, or it has expired.
        Forbidden: it is another tenant's. The specification wants this told apart; a job's id is random, so that
            nobody finds one by trying.
    """
    job = jobs.find_import(job_id) if may_be_an_id(job_id) else None
    if job is None:
        raise NotFound("there is no import job of this id", code="JOB_NOT_FOUND")
    if job.tenant != tenant:
        raise Forbidden("this import job belongs to another tenant", code="JOB_FORBIDDEN")
    return job
