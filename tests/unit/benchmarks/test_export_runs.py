"""Exports on the metered stand-in, and the ways to write files that they are held against."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

import pytest

from contacts.runtime import clients
from tests.benchmarks import export_runs
from tests.benchmarks.export_runs import SHARDS, CannedContacts, export
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT, SETTINGS, TENANT
from tests.benchmarks.write_files import WRITERS, contact_rows

FORMATS = list(WRITERS)


@pytest.fixture(autouse=True)
def clients_of_this_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in CLIENT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    yield
    for client in (clients.dynamodb, clients.dynamodb_sending_once, clients.s3, clients.events):
        client.cache_clear()


@pytest.mark.parametrize("format_", FORMATS)
def test_an_export_is_metered(format_: str) -> None:
    contacts = 450
    found = export(format_, contacts)
    # A page of each shard at least, and the file; the job is read and written a few times.
    assert SHARDS < found["requests"] < 40
    # About 360 bytes a contact, 4 KB a unit, each page rounded up; the job and the tenant's settings beside.
    assert contacts * 300 / 4_096 < found["readUnits"] < contacts * 420 / 4_096 + SHARDS + 10
    assert found["fileMegabytes"] > contacts * 30 / 1e6
    assert found["dollars"] > 0


def test_an_export_that_misses_contacts_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(CannedContacts):
        def __init__(self, contacts: int) -> None:
            super().__init__(contacts - 1)

    monkeypatch.setattr(export_runs, "CannedContacts", Forgetful)
    with pytest.raises(SystemExit, match="the export went wrong"):
        export("csv", 20)


@pytest.mark.parametrize("contacts", [1, SHARDS, SHARDS * 250 + 3])
def test_the_canned_table_has_each_contact_once(contacts: int) -> None:
    table = CannedContacts(contacts)
    emails = [item["email"]["S"] for shard in range(SHARDS) for item in _pages(table, f"{TENANT}#{shard:02}")]
    assert sorted(emails) == sorted(str(row[0]) for row in contact_rows(contacts))
    assert ceil(contacts * 250 / 4_096) <= table.read_units


def _pages(table: CannedContacts, pk: str) -> Iterator[Any]:
    start: dict[str, Any] = {}
    while True:
        page = table._page(
            {
                "TableName": SETTINGS.contacts_table,
                "ExpressionAttributeValues": {":pk": {"S": pk}},
                "Limit": 100,
                "ConsistentRead": True,
                **start,
            }
        )
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


@pytest.mark.parametrize("format_", FORMATS)
def test_pandas_writes_the_same_contacts(format_: str) -> None:
    """Of about the same size, so that nobody was given less to do."""
    ours, theirs = export_runs.write(format_, 500), export_runs.write_by_pandas(format_, 500)
    assert ours["fileMegabytes"] == pytest.approx(theirs["fileMegabytes"], rel=0.35)
