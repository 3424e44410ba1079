"""Which contacts are meant: conditions on a contact's fields, joined by and, or, not.

As JSON: `{"and": [{"field": "company", "op": "equals", "value": "Acme"}, {"not": {"field": "tags", "op": "exists"}}]}`.

A filter is matched by our own code (`contact_filter_matching`) and never becomes part of a query. What a field, an
operator and a value may be is said in `contact_filter_conditions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

#: Levels of and, or, not and the condition within.
MAX_FILTER_DEPTH = 10
MAX_CONDITIONS = 100
MAX_VALUE_CHARS = 1_024
#: As JSON in UTF-8. The filter is kept with the job, whose item DynamoDB limits to 400 KB.
MAX_FILTER_BYTES = 65_536


class FilterOp(StrEnum):
    """How a condition looks at a field's value."""

    EQUALS = "equals"
    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "startsWith"
    GREATER_THAN = "greaterThan"
    LESS_THAN = "lessThan"
    BEFORE = "before"
    AFTER = "after"
    HAS_ANY = "hasAny"
    HAS_ALL = "hasAll"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Condition:
    """One field compared. `value` is a tuple where `op` takes a list, and a bool with `exists`."""

    field: str
    op: FilterOp
    value: str | int | bool | tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """`and`: every one of them holds."""

    filters: tuple[ContactFilter, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`or`: at least one of them holds."""

    filters: tuple[ContactFilter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`not`: it does not hold. True of a condition on a field that the contact lacks."""

    filter: ContactFilter


ContactFilter: TypeAlias = Condition | AllOf | AnyOf | Not


def filter_to_record(filter_: ContactFilter) -> dict[str, Any]:
    """A filter as plain JSON values, in the form in which callers give it: what a job keeps and shows."""
    match filter_:
        case AllOf(filters):
            return {"and": [filter_to_record(each) for each in filters]}
        case AnyOf(filters):
            return {"or": [filter_to_record(each) for each in filters]}
        case Not(negated):
            return {"not": filter_to_record(negated)}
        case Condition(field, op, value):
            return {"field": field, "op": op.value, "value": list(value) if isinstance(value, tuple) else value}


def filter_from_record(record: Mapping[str, Any]) -> ContactFilter:
    """The inverse of `filter_to_record`. Not checked: a job keeps its filter, whatever today's limits are."""
    if "and" in record:
        return AllOf(tuple(filter_from_record(each) for each in record["and"]))
    if "or" in record:
        return AnyOf(tuple(filter_from_record(each) for each in record["or"]))
    if "not" in record:
        return Not(filter_from_record(record["not"]))
    value = record["value"]
    return Condition(record["field"], FilterOp(record["op"]), tuple(value) if isinstance(value, list) else value)
