"""The clock of the running service."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> str:
    """Now, as ISO 8601 in UTC with milliseconds and `Z`; see `ports.Clock`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
