"""The TTL attribute. DynamoDB deletes expired items within days, not at once, so every read looks at it too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

#: Name of the tables' TTL attribute: whole seconds since 1970, as DynamoDB asks for.
EXPIRES_AT = "expiresAt"

SECONDS_A_DAY = 86_400


def epoch_seconds(at: str) -> int:
    """An ISO 8601 time as whole seconds since 1970, rounded down."""
    return int(datetime.fromisoformat(at).timestamp())


def is_expired(item: Mapping[str, Any], now: str) -> bool:
    """Whether an item, as DynamoDB sends it, has outlived its time. An item without one never has."""
    expires = item.get(EXPIRES_AT)
    return expires is not None and int(expires["N"]) <= epoch_seconds(now)
