"""Show an import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contacts.domain.import_job import ImportJob
from contacts.domain.rows import RowError
from contacts.ports import FileStore, JobStore
from contacts.usecases.import_errors import read_import_errors
from contacts.usecases.own_import import own_import

#: How many errors come with the job itself; all of them are a list of their own.
ERRORS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ImportWithErrors:
    """An import and its first errors."""

    job: ImportJob
    errors: Sequence[RowError]


class GetImport:
    def __init__(self, *, jobs: JobStore, files: FileStore) -> None:
        self._jobs = jobs
        self._files = files

    def __call__(self, tenant: str, job_id: str) -> ImportWithErrors:
        """The job as it stands.

        Raises:
            NotFound: there is no such job.
            Forbidden: it is another tenant's.
        """
        job = own_import(self._jobs, tenant, job_id)
        return ImportWithErrors(job, read_import_errors(self._files, job, limit=ERRORS_SHOWN).items)
