"""A `SliceQueue` in a list."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.domain.bulk_job import BulkKind, WaitingSlice


class MemorySliceQueue:
    """`messages` holds what a worker would be told, in the order of the sending: kind, job and slice. A test takes
    them out, in the order and as often as it likes."""

    def __init__(self) -> None:
        self.messages: list[tuple[BulkKind, str, int]] = []

    def send(self, waiting: Sequence[WaitingSlice]) -> None:
        self.messages += [(each.kind, each.job_id, each.slice) for each in waiting]
