"""Events on the project's own bus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "bulk-contacts"


class EventNotAccepted(Exception):
    """EventBridge answered, but did not take the event; sending it again may help. Its text holds no detail."""


class EventBridgePublisher:
    """`EventPublisher` on an EventBridge bus."""

    def __init__(self, *, client: EventBridgeClient, bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._bus,
                    "Source": SOURCE,
                    "DetailType": detail_type,
                    "Detail": json.dumps(detail),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            code = answer["Entries"][0].get("ErrorCode", "unknown")
            raise EventNotAccepted(f"EventBridge refused an event of type {detail_type}: {code}")
