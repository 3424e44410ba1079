"""Until when an import can be undone."""

from __future__ import annotations

from datetime import datetime, timedelta

from contacts.domain.import_job import ImportJob, ImportStatus

_ENDED = frozenset({ImportStatus.COMPLETED, ImportStatus.FAILED})


def can_roll_back(job: ImportJob, *, now: str, days: int) -> bool:
    """Whether a roll-back may begin: the import has ended, can have written something, and not too long ago.

    A failed import counts by its parts, not by its counts: a part that never ended may have written contacts all the
    same.
    """
    if job.status not in _ENDED or job.completed_at is None or job.staged is None or job.staged.parts == 0:
        return False
    return datetime.fromisoformat(now) < datetime.fromisoformat(job.completed_at) + timedelta(days=days)
