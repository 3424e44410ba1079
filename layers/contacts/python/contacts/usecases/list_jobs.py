"""List a tenant's jobs."""

from __future__ import annotations

from contacts.domain.import_job import ImportJob
from contacts.domain.jobs import Job
from contacts.domain.paging import Page
from contacts.ports import JobStore
from contacts.usecases.page_sizes import read_fitting, sent_size


class ListJobs:
    def __init__(self, *, jobs: JobStore) -> None:
        self._jobs = jobs

    def __call__(
        self, tenant: str, *, limit: int, position: str | None, kind: str | None = None, status: str | None = None
    ) -> Page[Job]:
        """A page of up to `limit` of the tenant's jobs, newest first, of one kind or status if asked for; it can be
        shorter, even empty, and still have a next one."""

        def read(number: int) -> Page[Job]:
            return self._jobs.list_jobs(tenant, limit=number, position=position, kind=kind, status=status)

        return read_fitting(read, limit, _size)


def _size(job: Job) -> int:
    """What an import was told can be long; all else that a list shows of a job is short."""
    return sent_size([job.file_name, job.file_url, job.options.tags]) if isinstance(job, ImportJob) else 0
