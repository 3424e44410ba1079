"""All that the service has stored, read raw from the tables, the bucket and the queues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.soak.wire_faults.soak_stack import SoakStack

_VALUE_OF = TypeDeserializer().deserialize
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@dataclass
class StoredState:
    """Items as plain values, objects as bytes by key, messages as a number by queue."""

    contacts_table: list[dict[str, Any]] = field(default_factory=list)
    jobs_table: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)


def read_state(stack: SoakStack) -> StoredState:
    """Everything, while nobody writes."""
    s3, bucket = stack.client("s3"), stack.resource("FilesBucket")
    listed = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [each["Key"] for page in listed for each in page.get("Contents", [])]
    return StoredState(
        contacts_table=list(_items(stack, "ContactsTable")),
        jobs_table=list(_items(stack, "JobsTable")),
        objects={key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys},
        messages=messages(stack),
    )


def messages(stack: SoakStack) -> dict[str, int]:
    """How many messages are in each queue, at work or waiting."""
    sqs = stack.client("sqs")
    found = {}
    for address in sqs.list_queues()["QueueUrls"]:
        attributes = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=list(_COUNTS))["Attributes"]
        found[address.rpartition("/")[2]] = sum(int(attributes[name]) for name in _COUNTS)
    return found


def _items(stack: SoakStack, table: str) -> Iterator[dict[str, Any]]:
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.resource(table))
    for page in pages:
        yield from ({name: _VALUE_OF(value) for name, value in item.items()} for item in page["Items"])
