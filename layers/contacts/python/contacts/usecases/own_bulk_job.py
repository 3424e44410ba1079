"""Find a bulk job that the caller may see."""

from __future__ import annotations

from dataclasses import dataclass

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.errors import Forbidden, NotFound
from contacts.domain.seeded_ids import may_be_an_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks. `is_admin` says whether they may do what otherwise only a job's own user may."""

    tenant: str
    user: str
    is_admin: bool

    def may_see(self, job: BulkJob) -> bool:
        """Whether a job of the caller's tenant is theirs to see and to clean up."""
        return self.is_admin or self.user == job.created_by


def own_bulk_job(jobs: BulkJobStore, kind: BulkKind, caller: Caller, job_id: str, now: str) -> BulkJob:
    """The job of this id.

    Raises:
        NotFound: there is none, or it has expired.
        Forbidden: it is another tenant's or another user's. A job's id is random, so that nobody finds one by trying.
    """
    job = jobs.find_job(kind, job_id) if may_be_an_id(job_id) else None
    if job is None or not job.is_shown(now):
        raise NotFound("there is no such job, or it has expired", code="JOB_NOT_FOUND")
    if job.tenant != caller.tenant:
        raise Forbidden("this job belongs to another tenant", code="JOB_FORBIDDEN")
    if not caller.may_see(job):
        raise Forbidden("this job belongs to another user", code="JOB_FORBIDDEN")
    return job
