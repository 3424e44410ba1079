"""What a sweep reports, in few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from contacts.usecases.sweep_jobs import Mended, SweepReport


def swept(*, started: int = 0, closed: int = 0, announced: int = 0, failed: Sequence[str] = ()) -> SweepReport:
    counts = {Mended.STARTED: started, Mended.CLOSED: closed, Mended.ANNOUNCED: announced}
    return SweepReport(Counter(counts), list(failed))
