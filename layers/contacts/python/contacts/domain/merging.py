"""How the values of a row come into a contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contacts.domain.contact import Values
from contacts.domain.contact_fields import (
    CUSTOM_FIELD_PREFIX,
    MAX_CONTACT_BYTES,
    MAX_CUSTOM_FIELDS,
    MAX_TAGS,
    has_nul,
    is_plainly_small,
    values_size,
)
from contacts.domain.errors import Problem


def merge_values(values: Values, changes: Mapping[str, str | None], tags: Sequence[str] = ()) -> dict[str, Any]:
    """The values after a row: texts replace, None removes, tags are added to those that are there."""
    merged: dict[str, Any] = dict(values)
    custom: dict[str, Any] | None = None
    for target, value in changes.items():
        if target.startswith(CUSTOM_FIELD_PREFIX):
            if custom is None:
                custom = dict(merged.get("customFields", {}))
            _set(custom, target.removeprefix(CUSTOM_FIELD_PREFIX), value)
        elif value is not None:
            merged[target] = value
        else:
            merged.pop(target, None)
    if custom is not None:
        _set(merged, "customFields", custom or None)
    if tags:
        present = merged.get("tags", [])
        added = [tag for tag in dict.fromkeys(tags) if tag not in present]
        if added:
            merged["tags"] = [*present, *added]
    return merged


def problem_with_values(values: Values) -> Problem | None:
    """The limit that a contact with these values would break, if any."""
    custom = values.get("customFields", {})
    if len(custom) > MAX_CUSTOM_FIELDS:
        message = f"the contact would have {len(custom)} custom fields, at most {MAX_CUSTOM_FIELDS} are allowed"
        return Problem("TOO_MANY_CUSTOM_FIELDS", message, "customFields")
    tags = values.get("tags", [])
    if len(tags) > MAX_TAGS:
        return Problem(
            "TOO_MANY_TAGS", f"the contact would have {len(tags)} tags, at most {MAX_TAGS} are allowed", "tags"
        )
    if is_plainly_small(values):
        return None
    if has_nul(values):
        name = next(name for name, value in values.items() if has_nul(value))
        return Problem("INVALID_CHARACTER", "a value may not contain a NUL character", name)
    size = values_size(values)
    if size > MAX_CONTACT_BYTES:
        message = f"the contact would have {size} bytes, at most {MAX_CONTACT_BYTES} are allowed"
        return Problem("CONTACT_TOO_LARGE", message)
    return None


def _set(values: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        values.pop(name, None)
    else:
        values[name] = value
