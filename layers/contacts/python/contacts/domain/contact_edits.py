"""What an edit by a person makes of a contact's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contacts.domain.contact import Values
from contacts.domain.contact_fields import OBJECT_FIELDS
from contacts.domain.errors import InvalidRequest
from contacts.domain.merging import problem_with_values


def edit_values(values: Values, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values after an edit, by the rules of JSON Merge Patch (RFC 7396).

    A given field replaces what was there, lists as a whole; None removes it. Objects are merged name by name. Text
    without a visible character and empty lists and objects are no values: they remove a field too.

    Raises:
        InvalidRequest: nothing would be left, or the contact would break a limit; see `contact_fields`.
    """
    edited: dict[str, Any] = dict(values)
    for name, change in changes.items():
        value = _merge_object(edited.get(name, {}), change) if name in OBJECT_FIELDS and change is not None else change
        _set(edited, name, value)
    if not edited:
        raise InvalidRequest("a contact needs a value in at least one field", code="CONTACT_EMPTY")
    problem = problem_with_values(edited)
    if problem is not None:
        raise InvalidRequest(problem.message, code=problem.code, field=problem.field)
    return edited


def _merge_object(present: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(present)
    for name, value in changes.items():
        _set(merged, name, value)
    return merged


def _set(values: dict[str, Any], name: str, value: Any) -> None:
    if _is_no_value(value):
        values.pop(name, None)
    else:
        values[name] = value


def _is_no_value(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value in ([], {})
