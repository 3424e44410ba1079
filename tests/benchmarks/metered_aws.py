"""AWS that answers at no cost: real clients, whose requests are answered in this process before they are sent.

The time that it takes to answer is measured and left out, so what remains is our code and the SDK.
"""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from typing import Any, BinaryIO

from botocore.awsrequest import AWSResponse

from tests.benchmarks.capacity import PRICES
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB
from tests.benchmarks.metered_s3 import MeteredS3
from tests.benchmarks.metered_sqs import MeteredSqs

_EVENT_ACCEPTED = b'{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}'


class _RawBody(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


class _RawFile:
    """The same of a file that is open: no more of it in memory than is asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.close = file.close


class MeteredAws:
    """The services, and a meter that runs from one `reset` to the next.

    Every request is answered after `seconds_a_request`, in the thread that sent it: for what is measured by the clock.
    """

    def __init__(
        self,
        dynamodb: MeteredDynamoDB,
        s3: MeteredS3,
        *,
        sqs: MeteredSqs | None = None,
        seconds_a_request: float = 0.0,
    ) -> None:
        self.dynamodb = dynamodb
        self.s3 = s3
        self.sqs = sqs or MeteredSqs()
        self.seconds_a_request = seconds_a_request
        self._lock = threading.Lock()
        self.reset()

    def attach(self, *clients: Any) -> None:
        """Answer all requests of these clients."""
        for client in clients:
            client.meta.events.register_first("before-send", self._answer)

    def reset(self) -> None:
        self.requests: Counter[str] = Counter()
        self.dynamodb.reset()
        self._answering = 0.0
        self._started = time.process_time()

    def cpu_seconds(self) -> float:
        """CPU time of this process since the last reset, answering left out."""
        return time.process_time() - self._started - self._answering

    def price(self) -> float:
        """Dollars for the requests since the last reset; no compute, no state transitions, no storage."""
        gets = self.requests["s3.GetObject"] + self.requests["s3.HeadObject"]
        others = sum(count for name, count in self.requests.items() if name.startswith("s3.")) - gets
        return (
            self.dynamodb.write_units * PRICES["write unit"]
            + self.dynamodb.read_units * PRICES["read unit"]
            + gets * PRICES["S3 GET or HEAD"]
            + others * PRICES["S3 PUT, POST or LIST"]
            + self.requests["eventbridge.PutEvents"] * PRICES["event"]
            + self.requests["sqs.SendMessageBatch"] * PRICES["SQS request"]
        )

    def _answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        if self.seconds_a_request:
            time.sleep(self.seconds_a_request)
        # One at a time: what is counted by two threads at once would be counted once.
        with self._lock:
            # Of this thread alone: others may be at work meanwhile.
            start = time.thread_time()
            response = self._answer_now(request, event_name)
            self._answering += time.thread_time() - start
        return response

    def _answer_now(self, request: Any, event_name: str) -> AWSResponse:
        _, service, operation = event_name.split(".")
        self.requests[f"{service}.{operation}"] += 1
        headers = {"Content-Type": "application/x-amz-json-1.0"}
        if service == "dynamodb":
            status, body = self.dynamodb.answer(operation, request)
        elif service == "s3":
            status, body, headers = self.s3.answer(operation, request)
        elif service == "sqs":
            status, body = self.sqs.answer(operation, request)
        elif (service, operation) == ("eventbridge", "PutEvents"):
            status, body = 200, _EVENT_ACCEPTED
        else:
            raise NotImplementedError(event_name)
        raw = _RawBody(body) if isinstance(body, bytes) else _RawFile(body)
        return AWSResponse(request.url, status, headers, raw)
