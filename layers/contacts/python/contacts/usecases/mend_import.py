"""Look after an import, or a rollback of it, that a crash left behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from contacts.domain.import_job import ImportJob
from contacts.domain.rollback import Rollback, RollbackStatus
from contacts.ports import ExecutionState, JobRunner, JobStore
from contacts.usecases.announce_import import AnnounceImport
from contacts.usecases.finish_import import PART_WORKER_LIFE, FinishImport
from contacts.usecases.finish_rollback import FinishRollback
from contacts.usecases.sweep_jobs import Closing, Found, Mended

#: Longer than any worker may run (a Lambda function ends after 15 minutes). It counts from the job's last change, not
#: from the end of the execution: somebody may have stopped that a moment ago. So an import's parts are sealed besides.
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

    def __call__(self, job_id: str, now: datetime) -> Iterator[Found]:
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

    def _mend_import(self, job: ImportJob, now: datetime) -> Iterator[Found]:
        state = self._runner.import_state(job.id)
        if state is ExecutionState.MISSING:
            self._runner.start_import(job.id)
            yield Mended.STARTED
        elif state is ExecutionState.ENDED and _no_worker_is_left(job, now):
            # Giving up comes a day after the first try, and so after the execution's end: nobody writes any more.
            yield Closing(
                job_id=job.id,
                what="import",
                close=partial(self._finish, job.id, worker_life=PART_WORKER_LIFE),
                give_up=partial(self._finish.give_up, job.id),
            )

    def _mend_rollback(self, job: ImportJob, rollback: Rollback, now: datetime) -> Iterator[Found]:
        state = self._runner.rollback_state(job.id, rollback.run, rollback.attempt)
        if state is ExecutionState.MISSING:
            self._runner.start_rollback(job.id, rollback.run, rollback.attempt)
            yield Mended.STARTED
        elif state is ExecutionState.ENDED and _no_worker_is_left(job, now):
            # A part that a worker still writes is not recorded any more: the next attempt follows its plan.
            yield Closing(
                job_id=job.id,
                what=f"rollback {rollback.run}.{rollback.attempt}",
                close=partial(self._finish_rollback, job.id, rollback.run, rollback.mode, broken_off=True),
                give_up=partial(self._finish_rollback.give_up, job.id, rollback.run),
            )


def _no_worker_is_left(job: ImportJob, now: datetime) -> bool:
    return datetime.fromisoformat(job.changed_at) < now - WORKER_GRACE
