"""Look after jobs that a crash left behind, of every kind.

Closing a job can take minutes and much memory, and can so end the process that does it, without an exception. So a
sweep does at first all that is quick, then closes, what was tried longest ago first, and notes every try before it is
made. Whatever kills a sweep comes last in the next one, keeps no other job waiting, and is given up in the end without
another try.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from contacts.ports import Clock, ClosingTries, ClosingTriesStore, JobStore
from contacts.usecases.unit_of_work import UnitStillWrittenError

#: A start that takes longer than this has died between storing the job and starting its work.
START_GRACE = timedelta(minutes=2)
#: What could not be closed for this long from the first try on, and so often, is given up.
GIVE_UP_AFTER = timedelta(days=1)
GIVE_UP_TRIES = 5
#: With less time than this left no closing is begun: it might be cut off.
CLOSING_TIME = timedelta(minutes=5)
#: With less time than this left nothing is begun.
SPARE_TIME = timedelta(seconds=30)


class GivenUpError(Exception):
    """Something that nobody could close for long is ended as it is, without its lists; raised to be told."""


class Mended(StrEnum):
    """What was done for a job."""

    STARTED = "started"
    CLOSED = "closed"
    ANNOUNCED = "announced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What remains to be done for a job and is not quick.

    Attributes:
        job_id, what: the job, and what of it; tries are noted under these.
        close: does it; can be repeated.
        give_up: what is done after too many tries instead. It is quick.
    """

    job_id: str
    what: str
    close: Callable[[], object]
    give_up: Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What is quick, and is done once a sweep for all jobs that ask for it under the same name."""

    name: str
    mend: Callable[[], Iterator[Mended | Closing]]


#: What a mender finds at a job: what it has done, and what remains to be done.
Found: TypeAlias = Mended | Closing | Shared


class Mender(Protocol):
    """Looks after one job of a kind: does at once what is quick, and tells what it did and what remains; what it can't
    mend it raises."""

    def __call__(self, job_id: str, now: datetime) -> Iterator[Found]: ...


@dataclass(slots=True)
class SweepReport:
    """What a sweep did, as counts; `failed` holds the ids of jobs that it could not mend this time or has given up,
    `left` counts what it did not come to."""

    counts: Counter[Mended] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    left: int = 0


class SweepJobs:
    """One pass over all open jobs. One job's trouble keeps no other from being mended."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        menders: Mapping[str, Mender],
        tries: ClosingTriesStore,
        clock: Clock,
        time_left: Callable[[], timedelta],
        on_error: Callable[[str, Exception], None],
    ) -> None:
        """`menders` are by the kind of job; `time_left` says how long this process may still run; `on_error` is told
        which job had which trouble."""
        self._jobs = jobs
        self._menders = menders
        self._tries = tries
        self._clock = clock
        self._time_left = time_left
        self._on_error = on_error

    def __call__(self) -> SweepReport:
        report = SweepReport()
        now = datetime.fromisoformat(self._clock())
        self._close(self._mend(report, now), report)
        return report

    def _mend(self, report: SweepReport, now: datetime) -> list[Closing]:
        """Do all that is quick; what remains."""
        closings: list[Closing] = []
        shared: set[str] = set()
        for open_job in self._jobs.open_jobs(_iso(now - START_GRACE)):
            if self._time_left() < SPARE_TIME:
                report.left += 1
                continue
            with self._telling(open_job.job_id, report):
                for found in self._menders[open_job.kind](open_job.job_id, now):
                    if not isinstance(found, Shared):
                        _take(found, report, closings)
                    elif found.name not in shared:
                        shared.add(found.name)
                        for more in found.mend():
                            _take(more, report, closings)
        return closings

    def _close(self, closings: list[Closing], report: SweepReport) -> None:
        now = datetime.fromisoformat(self._clock())
        for closing, tries in self._in_turn(closings, now, report):
            hopeless = tries is not None and is_hopeless(tries, now)
            if self._time_left() < (SPARE_TIME if hopeless else CLOSING_TIME):
                report.left += 1
                continue
            with self._telling(closing.job_id, report):
                if hopeless:
                    closing.give_up()
                    raise GivenUpError(f"{closing.what} could not be closed for long")
                self._tries.note(closing.job_id, closing.what, self._clock())
                try:
                    closing.close()
                except UnitStillWrittenError:
                    # Nobody begins with it any more, and who has begun comes to an end: the next sweep closes it.
                    continue
                report.counts[Mended.CLOSED] += 1

    def _in_turn(
        self, closings: list[Closing], now: datetime, report: SweepReport
    ) -> list[tuple[Closing, ClosingTries | None]]:
        """What was never tried; what is to be given up, which is quick; then what was tried longest ago."""
        found: list[tuple[Closing, ClosingTries | None]] = []
        for closing in closings:
            with self._telling(closing.job_id, report):
                found.append((closing, self._tries.find(closing.job_id, closing.what)))

        def turn(closing_and_tries: tuple[Closing, ClosingTries | None]) -> tuple[bool, str]:
            _, tries = closing_and_tries
            return (False, "") if tries is None else (not is_hopeless(tries, now), tries.last_at)

        return sorted(found, key=turn)

    @contextmanager
    def _telling(self, job_id: str, report: SweepReport) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the others must not wait for this one; it is told and counted
            self._on_error(job_id, error)
            if job_id not in report.failed:
                report.failed.append(job_id)


def is_hopeless(tries: ClosingTries, now: datetime) -> bool:
    """Whether there is no use in another try. By the tries that were made, not by the age of what is closed: that may
    have waited for long before, or nobody may have swept."""
    return tries.number >= GIVE_UP_TRIES and datetime.fromisoformat(tries.first_at) < now - GIVE_UP_AFTER


def _take(found: Mended | Closing | Shared, report: SweepReport, closings: list[Closing]) -> None:
    if isinstance(found, Closing):
        closings.append(found)
    elif isinstance(found, Mended):
        report.counts[found] += 1


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
