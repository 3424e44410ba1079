"""The specification's import, row by row as it stands there (`processRows` and what it calls), on DynamoDB.

It is the baseline of `import_cost`, with boto3's resource as it comes. Where the specification leaves a choice, the
cheaper one is taken: e-mails are found by one query of an index that holds whole contacts, events and jobs have no
index, the segment's members are written in batches of 25.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.conditions import Key

from tests.benchmarks.capacity import Index
from tests.benchmarks.metered_dynamodb import Table

CONTACTS, EVENTS, JOBS, SEGMENT_CONTACTS = "loopContacts", "loopEvents", "loopJobs", "loopSegmentContacts"
_JOB_KEY = {"pk": "job", "sk": "job"}
_is_email = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+").fullmatch


def loop_tables() -> dict[str, Table]:
    by_email = Index("byEmail", ("email",), projected=None)
    return {CONTACTS: Table([by_email]), EVENTS: Table(), JOBS: Table(), SEGMENT_CONTACTS: Table()}


@dataclass
class LoopResult:
    created: int = 0
    updated: int = 0
    skipped: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    contact_ids: list[str] = field(default_factory=list)


class SpecificationLoop:
    """Imports rows one after the other."""

    def __init__(self, resource: Any, *, strategy: str, tags: Sequence[str], segment: str | None) -> None:
        self._contacts = resource.Table(CONTACTS)
        self._events = resource.Table(EVENTS)
        self._jobs = resource.Table(JOBS)
        self._members = resource.Table(SEGMENT_CONTACTS)
        self._strategy = strategy
        self._tags = list(tags)
        self._segment = segment

    def __call__(self, rows: Sequence[Mapping[str, str]], mapping: Mapping[str, str]) -> LoopResult:
        result = LoopResult()
        for number, row in enumerate(rows, start=1):
            data = {target: row[column] for column, target in mapping.items() if column in row}
            if not _is_email(data["email"]):
                result.errors.append((number, "Invalid email format"))
                result.skipped += 1
                continue
            existing = self._find_by_email(data["email"])
            if existing and self._strategy == "skip":
                result.skipped += 1
                continue
            if existing and self._strategy == "update":
                self._update(existing, data)
                result.updated += 1
                result.contact_ids.append(existing["id"])
            elif not existing:
                result.contact_ids.append(self._create(data))
                result.created += 1
            if self._tags:
                self._add_tags(existing or self._find_by_email(data["email"]))
            self._jobs.update_item(
                Key=_JOB_KEY,
                UpdateExpression="SET processedRows = :rows",
                ExpressionAttributeValues={":rows": number},
            )
        if self._segment:
            with self._members.batch_writer() as batch:
                for contact_id in result.contact_ids:
                    batch.put_item(Item={"pk": self._segment, "sk": contact_id})
        return result

    def _find_by_email(self, email: str) -> dict[str, Any] | None:
        found = self._contacts.query(IndexName="byEmail", KeyConditionExpression=Key("email").eq(email))["Items"]
        return found[0] if found else None

    def _create(self, data: Mapping[str, str]) -> str:
        contact_id = str(uuid.uuid4())
        self._contacts.put_item(Item={"pk": "tenant", "sk": contact_id, "id": contact_id, **data})
        self._record(contact_id, {"eventType": "created", "newData": data})
        return contact_id

    def _update(self, existing: Mapping[str, Any], data: Mapping[str, str]) -> None:
        self._record(existing["id"], {"eventType": "updated", "previousData": existing, "newData": data})
        self._set(existing, data)

    def _add_tags(self, contact: Mapping[str, Any] | None) -> None:
        if contact is None:
            raise LookupError("a contact that was just made is not found")
        self._set(contact, {"tags": list(dict.fromkeys([*contact.get("tags", []), *self._tags]))})

    def _set(self, contact: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        names = list(values)
        self._contacts.update_item(
            Key={"pk": contact["pk"], "sk": contact["sk"]},
            UpdateExpression="SET " + ", ".join(f"#n{n} = :v{n}" for n in range(len(names))),
            ExpressionAttributeNames={f"#n{n}": name for n, name in enumerate(names)},
            ExpressionAttributeValues={f":v{n}": values[name] for n, name in enumerate(names)},
        )

    def _record(self, contact_id: str, event: Mapping[str, Any]) -> None:
        self._events.put_item(Item={"pk": "job", "sk": str(uuid.uuid4()), "contactId": contact_id, **event})
