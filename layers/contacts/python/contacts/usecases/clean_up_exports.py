"""Remove exports whose time is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from contacts.domain.object_keys import exports_prefix
from contacts.export_ports import ExportJobStore
from contacts.ports import Clock, FileStore


@dataclass(slots=True)
class CleanUpReport:
    """What a clean-up did, or would do where it only looks. `failed` holds the ids of jobs that it could not remove
    this time, `running` counts expired ones that have not ended."""

    jobs: int = 0
    files: int = 0
    running: int = 0
    failed: list[str] = field(default_factory=list)


class CleanUpExports:
    """Files go first, then the job: what a crash leaves is found again by the next run. One export's trouble keeps no
    other from being removed."""

    def __init__(
        self,
        *,
        exports: ExportJobStore,
        files: FileStore,
        clock: Clock,
        on_error: Callable[[str, Exception], None],
    ) -> None:
        self._exports = exports
        self._files = files
        self._clock = clock
        self._on_error = on_error

    def __call__(self, *, dry_run: bool = False) -> CleanUpReport:
        """Remove all that has expired, however much it is; `dry_run` only reports."""
        report = CleanUpReport()
        now = self._clock()
        for job_id in self._exports.expired_exports(now):
            try:
                self._remove(job_id, now, report, dry_run=dry_run)
            except Exception as error:  # noqa: BLE001 - the others must not wait for this one; it is told and counted
                self._on_error(job_id, error)
                report.failed.append(job_id)
        return report

    def _remove(self, job_id: str, now: str, report: CleanUpReport, *, dry_run: bool) -> None:
        # The list lags behind: the job itself tells.
        job = self._exports.find_export(job_id)
        if job is None or not job.is_expired(now):
            return
        if job.is_open:
            report.running += 1
            return
        keys = list(self._files.list_keys(exports_prefix(job.tenant, job.id)))
        if not dry_run:
            self._files.delete(keys)
            self._exports.remove_export(job.id, now)
        report.files += len(keys)
        report.jobs += 1
