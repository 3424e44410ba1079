"""Names that come from a seed: whoever works with the same seed makes the same things."""

from __future__ import annotations

import hashlib
import re
import uuid

_looks_like_an_id = re.compile(r"[A-Za-z0-9_-]{1,128}").fullmatch


def seeded_uuid(kind: str, seed: str) -> str:
    """The UUID of the one thing of this kind that this seed names."""
    return str(uuid.UUID(bytes=hashlib.sha256(f"{kind}\0{seed}".encode()).digest()[:16], version=4))


def may_be_an_id(text: str) -> bool:
    """Whether `text` has the form that all our ids have; anything else from a caller names nothing."""
    return _looks_like_an_id(text) is not None
