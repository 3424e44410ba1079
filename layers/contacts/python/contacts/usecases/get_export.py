"""Show an export."""

from __future__ import annotations

from dataclasses import dataclass

from contacts.domain.export_job import ExportJob
from contacts.export_ports import ExportJobStore
from contacts.ports import FileLinks
from contacts.usecases.own_export import own_export


@dataclass(frozen=True, slots=True)
class ExportWithUrl:
    """An export, and the address of its file, which is no way in; None while there is none."""

    job: ExportJob
    file_url: str | None


class GetExport:
    def __init__(self, *, exports: ExportJobStore, links: FileLinks) -> None:
        self._exports = exports
        self._links = links

    def __call__(self, tenant: str, job_id: str) -> ExportWithUrl:
        """The job as it stands, expired or not.

        Raises:
            NotFound: there is no such job, or it has been removed.
            Forbidden: it is another tenant's.
        """
        job = own_export(self._exports, tenant, job_id)
        return ExportWithUrl(job, self._links.url_of(job.file.key) if job.file else None)
