"""Conditional updates of a job's item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contacts.adapters.dynamodb.expiry import EXPIRES_AT
from contacts.adapters.dynamodb.item_values import value_of
from contacts.adapters.dynamodb.job_keys import job_key
from contacts.domain.import_job import OPEN_STATUSES, ImportStatus

#: An item that a read would still show; `:now` is bound by whoever uses it.
UNEXPIRED = f"{EXPIRES_AT} > :now"
#: A key where there is no item, or one that DynamoDB has not got round to deleting.
UNUSED = f"attribute_not_exists(pk) OR {EXPIRES_AT} <= :now"
#: The statuses of imports that have ended, whatever becomes of them later.
ENDED = tuple(status for status in ImportStatus if status not in OPEN_STATUSES)


@dataclass(frozen=True, slots=True)
class JobChange:
    """What to change in a job, when, and from which statuses that is allowed.

    Attributes:
        sets: plain values by attribute.
        adds: what to add to counters.
        removes: attributes to drop.
        requires: values of which an attribute has to have one, by attribute; None where it has to be absent.
    """

    job_id: str
    at: str
    allowed_from: tuple[ImportStatus, ...]
    sets: Mapping[str, Any] = field(default_factory=dict)
    adds: Mapping[str, int] = field(default_factory=dict)
    removes: tuple[str, ...] = ()
    requires: Mapping[str, Sequence[Any] | None] = field(default_factory=dict)


def update_request(change: JobChange, *, expires_at: int, now: int) -> dict[str, Any]:
    """The key, expressions and values of UpdateItem; the job's last change and expiry move along."""
    sets = {**change.sets, "changedAt": change.at, EXPIRES_AT: expires_at}
    adds = {name: number for name, number in change.adds.items() if number}
    clauses = ["SET " + ", ".join(f"#{name} = :{name}" for name in sets)]
    if adds:
        clauses.append("ADD " + ", ".join(f"#{name} :{name}" for name in adds))
    if change.removes:
        clauses.append("REMOVE " + ", ".join(f"#{name}" for name in change.removes))
    requires: dict[str, Sequence[Any] | None] = {
        "status": [status.value for status in change.allowed_from],
        **change.requires,
    }
    conditions, bound = _conditions(requires)
    return {
        "Key": job_key(change.job_id),
        "UpdateExpression": " ".join(clauses),
        "ConditionExpression": " AND ".join([*conditions, UNEXPIRED]),
        # By placeholder, because `status` is a reserved word.
        "ExpressionAttributeNames": {f"#{name}": name for name in (*requires, *sets, *adds, *change.removes)},
        "ExpressionAttributeValues": {
            ":now": value_of(now),
            **bound,
            **{f":{name}": value_of(value) for name, value in {**sets, **adds}.items()},
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
