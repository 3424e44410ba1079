"""Show the failed rows of an import."""

from __future__ import annotations

from contacts.domain.paging import Page
from contacts.domain.rows import RowError
from contacts.ports import FileStore, JobStore
from contacts.usecases.import_errors import read_import_errors
from contacts.usecases.own_import import own_import


class ListImportErrors:
    def __init__(self, *, jobs: JobStore, files: FileStore) -> None:
        self._jobs = jobs
        self._files = files

    def __call__(self, tenant: str, job_id: str, *, limit: int, position: str | None) -> Page[RowError]:
        """A page of the job's errors; see `read_import_errors`.

        Raises:
            NotFound: there is no such job.
            Forbidden: it is another tenant's.
            Conflict, InvalidRequest, ListExpired: see `read_import_errors`.
        """
        return read_import_errors(self._files, own_import(self._jobs, tenant, job_id), limit=limit, position=position)
