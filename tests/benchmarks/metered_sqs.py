"""As much of SQS as bulk jobs need, behind a real client's `before-send` event: queues that a benchmark empties."""

from __future__ import annotations

from collections import deque
from typing import Any

import orjson


class MeteredSqs:
    """Keeps what was sent, oldest first, as the body of each message. Receiving is Lambda's part, and not here."""

    def __init__(self) -> None:
        self.messages: deque[dict[str, Any]] = deque()

    def answer(self, operation: str, request: Any) -> tuple[int, bytes]:
        if operation != "SendMessageBatch":
            raise NotImplementedError(operation)
        entries = orjson.loads(request.body)["Entries"]
        self.messages.extend(orjson.loads(entry["MessageBody"]) for entry in entries)
        return 200, orjson.dumps({"Successful": [_taken(entry) for entry in entries], "Failed": []})


def _taken(entry: Any) -> dict[str, str]:
    # Of its answer the functions look at what failed; a checksum is for those who ask for it.
    return {"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": ""}
