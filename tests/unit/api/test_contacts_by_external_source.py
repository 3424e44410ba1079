"""Look-up of the contacts that one bulk create job made, by its tracking key: eventually consistent, in pages."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.contracts.cursors import make_cursor
from tests.unit.api.api_client import Api
from tests.unit.api.bulk_jobs import done, person

CONTACTS = "/api/contacts"


def by_source(api: Api, source: str, limit: int = 50) -> list[str]:
    return [item["id"] for item in api.all_items(CONTACTS, externalSource=source, limit=limit)]


@pytest.mark.parametrize("limit", [1, 3, 7, 50, 200])
def test_contacts_of_one_job_each_once(api: Api, limit: int) -> None:
    job = done(api, [person(number) for number in range(70)], clientSource="ios", clientReferenceId="r")
    done(api, [person(99)], clientSource="ios", clientReferenceId="r")
    api.created(email="alone@example.com")
    assert by_source(api, job["trackingKey"], limit) == sorted(job["contactIds"])


def test_they_are_shown_whole(api: Api) -> None:
    job = done(api, [person(1)])
    (item,) = api.all_items(CONTACTS, externalSource=job["trackingKey"])
    assert item == api.send("GET", f"{CONTACTS}/{item['id']}").json
    assert item["externalSource"] == job["trackingKey"]


@pytest.mark.parametrize("change", [str.upper, lambda key: key[:-1], lambda key: f"{key} ", lambda _: ""])
def test_only_the_exact_key_finds_them(api: Api, change: Any) -> None:
    job = done(api, [person(1)], clientSource="ios")
    assert by_source(api, change(job["trackingKey"])) == []


def test_another_tenants_key_finds_nothing(api: Api) -> None:
    job = done(api, [person(1)])
    reply = api.send("GET", CONTACTS, query={"externalSource": job["trackingKey"]}, tenant="b")
    assert (reply.status, reply.json) == (200, {"items": [], "nextCursor": None})


def test_what_the_index_still_has_and_the_table_has_not_is_passed_over(api: Api) -> None:
    """Of more ids than one page looks up, so that it ends with none and a cursor."""
    job = done(api, [person(1)])
    find = api.contacts.find_ids_by_external_source
    gone = [f"{'a' * 30}{number:06}".translate(str.maketrans("0189", "bcde")) for number in range(700)]

    def lagging(tenant: str, source: str, *, after: str | None = None, limit: int | None = None) -> Any:
        ids = sorted({*gone, *find(tenant, source)})
        return iter([id_ for id_ in ids if id_ > (after or "")][:limit])

    api.contacts.find_ids_by_external_source = lagging  # type: ignore[method-assign]
    first = api.send("GET", CONTACTS, query={"externalSource": job["trackingKey"]}).json
    assert (first["items"], first["nextCursor"] is None) == ([], False)
    assert by_source(api, job["trackingKey"]) == job["contactIds"]


def test_a_contact_of_another_source_is_not_shown_whatever_the_index_says(api: Api) -> None:
    other = api.created(firstName="Other")
    api.contacts.find_ids_by_external_source = lambda *_, **__: iter([other["id"]])  # type: ignore[method-assign]
    assert api.send("GET", CONTACTS, query={"externalSource": "k"}).json == {"items": [], "nextCursor": None}


def test_contacts_that_go_between_two_pages_hide_no_other(api: Api) -> None:
    job = done(api, [person(number) for number in range(6)])
    ids = sorted(job["contactIds"])
    query = {"externalSource": job["trackingKey"], "limit": 3}
    page = api.send("GET", CONTACTS, query=query).json
    for id_ in ids[:3]:
        api.send("DELETE", f"{CONTACTS}/{id_}")
    rest = api.send("GET", CONTACTS, query={**query, "cursor": page["nextCursor"]}).json
    assert [item["id"] for item in rest["items"]] == ids[3:]


def test_pages_of_large_contacts_fit_an_answer(api: Api) -> None:
    large = {f"f{number}": "x" * 4_000 for number in range(15)}
    job = done(api, [person(number) for number in range(80)])
    for id_ in job["contactIds"]:
        assert api.send("PATCH", f"{CONTACTS}/{id_}", {"customFields": large}).status == 200
    sizes = []
    query: dict[str, Any] = {"externalSource": job["trackingKey"], "limit": 200}
    found: list[str] = []
    while True:
        reply = api.send("GET", CONTACTS, query=query)
        sizes.append(len(reply.text))
        found += [item["id"] for item in reply.json["items"]]
        if reply.json["nextCursor"] is None:
            break
        query["cursor"] = reply.json["nextCursor"]
    assert found == sorted(job["contactIds"])
    assert max(sizes) < 6 * 1024 * 1024
    assert len(sizes) > 1


def test_a_cursor_holds_for_its_key_alone(api: Api) -> None:
    first, second = (done(api, [person(number), person(number + 10)]) for number in (1, 2))
    cursor = api.send("GET", CONTACTS, query={"externalSource": first["trackingKey"], "limit": 1}).json["nextCursor"]
    for query in ({"externalSource": second["trackingKey"]}, {}):
        reply = api.send("GET", CONTACTS, query={**query, "cursor": cursor})
        assert (reply.status, reply.error["code"]) == (400, "CURSOR_INVALID")


@pytest.mark.parametrize("position", ["", "a" * 35, "A" * 36, "a" * 37])
def test_a_cursor_that_names_no_contact(api: Api, position: str) -> None:
    """DynamoDB refuses some of them, which would look like a fault of ours."""
    cursor = make_cursor(position, "a", "contacts", None, None, "k")
    reply = api.send("GET", CONTACTS, query={"externalSource": "k", "cursor": cursor})
    assert (reply.status, reply.error["code"], reply.error["field"]) == (400, "CURSOR_INVALID", "cursor")


@pytest.mark.parametrize("other", [{"email": "a@example.com"}, {"segmentId": "seg-1"}], ids=str)
def test_one_filter_at_a_time(api: Api, other: dict[str, str]) -> None:
    reply = api.send("GET", CONTACTS, query={"externalSource": "k", **other})
    assert (reply.status, reply.error["code"], reply.error["field"]) == (400, "INVALID_QUERY", "externalSource")


def test_a_key_longer_than_any(api: Api) -> None:
    reply = api.send("GET", CONTACTS, query={"externalSource": "x" * 257})
    assert (reply.status, reply.error["field"]) == (400, "externalSource")


def test_it_needs_the_right_to_read(api: Api) -> None:
    reply = api.send("GET", CONTACTS, query={"externalSource": "k"}, scope="contacts:write")
    assert (reply.status, reply.error["code"]) == (403, "SCOPE_MISSING")
