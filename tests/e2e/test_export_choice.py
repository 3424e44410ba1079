"""Which contacts an export holds: filters, segments, collections, or all."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.e2e import bulk_jobs, exports
from tests.e2e.http_client import Api
from tests.e2e.imported_contacts import created, deleted, imported, segment_of


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-admin")


@pytest.fixture
def domain() -> str:
    return f"d{uuid.uuid4().hex}.example"


def names(api: Api, **body: Any) -> tuple[str, list[str]]:
    """Run an export; its type, and the first names in it."""
    got = exports.export(api, format="jsonl", selectedFields=["firstName"], **body)
    found = [each["firstName"] for each in exports.objects(got.content, "jsonl")]
    assert got.job["totalContacts"] == got.job["processedContacts"] == len(found)
    return got.job["exportType"], sorted(found)


def condition(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} if value is None else {"field": field, "op": op, "value": value}


def test_a_filter_tells_which(api: Api, domain: str) -> None:
    tag = domain.removesuffix(".example")
    for name, fields in {
        "Ada": {"company": "Acme", "tags": [tag, "vip"], "customFields": {"size": "XL"}},
        "Bob": {"company": "acme ltd", "tags": [tag]},
        "Eve": {"company": "Other", "tags": [tag, "vip", "old"]},
    }.items():
        created(api, firstName=name, email=f"{name}@{domain}", **fields)
    mine = condition("tags", "hasAny", [tag])
    of_domain = condition("email", "contains", f"@{domain.upper()}")
    for expected, filters in (
        (["Ada", "Bob", "Eve"], of_domain),
        (["Ada", "Bob"], {"and": [mine, condition("company", "startsWith", "ACME")]}),
        (["Ada"], {"and": [mine, condition("company", "equals", " acme ")]}),
        (["Bob"], {"and": [mine, {"not": condition("tags", "hasAll", ["vip"])}]}),
        (
            ["Ada", "Eve"],
            {"and": [mine, {"or": [condition("customFields.size", "exists"), condition("tags", "hasAny", ["old"])]}]},
        ),
        (["Ada", "Bob", "Eve"], {"and": [mine, condition("createdAt", "after", "2020-01-01")]}),
        ([], {"and": [mine, condition("createdAt", "before", "2020-01-01")]}),
    ):
        assert names(api, filters=filters) == ("filtered", expected), filters


def test_a_segment_and_a_filter_hold_both(api: Api, domain: str) -> None:
    imported(api, [{"email": f"{n}@{domain}", "firstName": f"P{n}"} for n in range(4)], segmentName=domain)
    segment = segment_of(api, domain)
    assert segment is not None
    assert names(api, segmentId=segment["id"]) == ("segment", ["P0", "P1", "P2", "P3"])
    gone = api.contacts(email=f"1@{domain}")[0]
    deleted(api, gone)
    assert names(api, segmentId=segment["id"], filters={"not": condition("firstName", "equals", "P3")}) == (
        "segment",
        ["P0", "P2"],
    )


def test_a_collection_holds_what_a_job_put_into_it(api: Api, domain: str) -> None:
    collection = api.post("/api/collections", {"name": domain}).json()
    job = bulk_jobs.create(api, bulk_jobs.people(3, domain), collectionId=collection["id"])
    assert job["status"] == "COMPLETED"
    assert names(api, collectionId=collection["id"]) == ("filtered", ["P0", "P1", "P2"])


def test_without_a_choice_all_of_the_tenants_contacts_come_once_and_nobody_elses(
    stack: dict[str, Any], api: Api, domain: str
) -> None:
    """Other tests make and delete contacts meanwhile: those that are there all the time are in it."""
    other = created(Api.of(stack, "b-admin"), email=f"b@{domain}")
    mine = [created(api, email=f"a{n}@{domain}")["id"] for n in range(3)]
    got = exports.export(api, format="jsonl", selectedFields=["id"])
    found = [json.loads(line)["id"] for line in got.content.splitlines()]
    assert got.job["exportType"] == "full"
    assert len(found) == len(set(found)) == got.job["totalContacts"]
    assert set(mine) <= set(found)
    assert other["id"] not in found


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"filters": condition("shoeSize", "equals", "9")}, 400, "filters.field"),
        (
            {"filters": {"and": [condition("email", "exists"), condition("tags", "contains", "x")]}},
            400,
            "filters.and[1].op",
        ),
        ({"selectedFields": ["email", "nickname"]}, 400, "selectedFields[1]"),
        ({"format": "ods"}, 400, "format"),
        ({"segmentId": "seg-nobody"}, 404, "SEGMENT_NOT_FOUND"),
        ({"collectionId": "col-nobody"}, 404, "COLLECTION_NOT_FOUND"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_named(api: Api, body: dict[str, Any], status: int, named: str) -> None:
    answer = api.post(exports.EXPORTS, {"format": "csv", **body})
    assert answer.status_code == status, answer.text
    assert named in answer.text
