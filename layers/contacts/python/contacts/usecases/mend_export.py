"""Look after an export that a crash left behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from contacts.domain.export_job import ExportJob
from contacts.export_ports import ExportJobStore, ExportRunner
from contacts.ports import ExecutionState
from contacts.usecases.audit_exports import AuditExports
from contacts.usecases.fail_export import FailExport
from contacts.usecases.mend_import import WORKER_GRACE
from contacts.usecases.sweep_jobs import Mended
from contacts.usecases.wind_up_export import WindUpExport


class MendExport:
    """Starts what never started, ends what died, announces what was not announced."""

    def __init__(
        self,
        *,
        exports: ExportJobStore,
        runner: ExportRunner,
        fail: FailExport,
        wind_up: WindUpExport,
        audit: AuditExports,
    ) -> None:
        self._exports = exports
        self._runner = runner
        self._fail = fail
        self._wind_up = wind_up
        self._audit = audit

    def __call__(self, job_id: str, now: datetime) -> Iterator[Mended]:
        job = self._exports.find_export(job_id)
        if job is None:
            return
        if job.is_open:
            yield from self._mend_open(job, now)
        elif not job.announced:
            self._wind_up(job)
            yield Mended.ANNOUNCED

    def _mend_open(self, job: ExportJob, now: datetime) -> Iterator[Mended]:
        state = self._runner.export_state(job.id)
        if state is ExecutionState.MISSING:
            self._audit.started(job)
            self._runner.start_export(job.id)
            yield Mended.STARTED
        elif state is ExecutionState.ENDED and datetime.fromisoformat(job.changed_at) < now - WORKER_GRACE:
            self._fail(job.id)
            yield Mended.CLOSED
