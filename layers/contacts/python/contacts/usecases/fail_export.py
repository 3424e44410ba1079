"""End an export that could not be written."""

from __future__ import annotations

from contacts.domain.errors import Problem
from contacts.export_ports import ExportJobStore
from contacts.ports import Clock
from contacts.usecases.wind_up_export import WindUpExport


class FailExport:
    """Can be repeated. Called when no try will follow; one that is still writing finds the job ended, and takes its
    own file away."""

    def __init__(self, *, exports: ExportJobStore, wind_up: WindUpExport, clock: Clock) -> None:
        self._exports = exports
        self._wind_up = wind_up
        self._clock = clock

    def __call__(self, job_id: str) -> bool:
        """End the job as failed, for a fault of ours, and remove what its tries have left; False where it has ended
        otherwise or never was."""
        problem = Problem("EXPORT_FAILED", "the file could not be written because of a fault on our side; try again")
        self._exports.fail_export(job_id, problem, self._clock())
        job = self._exports.find_export(job_id)
        if job is None or job.is_open or job.file is not None:
            return False
        if not job.announced:
            self._wind_up(job)
        return True
