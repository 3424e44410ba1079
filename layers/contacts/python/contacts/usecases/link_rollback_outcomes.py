"""Hand out a link to the list that a rollback left behind."""

from __future__ import annotations

from pathlib import PurePath

from contacts.domain.errors import DomainError, NotFound
from contacts.domain.object_keys import rollback_csv_key
from contacts.domain.rollback import Rollback, RollbackStatus
from contacts.ports import Clock, FileLinks, FileStore, JobStore
from contacts.usecases.line_pages import ListExpired
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
            NotFound, ListExpired: see `missing_list`.
        """
        job, rollback = ended_rollback(self._jobs, tenant, job_id)
        key = rollback_csv_key(tenant, job.id, rollback.run)
        if self._files.info(key) is None:
            raise missing_list(rollback)
        return sign_link(self._links, self._clock, key, f"{PurePath(job.file_name).stem}-rollback.csv")


def missing_list(rollback: Rollback) -> DomainError:
    """What to answer where the list of a rollback that has ended is not there: NotFound where it may never have been
    made, ListExpired else."""
    if rollback.status is RollbackStatus.FAILED:
        return NotFound("the rollback failed, and there is no list, or none any longer", code="FILE_NOT_FOUND")
    return ListExpired("this list has been removed: its time is over")
