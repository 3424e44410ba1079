"""Look after jobs that a crash left behind, of every kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from contacts.ports import Clock, JobStore

#: A start that takes longer than this has died between storing the job and starting its work.
START_GRACE = timedelta(minutes=2)
#: A dead job that could not be closed for this long, with a try every few minutes, is ended without its lists.
GIVE_UP_AFTER = timedelta(days=1)


class Mended(StrEnum):
    """What was done for a job."""

    STARTED = "started"
    CLOSED = "closed"
    ANNOUNCED = "announced"


class Mender(Protocol):
    """Looks after one job of a kind, and tells what it did; what it can't mend it raises."""

    def __call__(self, job_id: str, now: datetime) -> Iterator[Mended]: ...


@dataclass(slots=True)
class SweepReport:
    """What a sweep did, as counts; `failed` holds the ids of jobs it could not mend this time."""

    counts: Counter[Mended] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)


class SweepJobs:
    """One pass over all open jobs. One job's trouble keeps no other from being mended."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        menders: Mapping[str, Mender],
        clock: Clock,
        on_error: Callable[[str, Exception], None],
    ) -> None:
        """`menders` are by the kind of job; `on_error` is told which job had which trouble."""
        self._jobs = jobs
        self._menders = menders
        self._clock = clock
        self._on_error = on_error

    def __call__(self) -> SweepReport:
        report = SweepReport()
        now = datetime.fromisoformat(self._clock())
        for open_job in self._jobs.open_jobs(_iso(now - START_GRACE)):
            try:
                report.counts.update(self._menders[open_job.kind](open_job.job_id, now))
            except Exception as error:  # noqa: BLE001 - the others must not wait for this one; it is told and counted
                self._on_error(open_job.job_id, error)
                report.failed.append(open_job.job_id)
        return report


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
