"""The benchmarks' stand-in for DynamoDB counts the units that AWS's own DynamoDB Local reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.benchmarks import capacity
from tests.benchmarks.consumed_capacity import MIRROR, mirrored
from tests.benchmarks.dynamodb_local import store_units
from tests.benchmarks.figures import Figure, Verdict
from tests.support.dynamodb_local import UnavailableError, dynamodb_local_endpoint

CONTACTS = 6


@pytest.fixture(scope="module")
def endpoint() -> str:
    try:
        return dynamodb_local_endpoint()
    except UnavailableError as error:
        pytest.skip(f"no DynamoDB Local: {error}")


def verdicts(figures: Iterator[Figure]) -> dict[str, Verdict]:
    return {each.name: each.verdict for each in figures}


def test_it_counts_what_every_kind_of_write_and_read_takes(endpoint: str) -> None:
    found = verdicts(store_units(endpoint, CONTACTS))
    assert set(found.values()) == {Verdict.PASS}
    steps = {name.rpartition(": ")[0].removeprefix("store, ") for name in found}
    assert steps >= {"create", "update", "delete", "create a twin", "create, in an index", "query an index"}


@pytest.mark.parametrize(
    ("broken", "missed"),
    [
        ("write_units", "store, create, of 0.5 to 6 KB: write units"),
        ("read_units", "store, find by e-mail, of 0.5 to 6 KB: read units"),
    ],
)
def test_a_stand_in_that_counts_otherwise_is_a_miss(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, broken: str, missed: str
) -> None:
    def one(*_: Any, **__: Any) -> int:
        return 1

    for module in ("capacity", "metered_dynamodb"):
        monkeypatch.setattr(f"tests.benchmarks.{module}.{broken}", one)
    assert getattr(capacity, broken)(10**6) == 1
    assert verdicts(store_units(endpoint, CONTACTS))[missed] is Verdict.MISS


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"TableName": "t", "Key": 1}, {"TableName": MIRROR + "t", "Key": 1}),
        ({"RequestItems": {"t": [1]}}, {"RequestItems": {MIRROR + "t": [1]}}),
        (
            {"TransactItems": [{"Put": {"TableName": "t"}}, {"Update": {"TableName": "u"}}]},
            {"TransactItems": [{"Put": {"TableName": MIRROR + "t"}}, {"Update": {"TableName": MIRROR + "u"}}]},
        ),
    ],
)
def test_the_second_set_of_tables_gets_the_same_request(asked: Any, expected: Any) -> None:
    assert mirrored(asked) == expected
