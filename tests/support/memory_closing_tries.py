"""A `ClosingTriesStore` in a dictionary."""

from __future__ import annotations

from contacts.ports import ClosingTries


class MemoryClosingTriesStore:
    """`tries` holds them by (job, what); nothing expires."""

    def __init__(self) -> None:
        self.tries: dict[tuple[str, str], ClosingTries] = {}

    def find(self, job_id: str, what: str) -> ClosingTries | None:
        return self.tries.get((job_id, what))

    def note(self, job_id: str, what: str, at: str) -> None:
        earlier = self.tries.get((job_id, what))
        number, first_at = (earlier.number, earlier.first_at) if earlier else (0, at)
        self.tries[job_id, what] = ClosingTries(number + 1, first_at, at)
