"""What other systems hear on the event bus."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from tests.e2e.http_client import PATIENCE_SECONDS


def aws_session(stack: dict[str, Any]) -> boto3.Session:
    """A session of the stack's administrator."""
    return boto3.Session(stack["accessKeyId"], stack["secretAccessKey"], region_name=stack["region"])


@dataclass
class Listener:
    """A queue behind a rule for all events of ours; `events` are those that came so far."""

    _receive: Callable[[], list[dict[str, Any]]]
    events: list[dict[str, Any]] = field(default_factory=list)

    def wait_for(self, detail_type: str, **details: Any) -> dict[str, Any]:
        """The first event of this type whose detail has these values, as EventBridge delivers it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := self.of(detail_type, **details)):
            assert time.monotonic() < deadline, f"no {detail_type} with {details} came"
            self.events += self._receive()
        return found[0]

    def of(self, detail_type: str, **details: Any) -> list[dict[str, Any]]:
        """Those that came already."""
        return [
            event
            for event in self.events
            if event["detail-type"] == detail_type
            and all(event["detail"].get(name) == value for name, value in details.items())
        ]


@contextmanager
def listening(stack: dict[str, Any]) -> Iterator[Listener]:
    """Hear what is published from now on."""
    session, name = aws_session(stack), f"listener-{uuid.uuid4().hex}"
    sqs = session.client("sqs", endpoint_url=stack["awsEndpoint"])
    rules = session.client("events", endpoint_url=stack["awsEndpoint"])
    bus = stack["resources"]["ContactsEventBus"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rules.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["bulk-contacts"]}))
    rules.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def receive() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    try:
        yield Listener(receive)
    finally:
        rules.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
        rules.delete_rule(Name=name, EventBusName=bus)
        sqs.delete_queue(QueueUrl=url)
