"""What is answered in the process is counted, by however many threads it is asked for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from tests.benchmarks.capacity import Item
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table
from tests.benchmarks.metered_s3 import MeteredS3

THREADS = 8


class SlowTable(Table):
    """Lets other threads go on in the middle of each request."""

    def put(self, after: Item, before: Item | None) -> int:
        time.sleep(0.01)
        return super().put(after, before)

    def get(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        time.sleep(0.01)
        return super().get(key)


def test_threads_that_ask_at_the_same_time_are_all_counted() -> None:
    aws = MeteredAws(MeteredDynamoDB({"t": SlowTable()}), MeteredS3())
    client = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
    aws.attach(client)

    def put(number: int) -> None:
        client.put_item(TableName="t", Item={"pk": {"S": "a"}, "sk": {"S": str(number)}})

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(put, range(THREADS)))
    assert aws.requests == {"dynamodb.PutItem": THREADS}
    assert aws.dynamodb.write_units == THREADS
