"""What every `SliceQueue` does: the in-memory one and SQS's, on moto and on the local engine; its troubles by stubs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.sqs_slices import SlicesNotSent, SqsSliceQueue
from contacts.bulk_ports import SliceQueue
from contacts.domain.bulk_job import BulkKind, WaitingSlice, line_of
from tests.support.aws_clients import ENGINES, client_of
from tests.support.client_wrappers import FailsFirst, client_error
from tests.support.job_stores import make_bulk_job
from tests.support.memory_slice_queue import MemorySliceQueue

#: Takes all messages of a queue out: kind, job and slice.
Drain = Callable[[], list[tuple[BulkKind, str, int]]]
CREATE = list(line_of(make_bulk_job("create", total=12 * 500)))
DELETE = list(line_of(make_bulk_job("delete", kind=BulkKind.DELETE)))
URLS = {kind: f"https://queues.test/{kind}" for kind in BulkKind}


@pytest.fixture(params=ENGINES)
def queues(request: pytest.FixtureRequest) -> Iterator[tuple[Any, dict[BulkKind, str]]]:
    """A client, and the address of an empty queue for each kind."""
    with client_of(request.param, "sqs") as client:
        yield client, {kind: client.create_queue(QueueName=f"{uuid.uuid4()}")["QueueUrl"] for kind in BulkKind}


def test_the_in_memory_queue_keeps_what_was_sent() -> None:
    queue = MemorySliceQueue()
    _sends_each_slice_to_its_kind(queue, lambda: queue.messages)


def test_sqs_gets_what_was_sent(queues: tuple[Any, dict[BulkKind, str]]) -> None:
    client, urls = queues

    def drain() -> list[tuple[BulkKind, str, int]]:
        bodies = [(kind, json.loads(message["Body"])) for kind, url in urls.items() for message in receive(client, url)]
        assert {tuple(body) for _, body in bodies} == {("jobId", "slice")}, "nothing of the slice itself is told"
        return [(kind, body["jobId"], body["slice"]) for kind, body in bodies]

    _sends_each_slice_to_its_kind(SqsSliceQueue(client=client, queue_urls=urls), drain)


def _sends_each_slice_to_its_kind(queue: SliceQueue, drain: Drain) -> None:
    waiting = [*CREATE[:11], *DELETE, CREATE[11]]  # more of one kind than a batch holds, and mixed
    queue.send(waiting)
    queue.send([])
    assert sorted(drain()) == sorted((each.kind, each.job_id, each.slice) for each in waiting)


def receive(client: Any, url: str) -> list[dict[str, Any]]:
    """All messages of a queue; they stay in it, unseen by others for half a minute."""
    messages: list[dict[str, Any]] = []
    while True:
        answer = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
        if not answer.get("Messages"):
            return messages
        messages += answer["Messages"]


def test_messages_of_a_tenant_make_a_group_and_none_waits_for_another(
    queues: tuple[Any, dict[BulkKind, str]],
) -> None:
    client, urls = queues
    line = [slice_ for tenant in ("müller & söhne", "b") for slice_ in line_of(make_bulk_job(tenant, tenant))]
    SqsSliceQueue(client=client, queue_urls=urls).send(line)
    messages = receive(client, urls[BulkKind.CREATE])
    assert len(messages) == 6, "no message has to be done before the next of its group is handed out"
    groups = {json.loads(message["Body"])["jobId"]: set[str]() for message in messages}
    for message in messages:
        groups[json.loads(message["Body"])["jobId"]].add(message["Attributes"]["MessageGroupId"])
    assert [len(group) for group in groups.values()] == [1, 1]
    ((one,), (other,)) = groups.values()
    assert one != other
    assert one.isalnum(), "a group's name takes few characters"
    assert one.isascii()


class StubbedSqs:
    """A client whose answers are given; `sent` holds the jobs and slices of each of its calls."""

    def __init__(self, *refused: dict[str, bool]) -> None:
        """`refused` says, call by call, which entries are refused, by id, and whether that is the sender's fault."""
        self._refused = list(refused)
        self.sent: list[list[int]] = []

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.sent.append([json.loads(entry["MessageBody"])["slice"] for entry in Entries])
        refused = self._refused.pop(0) if self._refused else {}
        assert refused.keys() <= {entry["Id"] for entry in Entries}
        failed = [
            {"Id": id_, "Code": "InternalError" if not fault else "InvalidMessageContents", "SenderFault": fault}
            for id_, fault in refused.items()
        ]
        return {"Successful": [], **({"Failed": failed} if failed else {})}


def send_to(client: StubbedSqs, waiting: list[WaitingSlice], **backoff: Any) -> list[float]:
    """Send, and return how long was waited between the calls."""
    pauses: list[float] = []
    patience = Backoff(sleep=pauses.append, **backoff)
    SqsSliceQueue(client=client, queue_urls=URLS, backoff=patience).send(waiting)
    return pauses


def test_what_sqs_could_not_take_is_sent_again_and_nothing_else() -> None:
    client = StubbedSqs({"1": False, "4": False}, {"4": False})
    pauses = send_to(client, CREATE[:5])
    assert client.sent == [[0, 1, 2, 3, 4], [1, 4], [4]]
    assert len(pauses) == 2


def test_what_sqs_never_takes_is_an_error() -> None:
    time = iter(range(1_000))
    client = StubbedSqs(*[{"0": False}] * 100)
    with pytest.raises(SlicesNotSent, match="1 messages: InternalError"):
        send_to(client, CREATE[:2], deadline_seconds=5, monotonic=lambda: next(time))
    assert len(client.sent) > 2


def test_what_no_second_try_can_help_is_an_error_at_once() -> None:
    client = StubbedSqs({"0": True, "1": False})
    with pytest.raises(SlicesNotSent, match="InvalidMessageContents") as raised:
        send_to(client, CREATE[:3])
    assert len(client.sent) == 1
    assert "create" not in str(raised.value), "the error names no job"


def test_trouble_is_never_taken_for_an_answer() -> None:
    denied = client_error("AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        send_to(FailsFirst(StubbedSqs(), "send_message_batch", denied), CREATE[:1])


def test_a_kind_that_has_no_queue_is_never_dropped() -> None:
    queue = SqsSliceQueue(client=StubbedSqs(), queue_urls={BulkKind.CREATE: URLS[BulkKind.CREATE]})
    with pytest.raises(KeyError):
        queue.send([*CREATE[:1], *DELETE])
