"""Segments: named sets of contacts, one a tenant and name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

MAX_SEGMENT_NAME_CHARS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment. `made_by_job` is the import that made it, None where a person did."""

    id: str
    tenant: str
    name: str
    created_at: str
    made_by_job: str | None = None


def segment_id(tenant: str, name: str) -> str:
    """The id of the one segment of that name; from its name, so that two imports at once make the same one."""
    digest = hashlib.sha256(f"{tenant}\0{name.strip()}".encode()).hexdigest()
    return f"seg-{digest[:24]}"
