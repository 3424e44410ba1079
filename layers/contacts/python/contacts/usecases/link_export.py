"""Hand out a link to an export's file."""

from __future__ import annotations

from contacts.domain.errors import Gone, InvalidRequest
from contacts.domain.export_job import ExportJob, ExportStatus
from contacts.export_ports import ExportJobStore
from contacts.ports import Clock, FileLinks
from contacts.usecases.audit_exports import AuditExports
from contacts.usecases.link_import_results import DownloadLink, sign_link
from contacts.usecases.own_export import own_export


class Expired(Gone):
    """The time of an export's file is over: it is to be removed."""

    code = "EXPORT_EXPIRED"


class LinkExport:
    def __init__(self, *, exports: ExportJobStore, links: FileLinks, audit: AuditExports, clock: Clock) -> None:
        self._exports = exports
        self._links = links
        self._audit = audit
        self._clock = clock

    def __call__(self, tenant: str, user: str, job_id: str, request_id: str) -> DownloadLink:
        """Sign a link for five minutes, and keep on record who gets it; `request_id` names the request there.

        Raises:
            NotFound: there is no such job, or it has been removed.
            Forbidden: it is another tenant's.
            InvalidRequest: there is no file yet (EXPORT_NOT_READY), or there will be none (EXPORT_FAILED); a 400, as
                specified ("Export not ready").
            Expired: the file's time is over.
        """
        job = own_export(self._exports, tenant, job_id)
        now = self._clock()
        if job.is_expired(now):
            raise Expired("this export has expired; start a new one")
        if job.status is ExportStatus.FAILED:
            raise InvalidRequest("the export failed and left no file; the job says why", code="EXPORT_FAILED")
        if job.file is None:
            raise InvalidRequest("the export is not ready yet", code="EXPORT_NOT_READY")
        self._audit.handed_out(job, user, now, request_id)
        return sign_link(self._links, self._clock, job.file.key, download_name(job))


def download_name(job: ExportJob) -> str:
    """A file name that a person understands: what it holds and when it was asked for."""
    moment = job.created_at[:16].replace("T", "-").replace(":", "")
    return f"contacts-{job.options.type}-{moment}.{job.options.format}"
