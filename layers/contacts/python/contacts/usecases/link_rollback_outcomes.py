"""Hand out a link to the list that a rollback left behind."""

from __future__ import annotations

from pathlib import PurePath

from contacts.domain.errors import NotFound
from contacts.domain.object_keys import rollback_csv_key
from contacts.ports import Clock, FileLinks, FileStore, JobStore
from contacts.usecases.link_import_results import DownloadLink, sign_link
from contacts.usecases.own_rollback import ended_rollback


class LinkRollbackOutcomes:
    def __init__(self, *, jobs: JobStore, files: FileStore, links: FileLinks, clock: Clock) -> None:
        self._jobs = jobs
        self._files = files
        self._links = links
        self._clock = clock

    def __call__(self, tenant: str, job_id: str) -> DownloadLink:
        """Sign a link to the CSV of what the latest rollback did with each contact.

        Raises:
            NotFound, Forbidden, NotReady: see `ended_rollback`.
        """
        job, rollback = ended_rollback(self._jobs, tenant, job_id)
        key = rollback_csv_key(tenant, job.id, rollback.run)
        if self._files.info(key) is None:
            raise NotFound("the rollback failed and left no list", code="FILE_NOT_FOUND")
        return sign_link(self._links, self._clock, key, f"{PurePath(job.file_name).stem}-rollback.csv")
