"""Lists of contacts and segments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contacts.domain.contact import Mark
from contacts.domain.contact_write import Update
from contacts.domain.segment import Segment
from tests.unit.api.api_client import Api


def ids(contacts: list[dict[str, Any]]) -> set[str]:
    return {contact["id"] for contact in contacts}


def make_segment(api: Api, number: int = 1, tenant: str = "a") -> str:
    segment = Segment(id=f"seg-{number}", tenant=tenant, name=f"Fair {number}", created_at=api.clock())
    return api.segments.ensure(segment).id


def put_into(api: Api, segment: str, contact_ids: list[str], *, part: int = 0) -> None:
    api.segments.put_members("a", segment, "job", part, contact_ids)
    for contact in api.contacts.find_by_ids("a", contact_ids).values():
        after = replace(contact, segments=(*contact.segments, segment), version=contact.version + 1)
        api.contacts.write("a", [Update(contact, after, Mark("job", part))])


@pytest.mark.parametrize("limit", [1, 2, 5, 200])
def test_all_contacts_each_once(api: Api, limit: int) -> None:
    made = [api.created(firstName=f"n{number}") for number in range(5)]
    api.created(tenant="b", firstName="other")
    items = api.all_items("/api/contacts", limit=limit)
    assert len(items) == 5
    assert ids(items) == ids(made)


def test_page_of_fifty_unless_asked_otherwise(api: Api) -> None:
    for number in range(51):
        api.created(firstName=f"n{number}")
    assert len(api.send("GET", "/api/contacts").json["items"]) == 50


def test_page_fits_an_answer_of_lambda(api: Api) -> None:
    for _ in range(110):
        api.created(customFields={f"f{number}": "x" * 4_000 for number in range(16)})
    page = api.send("GET", "/api/contacts", query={"limit": 200})
    assert len(page.text) < 5_000_000
    assert 0 < len(page.json["items"]) < 110
    assert len(api.all_items("/api/contacts", limit=200)) == 110


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_every_contact_with_an_email_in_pages(api: Api, limit: int) -> None:
    made = [api.created(email="ada@example.com", firstName=f"n{number}") for number in range(4)]
    items = api.all_items("/api/contacts", email=" Ada@EXAMPLE.com", limit=limit)
    assert [item["id"] for item in items[:1]] == [made[0]["id"]]
    assert len(items) == 4
    assert ids(items) == ids(made)


def test_twins_of_one_email_fit_an_answer_of_lambda(api: Api) -> None:
    for _ in range(60):
        api.created(email="ada@example.com", customFields={f"f{number}": "x" * 4_000 for number in range(16)})
    page = api.send("GET", "/api/contacts", query={"email": "ada@example.com", "limit": 200})
    assert len(page.text) < 5_000_000
    assert len(api.all_items("/api/contacts", email="ada@example.com", limit=200)) == 60


@pytest.mark.parametrize("email", ["nobody@example.com", "", " ", "no e-mail"])
def test_email_that_nobody_has(api: Api, email: str) -> None:
    api.created(firstName="without e-mail")
    assert api.send("GET", "/api/contacts", query={"email": email}).json == {"items": [], "nextCursor": None}


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_contacts_in_a_segment(api: Api, limit: int) -> None:
    segment = make_segment(api)
    made = [api.created(firstName=f"n{number}")["id"] for number in range(7)]
    put_into(api, segment, made[:4], part=0)
    put_into(api, segment, made[4:6], part=1)
    items = api.all_items("/api/contacts", segmentId=segment, limit=limit)
    assert [item["id"] for item in items] == made[:6]
    assert items[0]["segments"] == [segment]


def test_segment_passes_over_who_is_gone_or_no_longer_in_it(api: Api) -> None:
    segment = make_segment(api)
    stays, goes, leaves = (api.created(firstName=name)["id"] for name in "abc")
    put_into(api, segment, [goes, stays, "never-was"])
    api.segments.put_members("a", segment, "job", 1, [leaves])
    api.send("DELETE", f"/api/contacts/{goes}")
    assert [item["id"] for item in api.all_items("/api/contacts", segmentId=segment, limit=1)] == [stays]


def test_large_segment_of_contacts_that_are_gone_keeps_nobody_waiting(api: Api) -> None:
    segment = make_segment(api)
    last = api.created(firstName="last")["id"]
    put_into(api, segment, [*(f"gone-{number}" for number in range(3_000)), last])
    page = api.send("GET", "/api/contacts", query={"segmentId": segment}).json
    assert page["items"] == []
    assert page["nextCursor"] is not None
    assert [item["id"] for item in api.all_items("/api/contacts", segmentId=segment)] == [last]


def test_page_of_a_segment_fits_an_answer_of_lambda(api: Api) -> None:
    segment = make_segment(api)
    large = {f"f{number}": "x" * 4_000 for number in range(16)}
    put_into(api, segment, [api.created(customFields=large)["id"] for _ in range(110)])
    page = api.send("GET", "/api/contacts", query={"segmentId": segment, "limit": 200})
    assert len(page.text) < 5_000_000
    assert len(ids(api.all_items("/api/contacts", segmentId=segment, limit=200))) == 110


@pytest.mark.parametrize("segment", ["seg-none", "", "a b"])
def test_contacts_of_no_segment(api: Api, segment: str) -> None:
    reply = api.send("GET", "/api/contacts", query={"segmentId": segment})
    assert (reply.status, reply.error["code"]) == (404, "SEGMENT_NOT_FOUND")


def test_one_filter_at_a_time(api: Api) -> None:
    reply = api.send("GET", "/api/contacts", query={"segmentId": make_segment(api), "email": "a@example.com"})
    assert (reply.status, reply.error["code"]) == (400, "INVALID_QUERY")


def test_cursor_holds_for_its_tenant_and_filter(api: Api) -> None:
    for tenant in "ab":
        for _ in range(3):
            api.created(tenant=tenant, email="ada@example.com")
    cursor = api.send("GET", "/api/contacts", query={"limit": 1}).json["nextCursor"]
    assert api.send("GET", "/api/contacts", query={"cursor": cursor}).status == 200
    for query, tenant in [({}, "b"), ({"email": "ada@example.com"}, "a"), ({"segmentId": "seg-1"}, "a")]:
        reply = api.send("GET", "/api/contacts", query={**query, "cursor": cursor}, tenant=tenant)
        assert (reply.status, reply.error["code"], reply.error["field"]) == (400, "CURSOR_INVALID", "cursor")


def test_segments_in_pages(api: Api) -> None:
    made = [make_segment(api, number) for number in range(5)]
    make_segment(api, 9, tenant="b")
    items = api.all_items("/api/segments", limit=2)
    assert sorted(item["id"] for item in items) == made
    assert items[0] == {"id": "seg-0", "name": "Fair 0", "createdAt": "2026-01-01T00:00:00.000Z"}


def test_segment(api: Api) -> None:
    segment = make_segment(api)
    assert api.send("GET", f"/api/segments/{segment}").json["name"] == "Fair 1"
    assert api.send("GET", f"/api/segments/{segment}", tenant="b").error["code"] == "SEGMENT_NOT_FOUND"
    assert api.send("GET", "/api/segments/seg-none").status == 404
