"""Find the parts that a rollback has to go through, and how long it has to wait before it may begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from contacts.domain.import_job import ImportJob, ImportStatus
from contacts.domain.object_keys import rollback_manifest_key
from contacts.domain.rollback import RollbackMode, RollbackStatus
from contacts.ports import Clock, FileStore, JobStore
from contacts.usecases.undo_log import parts_with_undo_log
from contacts.usecases.unknown_job import UnknownJobError

#: Longer than a worker of an import may run (its Lambda function ends after 5 minutes): an import that ended
#: abnormally may have one that still writes.
WORKER_TIMEOUT = timedelta(seconds=330)


@dataclass(frozen=True, slots=True)
class PreparedRollback:
    """What the state machine needs to know; `mode` is None where there is nothing to do."""

    manifest_key: str
    mode: RollbackMode | None
    wait_seconds: int


class PrepareRollback:
    """Writes the manifest of a running rollback. The same again writes the same."""

    def __init__(self, *, jobs: JobStore, files: FileStore, clock: Clock) -> None:
        self._jobs = jobs
        self._files = files
        self._clock = clock

    def __call__(self, job_id: str, run: int) -> PreparedRollback:
        """Prepare the run.

        Raises:
            UnknownJobError: no job has this id.
        """
        job = self._jobs.find_import(job_id)
        if job is None:
            raise UnknownJobError(f"no job {job_id}")
        key = rollback_manifest_key(job.tenant, job.id, run)
        rollback = job.rollback
        if rollback is None or rollback.run != run or rollback.status is not RollbackStatus.RUNNING:
            return PreparedRollback(key, None, 0)
        parts = parts_with_undo_log(self._files, job)
        self._files.put(key, orjson.dumps([{"part": part} for part in parts]))
        return PreparedRollback(key, rollback.mode, self._wait(job))

    def _wait(self, job: ImportJob) -> int:
        if job.status is ImportStatus.COMPLETED or job.file_error is None or job.completed_at is None:
            return 0
        left = datetime.fromisoformat(job.completed_at) + WORKER_TIMEOUT - datetime.fromisoformat(self._clock())
        return max(0, round(left.total_seconds()))
