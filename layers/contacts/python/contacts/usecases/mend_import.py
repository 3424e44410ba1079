"""Look after an import, or a rollback of it, that a crash left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from contacts.domain.import_job import ImportJob
from contacts.domain.rollback import Rollback, RollbackStatus
from contacts.ports import ExecutionState, JobRunner, JobStore
from contacts.usecases.announce_import import AnnounceImport
from contacts.usecases.finish_import import FinishImport
from contacts.usecases.finish_rollback import FinishRollback
from contacts.usecases.sweep_jobs import GIVE_UP_AFTER, Mended

#: Longer than any worker of an import may run (a Lambda function ends after 15 minutes), so that none is still
#: writing when a job is closed over its head.
WORKER_GRACE = timedelta(minutes=16)


class MendImport:
    """Starts what never started, closes what died, announces what was not announced."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        runner: JobRunner,
        finish: FinishImport,
        finish_rollback: FinishRollback,
        announce: AnnounceImport,
    ) -> None:
        self._jobs = jobs
        self._runner = runner
        self._finish = finish
        self._finish_rollback = finish_rollback
        self._announce = announce

    def __call__(self, job_id: str, now: datetime) -> Iterator[Mended]:
        job = self._jobs.find_import(job_id)
        if job is None:
            return
        if job.is_open:
            yield from self._mend_import(job, now)
            return
        if not job.announced:
            self._announce(job)
            yield Mended.ANNOUNCED
        if job.rollback is not None and job.rollback.status is RollbackStatus.RUNNING:
            yield from self._mend_rollback(job, job.rollback, now)

    def _mend_import(self, job: ImportJob, now: datetime) -> Iterator[Mended]:
        state = self._runner.import_state(job.id)
        if state is ExecutionState.MISSING:
            self._runner.start_import(job.id)
            yield Mended.STARTED
        elif state is ExecutionState.ENDED and _no_worker_is_left(job, now):
            with _or_give_up(job, now, lambda: self._finish.give_up(job.id)):
                self._finish(job.id)
            yield Mended.CLOSED

    def _mend_rollback(self, job: ImportJob, rollback: Rollback, now: datetime) -> Iterator[Mended]:
        state = self._runner.rollback_state(job.id, rollback.run, rollback.attempt)
        if state is ExecutionState.MISSING:
            self._runner.start_rollback(job.id, rollback.run, rollback.attempt)
            yield Mended.STARTED
        elif state is ExecutionState.ENDED and _no_worker_is_left(job, now):
            with _or_give_up(job, now, lambda: self._finish_rollback.give_up(job.id, rollback.run)):
                self._finish_rollback(job.id, rollback.run, rollback.mode, broken_off=True)
            yield Mended.CLOSED


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
