"""Lists of contacts and segments."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from contacts.domain.collection import MAX_EDITOR_CHARS, MAX_EDITORS, Collection
from contacts.domain.contact import Mark
from contacts.domain.contact_fields import MAX_TAG_CHARS, MAX_TAGS
from contacts.domain.contact_write import Update
from contacts.domain.segment import Segment
from contacts.usecases import member_pages, page_sizes
from tests.unit.api.api_client import Api, Reply

#: The quota of a synchronous invocation's answer.
LAMBDA_BYTES = 6 * 1024 * 1024


def sent_bytes(reply: Reply) -> int:
    """How large the function's answer is on its way out, escaped by a runtime that takes no letter for granted."""
    return len(json.dumps({"statusCode": reply.status, "body": reply.text}))


def large_fields(text: str) -> dict[str, str]:
    length = 4_000 // len(text.encode())
    return {f"f{number}": f"a{text * (length - 1)}" for number in range(15)}


def ids(contacts: list[dict[str, Any]]) -> set[str]:
    return {contact["id"] for contact in contacts}


def make_segment(api: Api, number: int = 1, tenant: str = "a") -> str:
    segment = Segment(id=f"seg-{number}", tenant=tenant, name=f"Fair {number}", created_at=api.clock())
    return api.segments.ensure(segment).id


def put_into(api: Api, segment: str, contact_ids: list[str], *, job: str = "job", part: int = 0) -> None:
    api.segments.put_members("a", segment, job, part, contact_ids)
    for contact in api.contacts.find_by_ids("a", contact_ids).values():
        after = replace(contact, segments=(*contact.segments, segment), version=contact.version + 1)
        api.contacts.write("a", [Update(contact, after, Mark(job, part))])


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


@pytest.mark.parametrize("text", ["x", '"', "\x01", "é"], ids=ascii)
@pytest.mark.parametrize("way", ["all", "email", "segment", "collection"])
def test_page_fits_an_answer_of_lambda_whatever_is_escaped(api: Api, way: str, text: str) -> None:
    """Lambda's own JSON carries ours as text: of the longest contacts some have 60 KB as sent, some 400."""
    made = [api.created(email="ada@example.com", customFields=large_fields(text))["id"] for _ in range(80)]
    segment, collection = make_segment(api), "friends"
    put_into(api, segment, made)
    api.collections.create_collection(
        Collection(id=collection, tenant="a", name="c", created_by="ada", created_at=api.clock())
    )
    api.collections.put_items("a", collection, "job", 0, made)
    path, query = {
        "all": ("/api/contacts", {}),
        "email": ("/api/contacts", {"email": "ada@example.com"}),
        "segment": ("/api/contacts", {"segmentId": segment}),
        "collection": (f"/api/collections/{collection}/items", {}),
    }[way]
    found, cursor = [], None
    while True:
        page = api.send("GET", path, query={**query, "limit": 200, **({"cursor": cursor} if cursor else {})})
        assert sent_bytes(page) < LAMBDA_BYTES
        assert 0 < len(page.json["items"]) < 80
        found += [item["id"] for item in page.json["items"]]
        cursor = page.json["nextCursor"]
        if cursor is None:
            break
    assert sorted(found) == sorted(made)


