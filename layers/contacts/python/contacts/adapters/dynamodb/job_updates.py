"""Conditional updates of a job's item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contacts.adapters.dynamodb.expiry import EXPIRES_AT
from contacts.adapters.dynamodb.job_items import value_of
from contacts.adapters.dynamodb.job_keys import job_key
from contacts.domain.import_job import ImportStatus

#: An item that a read would still show; `:now` is bound by whoever uses it.
UNEXPIRED = f"{EXPIRES_AT} > :now"


@dataclass(frozen=True, slots=True)
class JobChange:
    """What to change in a job, when, and from which statuses that is allowed.

    Attributes:
        sets: plain values by attribute.
        adds: what to add to counters.
        removes: attributes to drop.
        condition: what has to hold besides; it binds no values.
    """

    job_id: str
    at: str
    allowed_from: tuple[ImportStatus, ...]
    sets: Mapping[str, Any] = field(default_factory=dict)
    adds: Mapping[str, int] = field(default_factory=dict)
    removes: tuple[str, ...] = ()
    condition: str | None = None


def update_request(change: JobChange, *, expires_at: int, now: int) -> dict[str, Any]:
    """The key, expressions and values of UpdateItem; the job's last change and expiry move along."""
    sets = {**change.sets, "changedAt": change.at, EXPIRES_AT: expires_at}
    adds = {name: number for name, number in change.adds.items() if number}
    statuses = {f":from{number}": value_of(status.value) for number, status in enumerate(change.allowed_from)}
    clauses = ["SET " + ", ".join(f"#{name} = :{name}" for name in sets)]
    if adds:
        clauses.append("ADD " + ", ".join(f"#{name} :{name}" for name in adds))
    if change.removes:
        clauses.append("REMOVE " + ", ".join(change.removes))
    conditions = [f"#status IN ({', '.join(statuses)})", UNEXPIRED, *([change.condition] if change.condition else [])]
    return {
        "Key": job_key(change.job_id),
        "UpdateExpression": " ".join(clauses),
        "ConditionExpression": " AND ".join(conditions),
        # By placeholder, because `status` is a reserved word.
        "ExpressionAttributeNames": {f"#{name}": name for name in ("status", *sets, *adds)},
        "ExpressionAttributeValues": {
            ":now": value_of(now),
            **statuses,
            **{f":{name}": value_of(value) for name, value in {**sets, **adds}.items()},
        },
    }
