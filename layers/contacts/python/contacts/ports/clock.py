"""The time."""

from __future__ import annotations

from collections.abc import Callable

#: Now, as ISO 8601 in UTC with milliseconds and `Z`.
Clock = Callable[[], str]
