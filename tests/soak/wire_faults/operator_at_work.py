"""The clock and the sweeper: open jobs age as fast as the stack's time goes by, and are looked after."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from tests.soak.wire_faults.soak_stack import TEMPO, SoakStack
from tests.soak.wire_faults.stored_state import messages

#: The schedule's five minutes.
_SWEEP_EVERY_SECONDS = 300 / TEMPO
_AGE_EVERY_SECONDS = 3.0
_Key = tuple[str, str, str]


class OperatorAtWork:
    """Sweeps as the schedule does. The sweeper judges by ages of minutes to hours, so what it looks at is made as many
    times as old as the stack's time is quick: attributes that it compares with its clock, and nothing else."""

    def __init__(self, stack: SoakStack) -> None:
        self._stack = stack
        self._dynamodb, self._functions = stack.client("dynamodb"), stack.client("lambda")
        self._table = stack.resource("JobsTable")
        self._aged: dict[_Key, tuple[str, datetime]] = {}
        """What was set, and when it was really so."""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.sweeps, self.failed_sweeps = 0, 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def until_nothing_is_open(self, patience_seconds: float) -> list[str]:
        """Sweep until no job is open, no slice waits and no message is left; what is still open after that time."""
        deadline = time.monotonic() + patience_seconds
        while (left := self._open()) and time.monotonic() < deadline:
            self._age()
            self._sweep()
            time.sleep(2)
        return left

    def _work(self) -> None:
        swept = time.monotonic()
        while not self._stopped.wait(_AGE_EVERY_SECONDS):
            self._age()
            if time.monotonic() - swept >= _SWEEP_EVERY_SECONDS:
                self._sweep()
                swept = time.monotonic()

    def _sweep(self) -> None:
        answer = self._functions.invoke(FunctionName=self._stack.resource("SweepJobsFunction"), Payload=b"{}")
        body = json.loads(answer["Payload"].read())
        self.sweeps += 1
        # On AWS the schedule comes again, too.
        self.failed_sweeps += "FunctionError" in answer or bool(body.get("failed"))

    def _open(self) -> list[str]:
        jobs = [f"{item['pk']['S']} {item['kind']['S']}" for item in self._open_jobs()]
        lines = [f"{item['pk']['S']} {item['sk']['S']}" for item in self._lines()]
        return [*jobs, *lines, *(f"{number} in {queue}" for queue, number in messages(self._stack).items() if number)]

    def _age(self) -> None:
        for item in self._open_jobs():
            self._make_older(item, "changedAt")
        for item in self._lines():
            if "sentAt" in item:
                self._make_older(item, "sentAt")

    def _make_older(self, item: dict[str, Any], attribute: str) -> None:
        stands = item[attribute]["S"]
        key: _Key = (item["pk"]["S"], item["sk"]["S"], attribute)
        was_set, really = self._aged.get(key, ("", datetime.now(UTC)))
        if was_set != stands:
            really = datetime.fromisoformat(stands)
        now = datetime.now(UTC)
        older = (now - (now - really) * TEMPO).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="SET #name = :older",
                ConditionExpression="#name = :stands",
                ExpressionAttributeNames={"#name": attribute},
                ExpressionAttributeValues={":older": {"S": older}, ":stands": item[attribute]},
            )
        except ClientError as error:
            # Somebody has just changed it: it is young.
            if error.response["Error"]["Code"] not in {
                "ConditionalCheckFailedException",
                "TransactionConflictException",
            }:
                raise
        else:
            self._aged[key] = (older, really)

    def _open_jobs(self) -> list[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table, FilterExpression="attribute_exists(openKey)"
        )
        return [item for page in pages for item in page["Items"]]

    def _lines(self) -> list[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="begins_with(pk, :line)",
            ExpressionAttributeValues={":line": {"S": "LINE#"}},
        )
        return [item for page in pages for item in page["Items"]]
