"""Which fields a filter can ask for, which operators fit each, and what their values may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from contacts.domain.contact_fields import CUSTOM_FIELD_PREFIX, TEXT_FIELDS, is_custom_field_name
from contacts.domain.contact_filter import MAX_VALUE_CHARS, FilterOp

#: The greatest whole number that every JSON reader gets right.
_MAX_NUMBER = 2**53 - 1

#: RFC 3339's full-date, or its date-time with seconds optional. `fromisoformat` takes more (weeks, no offset), and more
#: with each Python.
_looks_like_a_timestamp = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(T([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?"
).fullmatch


class FieldKind(Enum):
    """What a field holds, as far as comparing goes."""

    TEXT = "text"
    TEXT_LIST = "text list"
    NUMBER = "number"
    TIMESTAMP = "timestamp"


#: The fields that a filter can ask for, beside `customFields.<name>`, which are text.
FILTER_FIELDS: Mapping[str, FieldKind] = {
    "id": FieldKind.TEXT,
    **dict.fromkeys(TEXT_FIELDS, FieldKind.TEXT),
    "emails": FieldKind.TEXT_LIST,
    "phones": FieldKind.TEXT_LIST,
    "tags": FieldKind.TEXT_LIST,
    "engagement.emailsSent": FieldKind.NUMBER,
    "engagement.opens": FieldKind.NUMBER,
    "engagement.clicks": FieldKind.NUMBER,
    "engagement.lastEngagedAt": FieldKind.TIMESTAMP,
    "externalSource": FieldKind.TEXT,
    "createdAt": FieldKind.TIMESTAMP,
    "updatedAt": FieldKind.TIMESTAMP,
}
OPS: Mapping[FieldKind, tuple[FilterOp, ...]] = {
    FieldKind.TEXT: (FilterOp.EQUALS, FilterOp.IN, FilterOp.CONTAINS, FilterOp.STARTS_WITH, FilterOp.EXISTS),
    FieldKind.TEXT_LIST: (FilterOp.HAS_ANY, FilterOp.HAS_ALL, FilterOp.EXISTS),
    FieldKind.NUMBER: (FilterOp.EQUALS, FilterOp.IN, FilterOp.GREATER_THAN, FilterOp.LESS_THAN, FilterOp.EXISTS),
    FieldKind.TIMESTAMP: (FilterOp.BEFORE, FilterOp.AFTER, FilterOp.EXISTS),
}
_OPS_WITH_LIST = frozenset({FilterOp.IN, FilterOp.HAS_ANY, FilterOp.HAS_ALL})


def field_kind(field: str) -> FieldKind | None:
    """What the field holds; None where a filter can't ask for it."""
    if field.startswith(CUSTOM_FIELD_PREFIX):
        return FieldKind.TEXT if is_custom_field_name(field.removeprefix(CUSTOM_FIELD_PREFIX)) else None
    return FILTER_FIELDS.get(field)


def value_problems(kind: FieldKind, op: FilterOp, value: Any) -> Iterator[tuple[tuple[int, ...], str]]:
    """What keeps a JSON value from being compared so: where in it (a list's index, or nothing), and why."""
    if op is FilterOp.EXISTS:
        if type(value) is not bool:
            yield (), "this must be true or false"
    elif op not in _OPS_WITH_LIST:
        if problem := _problem(kind, value):
            yield (), problem
    elif not isinstance(value, list) or not value:
        yield (), "this must be a list of at least one value"
    else:
        for index, each in enumerate(value):
            if problem := _problem(kind, each):
                yield (index,), problem


def day_or_instant(text: str) -> date | datetime | None:
    """A timestamp of a condition: a date, which stands for the whole day in UTC, or an instant in UTC; else None."""
    if not _looks_like_a_timestamp(text):
        return None
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # no such day or minute, or none that UTC can tell
        return None


def instant(text: str) -> datetime | None:
    """A contact's timestamp; in UTC where it names no offset. None where it is none, so no condition holds of it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _problem(kind: FieldKind, value: Any) -> str | None:
    if kind is FieldKind.NUMBER:
        is_number = type(value) is int and abs(value) <= _MAX_NUMBER
        return None if is_number else "this must be a whole number"
    if type(value) is not str:
        return "this must be a text"
    if len(value) > MAX_VALUE_CHARS:
        return f"this has {len(value)} characters, at most {MAX_VALUE_CHARS} are allowed"
    if kind is FieldKind.TIMESTAMP:
        is_timestamp = day_or_instant(value) is not None
        return None if is_timestamp else "this must be a date, or a date and time with its offset, in ISO 8601"
    return None if value and not value.isspace() else "this is blank; ask for contacts without a value by `exists`"
