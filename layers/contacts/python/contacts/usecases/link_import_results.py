"""Hand out a link to a file that an import left behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePath

from contacts.domain.errors import Conflict, NotFound
from contacts.domain.object_keys import errors_csv_key, results_csv_key
from contacts.ports import Clock, FileLinks, FileStore, JobStore
from contacts.usecases.line_pages import ListExpired
from contacts.usecases.own_import import own_import

#: The specification's five minutes.
LINK_SECONDS = 300


class ResultFile(StrEnum):
    """The files that an import leaves behind."""

    ERRORS = "errors"
    """The failed rows in the file's own columns; only its header where none failed."""
    RESULTS = "results"
    """Every row's outcome."""


class NotReady(Conflict):
    """The job still runs: later there will be something."""

    code = "NOT_READY"


@dataclass(frozen=True, slots=True)
class DownloadLink:
    """A link that anybody who has it can use, and until when."""

    url: str
    expires_at: str


def sign_link(links: FileLinks, clock: Clock, key: str, file_name: str) -> DownloadLink:
    """A link to the object for `LINK_SECONDS`; browsers save it under `file_name`."""
    expires_at = datetime.fromisoformat(clock()) + timedelta(seconds=LINK_SECONDS)
    url = links.sign_download(key, file_name=file_name, seconds=LINK_SECONDS)
    return DownloadLink(url, expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


class LinkImportResults:
    def __init__(self, *, jobs: JobStore, files: FileStore, links: FileLinks, clock: Clock) -> None:
        self._jobs = jobs
        self._files = files
        self._links = links
        self._clock = clock

    def __call__(self, tenant: str, job_id: str, file: ResultFile) -> DownloadLink:
        """Sign a link for `LINK_SECONDS`.

        Raises:
            NotFound: there is no such job, or it failed, and there is no such file.
            Forbidden: it is another tenant's.
            NotReady: the job still runs.
            ListExpired: the file was there, and its time is over.
        """
        job = own_import(self._jobs, tenant, job_id)
        if job.is_open:
            raise NotReady("the import still runs; this file is made at its end")
        key = {ResultFile.ERRORS: errors_csv_key, ResultFile.RESULTS: results_csv_key}[file](tenant, job.id)
        if self._files.info(key) is None:
            if job.file_error is None:
                raise ListExpired("this file has been removed: its time is over")
            raise NotFound(
                "the import failed, and there is no such file, or none any longer; its errors say why",
                code="FILE_NOT_FOUND",
            )
        return sign_link(self._links, self._clock, key, f"{PurePath(job.file_name).stem}-{file}.csv")
