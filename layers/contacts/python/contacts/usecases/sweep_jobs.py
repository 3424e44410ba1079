"""Look after jobs that a crash left behind: start what never started, close what died, send what was not sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contacts.domain.import_job import ImportJob
from contacts.domain.rollback import Rollback, RollbackStatus
from contacts.ports import Clock, ExecutionState, JobRunner, JobStore
from contacts.usecases.announce_import import AnnounceImport
from contacts.usecases.finish_import import FinishImport
from contacts.usecases.finish_rollback import FinishRollback

#: A start that takes longer than this has died between storing the job and starting its execution.
START_GRACE = timedelta(minutes=2)
#: Longer than any worker of an import may run (a Lambda function ends after 15 minutes), so that none is still
#: writing when a job is closed over its head.
WORKER_GRACE = timedelta(minutes=16)
#: A dead job that could not be closed for this long, with a try every few minutes, is ended without its lists.
GIVE_UP_AFTER = timedelta(days=1)


@dataclass(slots=True)
class SweepReport:
    """What a sweep did, as counts; `failed` holds the ids of jobs it could not mend this time."""

    started: int = 0
    closed: int = 0
    announced: int = 0
    failed: list[str] = field(default_factory=list)


class SweepJobs:
    """One pass over all open jobs. One job's trouble keeps no other from being mended."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        runner: JobRunner,
        finish: FinishImport,
        finish_rollback: FinishRollback,
        announce: AnnounceImport,
        clock: Clock,
        on_error: Callable[[str, Exception], None],
    ) -> None:
        self._jobs = jobs
        self._runner = runner
        self._finish = finish
        self._finish_rollback = finish_rollback
        self._announce = announce
        self._clock = clock
        self._on_error = on_error

    def __call__(self) -> SweepReport:
        report = SweepReport()
        now = datetime.fromisoformat(self._clock())
        for open_job in self._jobs.open_jobs(_iso(now - START_GRACE)):
            try:
                self._mend(open_job.job_id, now, report)
            except Exception as error:  # noqa: BLE001 - the others must not wait for this one; it is told and counted
                self._on_error(open_job.job_id, error)
                report.failed.append(open_job.job_id)
        return report

    def _mend(self, job_id: str, now: datetime, report: SweepReport) -> None:
        job = self._jobs.find_import(job_id)
        if job is None:
            return
        if job.is_open:
            self._mend_import(job, now, report)
            return
        if not job.announced:
            self._announce(job)
            report.announced += 1
        if job.rollback is not None and job.rollback.status is RollbackStatus.RUNNING:
            self._mend_rollback(job, job.rollback, now, report)

    def _mend_import(self, job: ImportJob, now: datetime, report: SweepReport) -> None:
        state = self._runner.import_state(job.id)
        if state is ExecutionState.MISSING:
            self._runner.start_import(job.id)
            report.started += 1
        elif state is ExecutionState.ENDED and _no_worker_is_left(job, now):
            with self._or_give_up(job, now, lambda: self._finish.give_up(job.id)):
                self._finish(job.id)
            report.closed += 1

    def _mend_rollback(self, job: ImportJob, rollback: Rollback, now: datetime, report: SweepReport) -> None:
        state = self._runner.rollback_state(job.id, rollback.run, rollback.attempt)
        if state is ExecutionState.MISSING:
            self._runner.start_rollback(job.id, rollback.run, rollback.attempt)
            report.started += 1
        elif state is ExecutionState.ENDED and _no_worker_is_left(job, now):
            with self._or_give_up(job, now, lambda: self._finish_rollback.give_up(job.id, rollback.run)):
                self._finish_rollback(job.id, rollback.run, rollback.mode, broken_off=True)
            report.closed += 1

    @staticmethod
    @contextmanager
    def _or_give_up(job: ImportJob, now: datetime, give_up: Callable[[], None]) -> Iterator[None]:
        """Try; what fails is told either way, and ended without its lists where it has failed for long."""
        try:
            yield
        except Exception:
            if datetime.fromisoformat(job.changed_at) < now - GIVE_UP_AFTER:
                give_up()
            raise


def _no_worker_is_left(job: ImportJob, now: datetime) -> bool:
    return datetime.fromisoformat(job.changed_at) < now - WORKER_GRACE


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
