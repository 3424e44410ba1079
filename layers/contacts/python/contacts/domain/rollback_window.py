"""Until when an import can be undone."""

from __future__ import annotations

from datetime import datetime, timedelta

from contacts.domain.import_job import ImportJob, ImportStatus
from contacts.domain.rollback import RollbackStatus

_ENDED = frozenset({ImportStatus.COMPLETED, ImportStatus.FAILED})


def can_roll_back(job: ImportJob, *, now: str, days: int) -> bool:
    """Whether a rollback may begin or go on now.

    It may begin where the import has ended, can have written something, and not too long ago. A failed import counts by
    its parts, not by its counts: a part that never ended may have written contacts all the same. A rollback that failed
    may go on whenever it is, so that no import stays undone by half. None may while another one runs, a dry one too.
    """
    status = job.rollback.status if job.rollback else None
    if status is RollbackStatus.RUNNING:
        return False
    if job.status is ImportStatus.ROLLING_BACK:
        return status is RollbackStatus.FAILED
    if job.status not in _ENDED or job.completed_at is None or job.staged is None or job.staged.parts == 0:
        return False
    return datetime.fromisoformat(now) < datetime.fromisoformat(job.completed_at) + timedelta(days=days)
