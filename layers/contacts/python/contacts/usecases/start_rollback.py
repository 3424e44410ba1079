"""Start the rollback of an import, or take a failed one up again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contacts.domain.errors import Conflict
from contacts.domain.import_job import ImportJob, ImportStatus
from contacts.domain.rollback import OnConflict, Rollback, RollbackStatus
from contacts.domain.rollback_window import can_roll_back
from contacts.ports import Clock, JobRunner, JobStore
from contacts.usecases.own_import import own_import


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRequest:
    """A rollback that is asked for. `on_conflict` is None where the caller leaves it open."""

    tenant: str
    user: str
    job_id: str
    on_conflict: OnConflict | None
    dry_run: bool


class StartRollback:
    """Puts the rollback into the job and starts its execution. The same seed again finishes what an earlier try left
    half done, and starts nothing twice."""

    def __init__(self, *, jobs: JobStore, runner: JobRunner, clock: Clock, rollback_days: int) -> None:
        self._jobs = jobs
        self._runner = runner
        self._clock = clock
        self._rollback_days = rollback_days

    def __call__(self, request: RollbackRequest, seed: str) -> ImportJob:
        """Start, and return the job as it is then.

        Raises:
            NotFound, Forbidden: see `own_import`.
            Conflict: the state of the job forbids it; the code says which.
        """
        job = own_import(self._jobs, request.tenant, request.job_id)
        if job.rollback is None or job.rollback.request != seed:
            job = self._begin(job, request, seed)
        rollback = job.rollback
        if rollback is not None and rollback.status is RollbackStatus.RUNNING:
            self._runner.start_rollback(job.id, rollback.run, rollback.attempt)
        return job

    def _begin(self, job: ImportJob, request: RollbackRequest, seed: str) -> ImportJob:
        now = self._clock()
        rollback = self._next_run(job, request, seed, now)
        begun = self._jobs.start_rollback(job.id, rollback, now)
        if begun is None:
            # Somebody was faster since the job was read: the same request, sent twice, or another.
            job = own_import(self._jobs, request.tenant, job.id)
            if job.rollback is not None and job.rollback.request == seed:
                return job
            self._next_run(job, request, seed, now)
            raise Conflict(f"the job changed at the same moment (status {job.status}); try again", code="JOB_CHANGED")
        return begun

    def _next_run(self, job: ImportJob, request: RollbackRequest, seed: str, now: str) -> Rollback:
        last = job.rollback
        if last is not None and last.status is RollbackStatus.RUNNING:
            raise Conflict(f"a rollback of this import is running (status {job.status})", code="ROLLBACK_RUNNING")
        if job.status is ImportStatus.ROLLED_BACK:
            raise Conflict("this import is rolled back already (status rolled_back)", code="ALREADY_ROLLED_BACK")
        if last is not None and job.status is ImportStatus.ROLLING_BACK:
            return _go_on(last, request, seed)
        if job.is_open:
            raise Conflict(f"the import is still running (status {job.status})", code="IMPORT_RUNNING")
        if job.staged is None or job.staged.parts == 0:
            raise Conflict("the import has written nothing that could be rolled back", code="NOTHING_TO_ROLL_BACK")
        if not can_roll_back(job, now=now, days=self._rollback_days):
            raise Conflict(
                f"an import can be rolled back for {self._rollback_days} days after its end",
                code="ROLLBACK_WINDOW_PASSED",
            )
        return Rollback(
            run=last.run + 1 if last else 1,
            attempt=1,
            on_conflict=request.on_conflict or OnConflict.KEEP,
            dry_run=request.dry_run,
            requested_by=request.user,
            request=seed,
            started_at=now,
        )


def _go_on(last: Rollback, request: RollbackRequest, seed: str) -> Rollback:
    """The next attempt of a run that failed with contacts left. What it began, it ends in the same way."""
    if request.dry_run or request.on_conflict not in {None, last.on_conflict}:
        raise Conflict(
            f"an earlier rollback has not been finished; it can only go on as it began, onConflict {last.on_conflict}",
            code="ROLLBACK_UNFINISHED",
        )
    return replace(
        last,
        attempt=last.attempt + 1,
        requested_by=request.user,
        request=seed,
        status=RollbackStatus.RUNNING,
        ended_at=None,
    )
