"""Start an export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contacts.bulk_ports import CollectionStore
from contacts.domain.export_columns import export_columns
from contacts.domain.export_job import EXPORT_KIND, EXPORT_LIFE, ExportJob, ExportOptions
from contacts.domain.seeded_ids import seeded_uuid
from contacts.export_ports import ExportJobStore, ExportRunner
from contacts.ports import Clock, SegmentStore
from contacts.usecases.audit_exports import AuditExports
from contacts.usecases.get_segment import GetSegment
from contacts.usecases.own_collection import own_collection


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """An export that is asked for; its filter is checked already."""

    tenant: str
    user: str
    workspace: str | None
    options: ExportOptions


class StartExport:
    """Makes a job, puts it on record and starts its execution. With the same seed it makes the same job, and finishes
    what an earlier try left half done."""

    def __init__(
        self,
        *,
        exports: ExportJobStore,
        segments: SegmentStore,
        collections: CollectionStore,
        audit: AuditExports,
        runner: ExportRunner,
        clock: Clock,
    ) -> None:
        self._exports = exports
        self._segments = segments
        self._collections = collections
        self._audit = audit
        self._runner = runner
        self._clock = clock

    @staticmethod
    def job_id(seed: str) -> str:
        """The id of the job that a start with this seed makes."""
        return seeded_uuid(EXPORT_KIND, seed)

    def __call__(self, request: ExportRequest, seed: str) -> ExportJob:
        """Start, and return the job as it was accepted.

        Raises:
            InvalidRequest: a selected field is unknown or there twice.
            NotFound: the tenant has no such segment or collection.
        """
        job_id = self.job_id(seed)
        # An earlier try with this seed may have made it and died before the start. What it checked may be gone by now.
        job = self._exports.find_export(job_id) or self._create(job_id, request)
        self._audit.started(job)
        self._runner.start_export(job.id)
        return job

    def _create(self, job_id: str, request: ExportRequest) -> ExportJob:
        options = request.options
        export_columns(options.selected_fields)
        if options.segment_id is not None:
            GetSegment(segments=self._segments)(request.tenant, options.segment_id)
        if options.collection_id is not None:
            own_collection(self._collections, request.tenant, options.collection_id)
        job = self._job(job_id, request)
        # The same request, at the same time, may have been quicker.
        return job if self._exports.create_export(job) else self._exports.find_export(job_id) or job

    def _job(self, job_id: str, request: ExportRequest) -> ExportJob:
        now = self._clock()
        return ExportJob(
            id=job_id,
            tenant=request.tenant,
            workspace=request.workspace,
            created_by=request.user,
            created_at=now,
            changed_at=now,
            expires_at=_iso(datetime.fromisoformat(now) + EXPORT_LIFE),
            options=request.options,
        )


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
