"""How the values of a row come into a contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
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
    merged: dict[str, Any] = {**values, **changes}
    custom_targets = _custom_targets(tuple(changes))
    if custom_targets:
        custom = dict(merged.get("customFields", {}))
        custom.update((name, merged.pop(target)) for target, name in custom_targets)
        merged["customFields"] = _without_none(custom) or None
    merged = _without_none(merged)
    if tags:
        present = merged.get("tags")
        added = [tag for tag in dict.fromkeys(tags) if tag not in present] if present else dict.fromkeys(tags)
        if added:
            merged["tags"] = [*(present or ()), *added]
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


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None} if None in values.values() else values


# All rows of a file have the same targets, or nearly.
@lru_cache(maxsize=256)
def _custom_targets(targets: tuple[str, ...]) -> list[tuple[str, str]]:
    """Those that set a custom field, with its name."""
    return [(each, each.removeprefix(CUSTOM_FIELD_PREFIX)) for each in targets if each.startswith(CUSTOM_FIELD_PREFIX)]
