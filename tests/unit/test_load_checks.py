"""The load's own judgement: what it expects of its files, and that it notices whatever is lost or double."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

import pytest

from tests.soak.load_checks import job_faults, tenant_faults
from tests.soak.load_files import LoadFile, load_files

FILES = load_files(["a", "b"], jobs=4, rows=200)
FILE = FILES[0]
ONE_TENANTS = [file for file in FILES if file.tenant == "a"]


def rows_of(file: LoadFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.content.decode(), newline="")))


def test_the_files_hold_what_is_expected_of_them() -> None:
    assert [file.tenant for file in FILES] == ["a", "b", "a", "b"]
    for file in FILES:
        emails = [row["E-mail"] for row in rows_of(file)]
        assert len(emails) == file.rows
        assert {email for email in emails if "@" in email} == file.emails
        assert sum("@" not in email for email in emails) == file.errors == 4
        assert Counter(Counter(emails).values()) == {1: 180, 2: 10}
    first, second = ONE_TENANTS
    assert len(first.emails & second.emails) == 10
    assert not first.emails & FILES[1].emails


def a_job(**changed: Any) -> dict[str, Any]:
    whole = {
        "status": "completed",
        "totalRows": 200,
        "processedRows": 200,
        "errorCount": 4,
        "updatedCount": 0,
        "createdCount": 186,
        "importedCount": 186,
        "skippedCount": 14,
    }
    return {**whole, **changed}


def lines_of(job: dict[str, Any]) -> list[dict[str, str]]:
    skipped = job["skippedCount"] - job["errorCount"]
    outcomes = ["created"] * job["createdCount"] + ["error"] * job["errorCount"] + ["skipped"] * skipped
    return [{"row": str(row), "outcome": outcome} for row, outcome in enumerate(outcomes, start=1)]


def test_a_whole_job_has_no_fault() -> None:
    assert list(job_faults(FILE, a_job(), lines_of(a_job()))) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "failed"},
        {"totalRows": 199},
        {"processedRows": 199},
        {"errorCount": 3},
        {"updatedCount": 1},
        {"importedCount": 187},
        {"skippedCount": 13},
    ],
)
def test_a_wrong_count_is_a_fault(changed: dict[str, Any]) -> None:
    assert list(job_faults(FILE, a_job(**changed), lines_of(a_job())))


def test_results_that_miss_a_row_or_say_something_else_are_a_fault() -> None:
    lines = lines_of(a_job())
    assert len(list(job_faults(FILE, a_job(), lines[1:]))) == 2
    assert len(list(job_faults(FILE, a_job(), [lines[0], *lines[:-1]]))) == 2
    assert len(list(job_faults(FILE, a_job(), [{**lines[0], "outcome": "skipped"}, *lines[1:]]))) == 1


PEOPLE = sorted({email for file in ONE_TENANTS for email in file.emails})
CONTACTS = [(f"id-{number}", email) for number, email in enumerate(PEOPLE)]
IDS = [id_ for id_, _ in CONTACTS]


def test_a_whole_tenant_has_no_fault() -> None:
    assert list(tenant_faults("a", ONE_TENANTS, IDS, CONTACTS)) == []


@pytest.mark.parametrize(
    ("ids", "contacts", "noticed"),
    [
        (IDS[1:], CONTACTS[1:], {"people are missing"}),
        ([*IDS, "more"], [*CONTACTS, ("more", "strange@x.example")], {"contacts are nobody's"}),
        ([*IDS, "more"], [*CONTACTS, ("more", PEOPLE[0])], {"people are there twice"}),
        (IDS, [*CONTACTS, CONTACTS[0]], {"people are there twice", "ids are there twice"}),
        ([*IDS, IDS[0]], CONTACTS, {"ids were reported as created twice"}),
        ([*IDS, "gone"], CONTACTS, {"created ids are no contact's"}),
        (IDS[1:], CONTACTS, {"contacts were created by no row"}),
    ],
)
def test_whatever_a_tenant_lost_or_has_twice_is_a_fault(
    ids: list[str], contacts: list[tuple[str, str]], noticed: set[str]
) -> None:
    faults = tenant_faults("a", ONE_TENANTS, ids, contacts)
    assert {fault.removeprefix("a: 1 ") for fault in faults} == noticed
