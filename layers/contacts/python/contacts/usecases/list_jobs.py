"""List a tenant's jobs."""

from __future__ import annotations

from contacts.domain.jobs import Job
from contacts.domain.paging import Page
from contacts.ports import JobStore


class ListJobs:
    def __init__(self, *, jobs: JobStore) -> None:
        self._jobs = jobs

    def __call__(
        self, tenant: str, *, limit: int, position: str | None, kind: str | None = None, status: str | None = None
    ) -> Page[Job]:
        """The tenant's jobs, newest first, of one kind or status if asked for."""
        return self._jobs.list_jobs(tenant, limit=limit, position=position, kind=kind, status=status)
