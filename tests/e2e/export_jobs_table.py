"""Export jobs as no client can make them: left behind, waiting, or a week old. The clock of a stack can't be moved."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from tests.e2e.event_bus import aws_session

LONG_AGO = "2020-01-01T00:00:00.000Z"
#: What a job has from the moment on that a try to write its file begins.
_SINCE_ITS_BEGIN = ("startedAt", "completedAt", "file", "totalContacts", "announced")


class ExportJobsTable:
    """The export jobs of a stack, in its table."""

    def __init__(self, stack: dict[str, Any]) -> None:
        dynamodb = aws_session(stack).resource("dynamodb", endpoint_url=stack["awsEndpoint"])
        self._table = dynamodb.Table(stack["resources"]["JobsTable"])

    def pending_copy(self, job_id: str, *, options: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """A copy of a completed job under an id of its own, as it was when it was accepted, with these changes of its
        options and otherwise. No execution stands behind it, and the sweeper does not see it."""
        item = self._table.get_item(Key=_key(job_id))["Item"]
        new_id = str(uuid.uuid4())
        copy = json.loads(json.dumps(item, default=int).replace(job_id, new_id))
        left = {name: value for name, value in copy.items() if name not in {*_SINCE_ITS_BEGIN, "openKey"}}
        left |= {"status": "pending", "attempt": 0, "processedContacts": 0}
        left["options"] = {**left["options"], **(options or {})}
        self._table.put_item(Item={**left, **changes})
        return new_id

    def leave_behind(self, job_id: str) -> None:
        """As the sweeper sees a job that nobody has touched for long: from then on a sweep can meet it, be it another
        test's."""
        self._table.update_item(
            Key=_key(job_id),
            UpdateExpression="SET openKey = :open, changedAt = :then",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":open": "open", ":then": LONG_AGO},
        )

    def expire(self, job_id: str) -> None:
        """As if a week had gone by since the job was created."""
        self._table.update_item(
            Key=_key(job_id),
            UpdateExpression="SET fileExpiresAt = :then",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":then": LONG_AGO},
        )


def _key(job_id: str) -> dict[str, str]:
    return {"pk": f"JOB#{job_id}", "sk": "JOB"}
