"""What every `AuditLog` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contacts.adapters.dynamodb.audit_log import DynamoAuditLog
from contacts.domain.errors import InvalidRequest
from contacts.domain.export_job import AuditAction, AuditRecord, ExportFormat, ExportOptions
from contacts.export_ports import AuditLog
from tests.support.client_wrappers import FailsFirst, client_error
from tests.support.fake_clock import FakeClock
from tests.support.jobs_table import JobsTable
from tests.support.memory_audit_log import MemoryAuditLog


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def log(memory_or_table: JobsTable | None, clock: FakeClock) -> AuditLog:
    return MemoryAuditLog(clock=clock) if memory_or_table is None else on_table(memory_or_table.emptied(), clock)


def on_table(table: JobsTable, clock: FakeClock, client: Any = None) -> AuditLog:
    return DynamoAuditLog(client=client or table.client, table=table.name, clock=clock)


def make_record(key: str = "k", tenant: str = "a", minute: int = 0, **fields: Any) -> AuditRecord:
    values = {
        "at": f"2026-01-01T00:{minute:02}:00.000Z",
        "action": AuditAction.EXPORT,
        "user": "user",
        "job_id": "job-1",
        "options": ExportOptions(format=ExportFormat.CSV),
    }
    return AuditRecord(tenant=tenant, key=key, **{**values, **fields})


def records(log: AuditLog, tenant: str = "a", limit: int = 50) -> list[AuditRecord]:
    return list(log.records(tenant, limit=limit).items)


FILTERED = ExportOptions(
    format=ExportFormat.JSON,
    filters={"or": [{"field": "score", "gt": 0.1}, {"field": "tags", "any": ["ÿ", None, True, 10**20]}]},
    segment_id="seg",
    collection_id="col",
    selected_fields=("phone", "email"),
)


@pytest.mark.parametrize(
    "record",
    [
        make_record(),
        make_record(contacts=0),
        make_record(action=AuditAction.DOWNLOAD, contacts=1_000_000, options=FILTERED, key="é/#%"),
    ],
    ids=["started", "empty", "download"],
)
def test_a_record_comes_back_as_it_went_in(log: AuditLog, record: AuditRecord) -> None:
    log.put(record)
    assert records(log) == [record]


def test_the_same_record_again_replaces_itself(log: AuditLog) -> None:
    log.put(make_record())
    log.put(make_record("other"))
    log.put(make_record(contacts=5))
    assert records(log) == [make_record("other"), make_record(contacts=5)]


def test_a_record_stays_where_an_earlier_try_comes_late(log: AuditLog) -> None:
    latest = make_record(attempt=2, contacts=12)
    log.put(latest)
    log.put(make_record(attempt=1, contacts=10))
    log.put(make_record())
    assert records(log) == [latest]
    corrected = replace(latest, contacts=13)
    log.put(corrected)
    assert records(log) == [corrected]


def test_pages_show_each_record_once_newest_first(log: AuditLog) -> None:
    # Two of each moment: the key decides between them.
    put = [make_record(f"k{number}", minute=number // 2) for number in range(7)]
    for record in put[::2] + put[1::2]:
        log.put(record)
    for limit in (1, 2, 3, 6, 7, 8):
        seen, position = [], None
        while True:
            page = log.records("a", limit=limit, position=position)
            seen.append(list(page.items))
            position = page.next_position
            if position is None:
                break
        assert seen == [put[::-1][start : start + limit] for start in range(0, 7, limit)]


# Names that would reach into each other's keys if they were joined without care.
TENANTS = ("a", "a#", "a#b", "a/b", "a%23b", "A", "á", "AUDIT#a", " ", "..")


def test_each_tenant_sees_its_own(log: AuditLog) -> None:
    for tenant in TENANTS:
        log.put(make_record("same", tenant))
    for tenant in TENANTS:
        assert records(log, tenant) == [make_record("same", tenant)]
    assert records(log, "nobody") == []


def test_a_position_of_one_tenant_shows_another_only_its_own(log: AuditLog) -> None:
    for minute in range(3):
        log.put(make_record("k", "a", minute))
        log.put(make_record("k", "b", minute))
    position = log.records("a", limit=2).next_position
    assert list(log.records("b", limit=9, position=position).items) == [make_record("k", "b", 0)]


def test_a_record_is_kept_for_more_than_a_year(log: AuditLog, clock: FakeClock) -> None:
    old, young = make_record("old"), make_record("young", minute=1)
    log.put(old)
    log.put(young)
    clock.advance(days=400, seconds=-1)
    assert records(log) == [young, old]
    clock.advance(seconds=1)
    assert records(log) == [young], "though it may still lie there"
    log.put(replace(young, key="newest"))
    assert records(log, limit=1) == [young]


class TestDynamoDB:
    """What only the table has: answers of a limited size, and a network."""

    def test_a_page_ends_where_an_answer_of_dynamodb_does(self, table: JobsTable, clock: FakeClock) -> None:
        """A megabyte, with filters as long as they may be; a Lambda function can answer six."""
        log = on_table(table.emptied(), clock)
        long = ExportOptions(format=ExportFormat.CSV, filters={"in": "x" * 60_000})
        put = [make_record(minute=minute, options=long) for minute in range(20)]
        for record in put:
            log.put(record)
        first = log.records("a", limit=50)
        assert 10 < len(first.items) < 20
        second = log.records("a", limit=50, position=first.next_position)
        assert [*first.items, *second.items] == put[::-1]
        assert second.next_position is None

    def test_trouble_is_never_taken_for_an_answer(self, table: JobsTable, clock: FakeClock) -> None:
        denied = client_error("AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            on_table(table, clock, FailsFirst(table.client, "put_item", denied)).put(make_record())

    @pytest.mark.parametrize("position", ["", "x" * 2_000, "\ud800"])
    def test_a_position_that_no_list_gave_is_refused(self, table: JobsTable, clock: FakeClock, position: str) -> None:
        with pytest.raises(InvalidRequest) as refused:
            on_table(table, clock).records("a", limit=1, position=position)
        assert refused.value.code == "CURSOR_INVALID"
