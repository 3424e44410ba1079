"""What pydantic finds wrong with a body, in our words: a code, a message, the field. What was sent is never quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contacts.domain.errors import Problem

#: Pydantic's names for what people get wrong most; anything else is an INVALID_VALUE.
_CODES = {"missing": "REQUIRED", "extra_forbidden": "UNKNOWN_FIELD"}
#: More than any field of ours has; a name that somebody made up can have megabytes.
_MAX_PATH_CHARS = 2_048
_MESSAGES = {"missing": "this is required", "extra_forbidden": "there is no such field to be set"}


def problem_of(violation: Mapping[str, Any], location: Sequence[str | int]) -> Problem:
    """One violation; `location` are the steps that lead to it from the body, the query or the header."""
    kind, field = violation["type"], _path(location)
    # Pydantic's messages speak of types and limits alone.
    message = _MESSAGES.get(kind) or str(violation["msg"]).removeprefix("Value error, ")
    if field is None and kind == "missing":
        message = "the request needs a body"
    return Problem(_CODES.get(kind, "INVALID_VALUE"), message, field)


def _path(location: Sequence[str | int]) -> str | None:
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != "[key]":
            path += f".{step}" if path else str(step)
    return path[:_MAX_PATH_CHARS] or None
