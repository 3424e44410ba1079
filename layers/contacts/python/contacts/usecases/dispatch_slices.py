"""Send the slices at the head of a tenant's line to the workers.

Only so many slices of one tenant are on their way at once. Whoever finishes one sends the next, so a tenant with
twenty large jobs has no more messages before another tenant's than one with a single job.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

from contacts.bulk_ports import BulkJobStore, SliceQueue
from contacts.domain.bulk_job import WaitingSlice
from contacts.ports import Clock

#: How much of a line is looked at: slices that are on their way stand at its head, or behind those of jobs that were
#: started a moment earlier and stored a moment later.
LINE_IN_SIGHT = 100
#: How often a slice is sent before the sweeper closes it from what is there.
MAX_SENDINGS = 3
#: How long after the last of these sendings a slice still takes up one of the tenant's places. Later no worker has it:
#: the sweeper tries in vain to close it, which may last for a day.
PLACE_KEPT_FOR = timedelta(hours=1)


class DispatchSlices:
    """Can be called at any time by anybody: it sends what stands at the head of the line and was not sent yet."""

    def __init__(self, *, jobs: BulkJobStore, queue: SliceQueue, clock: Clock, slices_in_flight: int) -> None:
        self._jobs = jobs
        self._queue = queue
        self._clock = clock
        self._slices_in_flight = slices_in_flight

    def __call__(self, tenant: str) -> int:
        """Send, and return how many were sent. Two calls within the same milliseconds as a new job's start can each
        send what the other did not see."""
        line = self._jobs.line(tenant, LINE_IN_SIGHT)
        before = datetime.fromisoformat(self._clock()) - PLACE_KEPT_FOR
        fresh = [waiting for waiting in line if waiting.sent_at is None]
        under_way = sum(_has_a_place(waiting, before) for waiting in line)
        free = max(0, self._slices_in_flight - under_way)
        return self.send(fresh[:free])

    def send(self, waiting: Sequence[WaitingSlice]) -> int:
        """Send these, except those that somebody else sends; how many were sent.

        A crash between mark and message delays a slice until the sweeper finds it overdue. A queue that refuses, or
        a mark that fails, does not: the marks are taken back, and the next call sends the slices, also where messages
        went out and only the answer was lost.
        """
        at = self._clock()
        mine: list[WaitingSlice] = []
        try:
            for each in waiting:
                # Beforehand: where marking fails, the mark may stand all the same.
                mine.append(each)
                if not self._jobs.mark_sent(each, at):
                    mine.pop()
            if mine:
                self._queue.send(mine)
        except Exception:
            self._take_back(mine, at)
            raise
        return len(mine)

    def _take_back(self, marked: Sequence[WaitingSlice], at: str) -> None:
        """Each for itself: one that can't be taken back keeps no other one marked."""
        with ExitStack() as stack:
            for each in marked:
                stack.callback(self._jobs.unmark_sent, each, at)


def _has_a_place(waiting: WaitingSlice, before: datetime) -> bool:
    if waiting.sent_at is None:
        return False
    return waiting.sendings < MAX_SENDINGS or datetime.fromisoformat(waiting.sent_at) >= before
