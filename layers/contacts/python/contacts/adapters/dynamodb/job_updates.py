"""Conditional updates of a job's item, of whatever kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contacts.adapters.dynamodb.expiry import EXPIRES_AT
from contacts.adapters.dynamodb.item_values import value_of
from contacts.adapters.dynamodb.job_keys import job_key

#: An item that a read would still show; `:now` is bound by whoever uses it.
UNEXPIRED = f"{EXPIRES_AT} > :now"
#: A key where there is no item, or one that DynamoDB has not got round to deleting.
UNUSED = f"attribute_not_exists(pk) OR {EXPIRES_AT} <= :now"


@dataclass(frozen=True, slots=True)
class JobChange:
    """What to change in a job, when, and from which statuses that is allowed.

    Attributes:
        sets: plain values by attribute.
        sets_once: the same for attributes that keep what they have.
        adds: what to add to counters.
        removes: attributes to drop.
        requires: values of which an attribute has to have one, by attribute; None where it has to be absent.
        present: attributes that have to be there.
    """

    job_id: str
    at: str
    allowed_from: Collection[StrEnum]
    sets: Mapping[str, Any] = field(default_factory=dict)
    sets_once: Mapping[str, Any] = field(default_factory=dict)
    adds: Mapping[str, int] = field(default_factory=dict)
    removes: tuple[str, ...] = ()
    requires: Mapping[str, Sequence[Any] | None] = field(default_factory=dict)
    present: tuple[str, ...] = ()


def update_request(change: JobChange, *, kinds: Collection[str], expires_at: int | None, now: int) -> dict[str, Any]:
    """The key, expressions and values of UpdateItem, for a job of these kinds.

    The job's last change moves along, and its expiry too, unless `expires_at` is None.
    """
    sets = {**change.sets, "changedAt": change.at}
    if expires_at is not None:
        sets[EXPIRES_AT] = expires_at
    adds = {name: number for name, number in change.adds.items() if number}
    assignments = [f"#{name} = :{name}" for name in sets]
    assignments += [f"#{name} = if_not_exists(#{name}, :{name})" for name in change.sets_once]
    clauses = ["SET " + ", ".join(assignments)]
    if adds:
        clauses.append("ADD " + ", ".join(f"#{name} :{name}" for name in adds))
    if change.removes:
        clauses.append("REMOVE " + ", ".join(f"#{name}" for name in change.removes))
    requires: dict[str, Sequence[Any] | None] = {
        "kind": list(kinds),
        "status": [status.value for status in change.allowed_from],
        **change.requires,
    }
    conditions, bound = _conditions(requires)
    conditions += [f"attribute_exists(#{name})" for name in change.present]
    names = {*requires, *change.present, *sets, *change.sets_once, *adds, *change.removes}
    return {
        "Key": job_key(change.job_id),
        "UpdateExpression": " ".join(clauses),
        "ConditionExpression": " AND ".join([*conditions, UNEXPIRED]),
        # By placeholder, because `status` is a reserved word.
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
        "ExpressionAttributeValues": {
            ":now": value_of(now),
            **bound,
            **{f":{name}": value_of(value) for name, value in {**sets, **change.sets_once, **adds}.items()},
        },
    }


def _conditions(requires: Mapping[str, Sequence[Any] | None]) -> tuple[list[str], dict[str, Any]]:
    """Conditions and the values that they bind."""
    conditions: list[str] = []
    bound: dict[str, Any] = {}
    for name, values in requires.items():
        if values is None:
            conditions.append(f"attribute_not_exists(#{name})")
            continue
        places = {f":{name}Is{number}": value_of(value) for number, value in enumerate(values)}
        conditions.append(f"#{name} IN ({', '.join(places)})")
        bound.update(places)
    return conditions, bound
