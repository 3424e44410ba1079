"""Tracking keys: the durable name of what one bulk job created, stamped on every one of its contacts."""

from __future__ import annotations

import re

#: The parts that a client names. With the job's id a key stays below 256 characters, far under what an index takes.
MAX_SOURCE_CHARS = 64
MAX_REFERENCE_CHARS = 128

_PREFIX = "bcc:j:"
_not_allowed = re.compile(r"[^A-Za-z0-9._-]+").sub
_parse = re.compile(
    rf"bcc:j:([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})"
    rf"(?::s:[A-Za-z0-9._-]{{1,{MAX_SOURCE_CHARS}}})?(?::r:[A-Za-z0-9._-]{{1,{MAX_REFERENCE_CHARS}}})?"
).fullmatch


def tracking_key(job_id: str, source: str | None, reference: str | None) -> str:
    """`bcc:j:<jobId>:s:<source>:r:<reference>`, the last two where given (specification, "Server-generated tracking
    key"). What is neither letter, digit, `.`, `_` nor `-` becomes `-`; what is too long is cut."""
    key = f"{_PREFIX}{job_id}"
    for name, text, limit in (("s", source, MAX_SOURCE_CHARS), ("r", reference, MAX_REFERENCE_CHARS)):
        clean = _not_allowed("-", text or "")[:limit]
        if clean:
            key += f":{name}:{clean}"
    return key


def job_of_tracking_key(key: str) -> str | None:
    """The id of the job that the key names; None where it is no tracking key."""
    found = _parse(key)
    return found[1] if found else None
