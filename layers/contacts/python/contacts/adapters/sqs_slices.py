"""Messages to the workers of bulk jobs.

Each carries a message group that stands for its tenant. On a standard queue that orders nothing: it makes the queue a
fair one, which lets tenants with few messages pass those of a tenant with many.
Source: "Amazon SQS fair queues" in the SQS developer guide.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from contacts.adapters.backoff import Backoff
from contacts.domain.bulk_job import BulkKind, WaitingSlice

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

#: SendMessageBatch's quota.
_MAX_BATCH = 10


class SlicesNotSent(Exception):
    """SQS answered, but did not take some of the messages; its text says how many, and why the first one."""

    def __init__(self, message: str, *, is_passing: bool) -> None:
        super().__init__(message)
        self.is_passing = is_passing


class SqsSliceQueue:
    """`SliceQueue` on SQS: one queue for each kind of job.

    Args:
        client: SQS client.
        queue_urls: the queue of each kind.
        backoff: how long to try again what SQS could not take at the moment.
    """

    def __init__(
        self, *, client: SQSClient, queue_urls: Mapping[BulkKind, str], backoff: Backoff | None = None
    ) -> None:
        self._client = client
        self._queue_urls = queue_urls
        self._backoff = backoff or Backoff(deadline_seconds=5)

    def send(self, waiting: Sequence[WaitingSlice]) -> None:
        """See `SliceQueue.send`.

        Raises:
            SlicesNotSent: SQS did not take all of them; the others are sent.
        """
        for kind in dict.fromkeys(each.kind for each in waiting):
            of_kind = [each for each in waiting if each.kind is kind]
            for start in range(0, len(of_kind), _MAX_BATCH):
                self._send_batch(self._queue_urls[kind], of_kind[start : start + _MAX_BATCH])

    def _send_batch(self, queue_url: str, waiting: Sequence[WaitingSlice]) -> None:
        left = [_entry(str(number), each) for number, each in enumerate(waiting)]

        def send() -> None:
            answer = self._client.send_message_batch(QueueUrl=queue_url, Entries=left)
            failed = {entry["Id"]: entry for entry in answer.get("Failed", ())}
            if not failed:
                return
            left[:] = [entry for entry in left if entry["Id"] in failed]
            code = next(iter(failed.values()))["Code"]
            is_passing = not any(entry["SenderFault"] for entry in failed.values())
            raise SlicesNotSent(f"SQS refused {len(failed)} messages: {code}", is_passing=is_passing)

        self._backoff.call(send, retry_if=lambda error: isinstance(error, SlicesNotSent) and error.is_passing)


def _entry(id_: str, waiting: WaitingSlice) -> SendMessageBatchRequestEntryTypeDef:
    return {
        "Id": id_,
        "MessageBody": json.dumps({"jobId": waiting.job_id, "slice": waiting.slice}),
        # A hash, because a group's name takes fewer characters than a tenant's.
        "MessageGroupId": hashlib.sha256(waiting.tenant.encode()).hexdigest()[:32],
    }
