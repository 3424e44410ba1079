"""What is known of tries to close what a crash left open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ClosingTries:
    """How often somebody began to close something, and when first and last."""

    number: int
    first_at: str
    last_at: str


class ClosingTriesStore(Protocol):
    """Tries to close things of jobs. Each is noted before it is made: one can kill the process that makes it."""

    def find(self, job_id: str, what: str) -> ClosingTries | None:
        """The tries so far, None if there was none; strongly consistent.

        Args:
            job_id: the job.
            what: what of it, such as one slice; a few words without a `#`.
        """
        ...

    def note(self, job_id: str, what: str, at: str) -> None:
        """Count a try that begins now."""
        ...
