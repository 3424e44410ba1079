"""Show an import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contacts.domain.import_job import ImportJob
from contacts.domain.rows import RowError
from contacts.ports import FileStore, JobStore
from contacts.usecases.import_errors import file_failure, read_import_errors
from contacts.usecases.line_pages import ListExpired
from contacts.usecases.own_import import own_import

#: How many errors come with the job itself at most; all of them are a list of their own.
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
        """The job as it stands, with its first errors; fewer where they are long, none where their list's time is over.

        Raises:
            NotFound: there is no such job.
            Forbidden: it is another tenant's.
        """
        job = own_import(self._jobs, tenant, job_id)
        try:
            errors = read_import_errors(self._files, job, limit=ERRORS_SHOWN).items
        except ListExpired:
            # The job outlives its list, and still is what it is.
            errors = file_failure(job)
        return ImportWithErrors(job, errors)
