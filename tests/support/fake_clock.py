"""A `Clock` that stands until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> str:
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def advance(self, **delta: float) -> str:
        """Move on by a `timedelta` of these arguments; returns the new time."""
        self.now += timedelta(**delta)
        return self()
