"""Against the examples and rules of the DynamoDB developer guide."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from tests.benchmarks.capacity import Index, item_size, lambda_price, read_units, write_units
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "Zoë"}, 4),
        ({"N": "27"}, 2),
        ({"N": "-27"}, 2),
        ({"N": "12345"}, 4),
        # Leading and trailing zeros are trimmed.
        ({"N": "1000000"}, 2),
        ({"B": base64.b64encode(b"12345").decode()}, 5),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        # 3 bytes of overhead, and one for each element or pair of name and value.
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + 1 + 2 + 1 + 1),
        ({"M": {}}, 3),
        ({"M": {"zip": {"S": "12345"}}}, 3 + 1 + 3 + 5),
    ],
)
def test_size_of_a_value_with_its_name(value: dict[str, Any], size: int) -> None:
    assert item_size({"attribute": value}) == len("attribute") + size


def test_a_type_that_is_not_known_ends_the_run() -> None:
    with pytest.raises(NotImplementedError, match="SS"):
        item_size({"tags": {"SS": ["a"]}})


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (1_024, 1), (1_025, 2), (1_536, 2), (10_240, 10)])
def test_writes_go_in_steps_of_a_kilobyte(size: int, units: int) -> None:
    assert write_units(size) == units


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(0, True, 1), (4_096, True, 1), (4_097, True, 2), (8_192, True, 2), (4_096, False, 0.5), (8_192, False, 1)],
)
def test_reads_go_in_steps_of_four(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units


def item(**attributes: str) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": "s"}, **{name: {"S": value} for name, value in attributes.items()}}


KILOBYTE = "x" * 1_024


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, item(source="a"), 1),
        (item(), item(source="a"), 1),
        (item(source="a"), item(source="b"), 2),
        (item(source="a"), item(), 1),
        (item(source="a"), None, 1),
        (item(other="a"), item(other="b"), 0),
        (None, item(), 0),
        # The key stays, a projected attribute changes.
        (item(source="a", name="x"), item(source="a", name="y"), 1),
        (item(source="a", name="x"), item(source="a", name=KILOBYTE), 2),
        (item(source="a", name=KILOBYTE), item(source="a", name="x"), 2),
        (item(source="a", name=KILOBYTE), item(source="b", name=KILOBYTE), 4),
        # What is not projected changes.
        (item(source="a", other="x"), item(source="a", other=KILOBYTE), 0),
    ],
)
def test_writes_of_an_index(before: dict[str, Any] | None, after: dict[str, Any] | None, units: int) -> None:
    assert Index("bySource", ("source",), ("name",)).write_units(before, after) == units


@pytest.mark.parametrize(
    ("projection", "entry"),
    [
        ({"ProjectionType": "ALL"}, {"pk", "sk", "source", "name", "other"}),
        ({"ProjectionType": "KEYS_ONLY"}, {"pk", "sk", "source"}),
        ({"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]}, {"pk", "sk", "source", "name"}),
    ],
)
def test_what_an_index_holds(projection: dict[str, Any], entry: set[str]) -> None:
    key = [{"AttributeName": "source", "KeyType": "HASH"}]
    index = Index.from_template({"IndexName": "bySource", "KeySchema": key, "Projection": projection})
    assert (index.entry(item(source="a", name="b", other="c")) or {}).keys() == entry
    assert index.entry(item(name="b")) is None


class TestMeter:
    def units(self, operation: str, request: dict[str, Any], *stored: dict[str, Any]) -> tuple[int, float]:
        table = Table([Index("bySource", ("source",), ())])
        for each in stored:
            table.put(each, None)
        dynamodb = MeteredDynamoDB({"t": table})
        dynamodb.answer(operation, SimpleNamespace(body=orjson.dumps(request)))
        return dynamodb.write_units, dynamodb.read_units

    def test_a_put_takes_the_larger_of_both_images(self) -> None:
        put = {"TableName": "t", "Item": item(other="x")}
        assert self.units("PutItem", put)[0] == 1
        assert self.units("PutItem", put, item(other=KILOBYTE * 2))[0] == 3

    def test_a_put_pays_for_its_index(self) -> None:
        assert self.units("PutItem", {"TableName": "t", "Item": item(source="a")})[0] == 2

    @pytest.mark.parametrize(("length", "units"), [(100, 2), (1_500, 4)])
    def test_a_transaction_costs_twice(self, length: int, units: int) -> None:
        put = {"Put": {"TableName": "t", "Item": item(other="x" * length)}}
        assert self.units("TransactWriteItems", {"TransactItems": [put]})[0] == units

    @pytest.mark.parametrize(("consistent", "units"), [(True, 2), (False, 1)])
    def test_a_get_of_five_kilobytes(self, consistent: bool, units: float) -> None:
        get = {"TableName": "t", "Key": item(), "ConsistentRead": consistent}
        assert self.units("GetItem", get, item(other=KILOBYTE * 5))[1] == units

    def test_a_batch_pays_for_each_item_and_for_what_is_not_there(self) -> None:
        keys = [item(), {"pk": {"S": "p"}, "sk": {"S": "other"}}]
        asked = {"RequestItems": {"t": {"Keys": keys, "ConsistentRead": True}}}
        assert self.units("BatchGetItem", asked, item(other="x"))[1] == 2

    def test_a_query_pays_for_the_sum_and_not_for_each(self) -> None:
        asked = {
            "TableName": "t",
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "p"}},
            "ConsistentRead": True,
        }
        stored = [{**item(other="x" * 100), "sk": {"S": str(number)}} for number in range(30)]
        assert self.units("Query", asked, *stored)[1] == 1


def test_a_processor_is_1769_megabytes_of_lambda() -> None:
    assert lambda_price(3_600) == pytest.approx(3_600 * 1.7275390625 * 0.0000133334)