@pytest.mark.parametrize("way", ["all", "email", "segment"])
def test_contacts_each_too_large_for_a_page_come_one_by_one(
    api: Api, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (page_sizes, member_pages):
        monkeypatch.setattr(module, "MAX_PAGE_BYTES", 1)
    made = [api.created(email="ada@example.com")["id"] for _ in range(3)]
    segment = make_segment(api)
    put_into(api, segment, made)
    query = {"all": {}, "email": {"email": "ada@example.com"}, "segment": {"segmentId": segment}}[way]
    assert len(api.send("GET", "/api/contacts", query=query).json["items"]) == 1
    assert sorted(item["id"] for item in api.all_items("/api/contacts", **query)) == sorted(made)


def test_page_of_collections_fits_an_answer_of_lambda(api: Api) -> None:
    for number in range(60):
        editors = [f"{number:03}" + "\x01" * (MAX_EDITOR_CHARS - 3) for number in range(MAX_EDITORS)]
        api.send("POST", "/api/collections", {"name": f"c{number}", "editors": editors})
    page = api.send("GET", "/api/collections", query={"limit": 200})
    assert sent_bytes(page) < LAMBDA_BYTES
    assert sorted(item["name"] for item in api.all_items("/api/collections", limit=200)) == sorted(
        f"c{number}" for number in range(60)
    )


def test_page_of_jobs_fits_an_answer_of_lambda(api: Api) -> None:
    tags = [f"{number:03}" + "\x01" * (MAX_TAG_CHARS - 3) for number in range(MAX_TAGS)]
    jobs = {api.started(tags=tags) for _ in range(80)}
    page = api.send("GET", "/api/jobs", query={"limit": 200})
    assert sent_bytes(page) < LAMBDA_BYTES
    items = api.all_items("/api/jobs", limit=200)
    assert len(items) == 80
    assert {item["jobId"] for item in items} == jobs


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_every_contact_with_an_email_in_pages(api: Api, limit: int) -> None:
    made = [api.created(email="ada@example.com", firstName=f"n{number}") for number in range(4)]
    items = api.all_items("/api/contacts", email=" Ada@EXAMPLE.com", limit=limit)
    assert [item["id"] for item in items[:1]] == [made[0]["id"]]
    assert len(items) == 4
    assert ids(items) == ids(made)


@pytest.mark.parametrize("gone", [[0], [1], [0, 1], [2]], ids=str)
def test_contacts_with_an_email_that_go_between_two_pages_hide_no_other(api: Api, gone: list[int]) -> None:
    made = [api.created(email="ada@example.com", firstName=f"n{number}")["id"] for number in range(5)]
    shown = api.all_items("/api/contacts", email="ada@example.com")
    assert ids(shown) == set(made)
    query = {"email": "ada@example.com", "limit": 2}
    first = api.send("GET", "/api/contacts", query=query).json
    for number in gone:
        api.send("DELETE", f"/api/contacts/{shown[number]['id']}")
    rest = api.all_items("/api/contacts", **query, cursor=first["nextCursor"])
    assert [item["id"] for item in rest] == [item["id"] for item in shown[2:] if item not in [shown[i] for i in gone]]


def test_a_holder_that_seems_younger_than_its_twin_hides_it_not(api: Api) -> None:
    """Workers' clocks differ."""
    holder = api.created(email="ada@example.com")["id"]
    api.clock.advance(milliseconds=-5)
    twin = api.created(email="ada@example.com")["id"]
    items = api.all_items("/api/contacts", email="ada@example.com", limit=1)
    assert [item["id"] for item in items] == [holder, twin]


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


def test_an_import_that_is_rolled_back_between_two_pages_of_its_segment_hides_no_other(api: Api) -> None:
    segment = make_segment(api)
    taken_back, stay = ([api.created(firstName=name)["id"] for name in names] for names in ("abcd", "efgh"))
    put_into(api, segment, taken_back, job="job-1")
    put_into(api, segment, stay, job="job-2")
    first = api.send("GET", "/api/contacts", query={"segmentId": segment, "limit": 2}).json
    api.segments.remove_members("a", segment, "job-1")
    rest = api.all_items("/api/contacts", segmentId=segment, limit=2, cursor=first["nextCursor"])
    assert [item["id"] for item in rest] == stay


def test_a_contact_that_two_lists_of_a_segment_name_is_on_a_page_once(api: Api) -> None:
    """It left with an import's rollback that failed before it took its list away, and joined again."""
    segment = make_segment(api)
    contact = api.created(firstName="a")["id"]
    put_into(api, segment, [contact], job="job-1")
    api.segments.put_members("a", segment, "job-2", 0, [contact])
    page = api.send("GET", "/api/contacts", query={"segmentId": segment}).json
    assert [item["id"] for item in page["items"]] == [contact]


def test_large_segment_of_contacts_that_are_gone_keeps_nobody_waiting(api: Api) -> None:
    segment = make_segment(api)
    last = api.created(firstName="last")["id"]
    put_into(api, segment, [*(f"gone-{number}" for number in range(3_000)), last])
    page = api.send("GET", "/api/contacts", query={"segmentId": segment}).json
    assert page["items"] == []
    assert page["nextCursor"] is not None
    assert [item["id"] for item in api.all_items("/api/contacts", segmentId=segment)] == [last]


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
