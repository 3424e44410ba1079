"""Bulk jobs on the metered stand-in: what they are charged, and that it does what the functions ask for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import boto3
import pytest

from contacts.runtime import clients
from tests.benchmarks.bulk_runs import TENANT, BulkBench, phone_book
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB
from tests.benchmarks.metered_s3 import MeteredS3
from tests.benchmarks.specification_bulk_loop import (
    COLLECTION_CONTACTS,
    CONTACTS,
    SpecificationBulkLoop,
    bulk_loop_tables,
)

_CLIENTS = (clients.dynamodb, clients.dynamodb_sending_once, clients.s3, clients.events, clients.sqs)


@pytest.fixture(autouse=True)
def clients_of_this_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in CLIENT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    yield
    for client in _CLIENTS:
        client.cache_clear()


def test_a_job_over_several_slices_is_metered_from_its_start_to_its_end() -> None:
    bench = BulkBench()
    bench.create(1, "makes-the-tenants-settings")
    _, cost = bench.create(520, "two-slices")
    assert cost.whole.contact_units == 2 * 520, "each and its entry in the index, both below 1 KB"
    assert cost.start.contact_units == 0
    # 25 contacts a statement batch, and of each slice at least its plan, its outcomes, its record and its event.
    assert cost.whole.requests - cost.start.requests >= 20 + 1 + 2 * 4
    assert not bench.aws.sqs.messages


def test_a_clean_up_leaves_nothing_but_traces() -> None:
    bench = BulkBench()
    job_id, _ = bench.create(30, "gone")
    cost = bench.delete(job_id, 30)
    assert list(bench.wiring.contacts.scan(TENANT)) == []
    # In a transaction: the contact with its entry in the index goes, the trace comes; each at twice the price.
    assert cost.whole.contact_units == 30 * 2 * 3


def test_one_at_a_time_is_a_note_a_write_an_event_and_the_notes_end_a_contact() -> None:
    spent = BulkBench().one_by_one(7, "single")
    # The first one finds the tenant's settings missing, and makes them.
    assert 28 <= spent.requests <= 28 + 3
    assert 7 <= spent.contact_units <= 7 + 1
    assert 21 <= spent.write_units <= 21 + 1


def test_the_loop_writes_each_contact_and_then_the_collection() -> None:
    spent = BulkBench().specification_loop(30, "loop")
    assert spent.requests == 30 + 2
    assert spent.contact_units == 2 * 30
    assert spent.write_units == 3 * 30


def test_the_loop_takes_the_first_of_each_email_and_all_without() -> None:
    aws = MeteredAws(MeteredDynamoDB(bulk_loop_tables()), MeteredS3())
    resource = boto3.resource("dynamodb")
    aws.attach(resource.meta.client)
    entries = [{"email": "Ada@example.com", "n": "1"}, {"email": " ada@EXAMPLE.com ", "n": "2"}, {"n": "3"}, {"n": "4"}]
    ids = SpecificationBulkLoop(resource, collection="c")(entries, "bcc:j:1")
    tables = aws.dynamodb.tables
    found = [tables[CONTACTS].get({"pk": {"S": "tenant"}, "sk": {"S": each}}) for each in ids]
    assert [each and each["n"] for each in found] == [{"S": "1"}, {"S": "3"}, {"S": "4"}]
    assert len(tables[COLLECTION_CONTACTS]) == 3


def test_every_request_waits_and_no_cpu_time_goes_by(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    bench = BulkBench(0.005)
    bench.specification_loop(10, "slow")
    assert waited == [0.005] * (10 + 1)
    assert bench.aws.requests.total() == len(waited)


def test_editions_are_different_people() -> None:
    first, second = ({entry["email"].lower() for entry in phone_book(50, edition)} for edition in ("a", "b"))
    assert len(first) == len(second) == 50
    assert not first & second
