"""Deletions and reads of indexes on the metered tables."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.benchmarks.capacity import Index, item_size
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table


class Request:
    def __init__(self, **parameters: Any) -> None:
        self.body = orjson.dumps(parameters)


def item(sk: str, *, notes: int = 0, source: str | None = "job") -> dict[str, Any]:
    made = {"pk": {"S": "a"}, "sk": {"S": sk}, "notes": {"S": "x" * notes}}
    return made if source is None else {**made, "source": {"S": source}}


@pytest.fixture
def database() -> MeteredDynamoDB:
    return MeteredDynamoDB({"t": Table([Index("bySource", ("source",), projected=())])})


def ask(database: MeteredDynamoDB, operation: str, **parameters: Any) -> Any:
    status, body = database.answer(operation, Request(**parameters))
    assert status == 200
    return orjson.loads(body)


def put(database: MeteredDynamoDB, put_item: dict[str, Any]) -> None:
    ask(database, "PutItem", TableName="t", Item=put_item)
    database.reset()


def query(database: MeteredDynamoDB) -> Any:
    return ask(
        database,
        "Query",
        TableName="t",
        IndexName="bySource",
        KeyConditionExpression="source = :source",
        ExpressionAttributeValues={":source": {"S": "job"}},
    )["Items"]


def delete(database: MeteredDynamoDB, sk: str) -> int:
    """The write units of a deletion in a transaction."""
    key = {"pk": {"S": "a"}, "sk": {"S": sk}}
    ask(database, "TransactWriteItems", TransactItems=[{"Delete": {"TableName": "t", "Key": key}}])
    return database.write_units


@pytest.mark.parametrize(
    ("stored", "units"),
    [
        (item("1"), 2 * (1 + 1)),
        (item("1", source=None), 2 * 1),
        # 2.5 KB are three units; the index holds the keys alone.
        (item("1", notes=2_500), 2 * (3 + 1)),
    ],
)
def test_a_deletion_costs_what_the_item_and_its_entry_did_twice_in_a_transaction(
    database: MeteredDynamoDB, stored: dict[str, Any], units: int
) -> None:
    put(database, stored)
    assert delete(database, "1") == units
    assert len(database.tables["t"]) == 0
    assert query(database) == []


def test_deleting_nothing_costs_a_unit(database: MeteredDynamoDB) -> None:
    assert delete(database, "1") == 2


def test_an_index_gives_what_it_holds_and_is_charged_for_that(database: MeteredDynamoDB) -> None:
    for number in range(3):
        put(database, item(str(number), notes=4_000))
    found = query(database)
    assert [set(each) for each in found] == [{"pk", "sk", "source"}] * 3
    assert sum(map(item_size, found)) < 4_096
    assert database.read_units == 0.5
