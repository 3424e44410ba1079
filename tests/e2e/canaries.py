"""Personal data that can be told from all else, and every place of a stack where none may come up."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.event_bus import aws_session

_PATIENCE_SECONDS = 60.0
QUEUES_OF_SLICES = ("CreateSlicesQueue", "DeleteSlicesQueue")
DEAD_LETTERS = "BulkSlicesDeadLetters"
STATE_MACHINES = ("ImportStateMachine", "RollbackStateMachine", "ExportStateMachine")


@dataclass(frozen=True)
class Canaries:
    """Names, addresses and numbers that occur nowhere but where these made them.

    `word` stands in all that has letters, `digits` in all phone numbers.
    """

    word: str = field(default_factory=lambda: f"canary{uuid.uuid4().hex}")
    digits: str = field(default_factory=lambda: f"151{uuid.uuid4().int % 10**8:08}")

    def person(self, name: str) -> dict[str, Any]:
        return {
            "email": self.email(name),
            "firstName": f"{name} {self.word}",
            "phone": f"+49{self.digits}",
            "notes": f"{name} knows {self.word}",
            "customFields": {"pet": self.word},
        }

    def email(self, name: str) -> str:
        return f"{name}.{self.word}@{self.word}.example"

    def are_in(self, text: str) -> bool:
        return self.word in text.lower() or self.digits in text


@dataclass(frozen=True)
class Traces:
    """What a stack says of itself to its operator."""

    stack: Mapping[str, Any]

    def client(self, service: str) -> Any:
        return aws_session(dict(self.stack)).client(service, endpoint_url=self.stack["awsEndpoint"])

    def logs(self, prefix: str = "/") -> dict[str, str]:
        """All lines of each log group whose name begins so."""
        logs = self.client("logs")
        groups = _pages(logs, "describe_log_groups", logGroupNamePrefix=prefix)
        return {
            group["logGroupName"]: "\n".join(
                event["message"]
                for events in _pages(logs, "filter_log_events", logGroupName=group["logGroupName"])
                for event in events["events"]
            )
            for page in groups
            for group in page["logGroups"]
        }

    def messages(self, queue: str) -> list[str]:
        """What lies in a queue, and is left there: bodies and all attributes."""
        found = self.client("sqs").receive_message(
            QueueUrl=self.stack["resources"][queue],
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [json.dumps(each, default=str) for each in found.get("Messages", ())]

    def wait_for_messages(self, queue: str, number: int) -> list[str]:
        """The messages of a queue once there are so many."""
        return self._wait_for(
            f"{number} messages in {queue}", lambda: found if len(found := self.messages(queue)) == number else None
        )

    def histories(self, machine: str) -> list[str]:
        """Input, output and events of each execution of a state machine."""
        steps, found = self.client("stepfunctions"), []
        for page in _pages(steps, "list_executions", stateMachineArn=self.stack["resources"][machine]):
            for arn in (each["executionArn"] for each in page["executions"]):
                events = _pages(steps, "get_execution_history", executionArn=arn, includeExecutionData=True)
                history = [event for each in events for event in each["events"]]
                found.append(json.dumps([steps.describe_execution(executionArn=arn), history], default=str))
        return found

    def wait_for_log(self, function: str, text: str) -> None:
        """Wait until this stands in the log of a function."""
        group = self.stack["resources"][f"{function}LogGroup"]
        self._wait_for(f"{text} in the log of {function}", lambda: text in self.logs(group)[group])

    def answer_of(self, function: str, event: Mapping[str, Any]) -> str:
        """What a function answers to this event, be it that it failed."""
        name = self.stack["resources"][f"{function}Function"]
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        return str(answer["Payload"].read().decode())

    @contextmanager
    def nothing_taken_from(self, *queues: str) -> Iterator[None]:
        """The functions behind these queues wait."""
        functions = self.client("lambda")
        names = {self.stack["resources"][queue].rpartition("/")[2] for queue in queues}
        mappings = [
            each["UUID"]
            for each in functions.list_event_source_mappings()["EventSourceMappings"]
            if each["EventSourceArn"].rpartition(":")[2] in names
        ]
        assert len(mappings) == len(queues)
        for mapping in mappings:
            functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        try:
            yield
        finally:
            for mapping in mappings:
                functions.update_event_source_mapping(UUID=mapping, Enabled=True)

    def give_back_at_once(self, *queues: str) -> None:
        """A message whose function failed is there again at once, and not minutes later."""
        for queue in queues:
            url = self.stack["resources"][queue]
            self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})

    def spoil_contact(self, contact_id: str, text: str) -> None:
        """Put a text where the contact's item has a number: whoever reads it fails, and Python's error quotes it."""
        table = self._table("ContactsTable")
        (item,) = [each for each in table.scan()["Items"] if each.get("id") == contact_id]
        table.update_item(
            Key={"pk": item["pk"], "sk": item["sk"]},
            UpdateExpression="SET createdBy = :text",
            ExpressionAttributeValues={":text": f"job:{text}"},
        )

    def spoil_object(self, key: str, text: str) -> None:
        """Put a text in place of what the object holds."""
        files, bucket = self.client("s3"), self.stack["resources"]["FilesBucket"]
        files.head_object(Bucket=bucket, Key=key)
        files.put_object(Bucket=bucket, Key=key, Body=text.encode())

    def _wait_for(self, what: str, found: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (result := found()):
            assert time.monotonic() < deadline, f"no {what}"
            time.sleep(0.1)
        return result

    def _table(self, name: str) -> Any:
        resource = aws_session(dict(self.stack)).resource("dynamodb", endpoint_url=self.stack["awsEndpoint"])
        return resource.Table(self.stack["resources"][name])


def _pages(client: Any, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    yield from client.get_paginator(operation).paginate(**arguments)
