"""Collections over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.api.api_client import Api, Reply
from tests.unit.api.bulk_jobs import ADMIN, COLLECTIONS, all_items, done, person


def make(api: Api, name: str = "Fair", **more: Any) -> dict[str, Any]:
    sending = {key: more.pop(key) for key in ("tenant", "user", "scope", "headers") if key in more}
    reply = api.send("POST", COLLECTIONS, {"name": name, **more}, **sending)
    assert reply.status == 201, reply.text
    answer: dict[str, Any] = reply.json
    return answer


def set_editors(api: Api, collection: str, editors: Any, **who: Any) -> Reply:
    return api.send("PUT", f"{COLLECTIONS}/{collection}/editors", {"editors": editors}, **who)


def test_collection_is_made_and_shown(api: Api) -> None:
    reply = api.send("POST", COLLECTIONS, {"name": " Fair 2026 ", "editors": ["bob", "bob", "eve"]})
    made = reply.json
    assert (reply.status, reply.header("location")) == (201, f"{COLLECTIONS}/{made['id']}")
    assert made == {
        "id": made["id"],
        "name": "Fair 2026",
        "editors": ["bob", "eve"],
        "createdBy": "ada",
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
    assert api.send("GET", f"{COLLECTIONS}/{made['id']}").json == made
    assert api.send("GET", f"{COLLECTIONS}/{made['id']}", user="eve").json == made


def test_names_need_not_differ(api: Api) -> None:
    assert make(api)["id"] != make(api)["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x", "editors": "bob"}, "editors"),
        ({"name": "x", "editors": ["ok", ""]}, "editors[1]"),
        ({"name": "x", "editors": ["x" * 257]}, "editors[0]"),
        ({"name": "x", "editors": [str(number) for number in range(101)]}, "editors"),
        ({"name": "x", "createdBy": "bob"}, "createdBy"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies_that_are_refused(api: Api, body: dict[str, Any], field: str) -> None:
    reply = api.send("POST", COLLECTIONS, body)
    assert (reply.status, reply.error["field"]) == (400, field)
    assert api.collections.collections == {}


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_list_in_pages(api: Api, limit: int) -> None:
    made = [make(api, f"c{number}") for number in range(5)]
    make(api, tenant="b")
    items = api.all_items(COLLECTIONS, limit=limit)
    assert sorted(items, key=lambda each: each["name"]) == made


@pytest.mark.parametrize("who", [{"user": "ada"}, {"user": "eve", "scope": ADMIN}])
def test_creator_and_administrators_set_the_editors(api: Api, who: dict[str, str]) -> None:
    made = make(api, editors=["bob"])
    reply = set_editors(api, made["id"], ["eve", "eve"], **who)
    assert (reply.status, reply.json) == (200, {**made, "editors": ["eve"]})
    assert api.send("GET", f"{COLLECTIONS}/{made['id']}").json["editors"] == ["eve"]
    assert set_editors(api, made["id"], [], **who).json["editors"] == []


def test_editors_do_not_set_editors(api: Api) -> None:
    made = make(api, editors=["bob"])
    reply = set_editors(api, made["id"], ["eve"], user="bob")
    assert (reply.status, reply.error["code"]) == (403, "COLLECTION_FORBIDDEN")
    assert api.send("GET", f"{COLLECTIONS}/{made['id']}").json == made


@pytest.mark.parametrize("body", [{}, {"editors": None}, {"editors": [1]}, {"editors": [], "name": "x"}])
def test_editors_that_are_none(api: Api, body: dict[str, Any]) -> None:
    made = make(api)
    assert api.send("PUT", f"{COLLECTIONS}/{made['id']}/editors", body).status == 400


ROUTES = [("GET", "", None), ("GET", "/items", None), ("PUT", "/editors", {"editors": []})]


@pytest.mark.parametrize(("method", "suffix", "body"), ROUTES)
def test_collection_of_another_tenant_is_none(api: Api, method: str, suffix: str, body: Any) -> None:
    made = make(api)
    reply = api.send(method, f"{COLLECTIONS}/{made['id']}{suffix}", body, tenant="b", scope=ADMIN)
    assert (reply.status, reply.error["code"]) == (404, "COLLECTION_NOT_FOUND")


@pytest.mark.parametrize("collection", ["none", "0" * 36, "x" * 2_000, "a b", "ä"])
@pytest.mark.parametrize(("method", "suffix", "body"), ROUTES)
def test_no_such_collection(api: Api, collection: str, method: str, suffix: str, body: Any) -> None:
    assert api.send(method, f"{COLLECTIONS}/{collection}{suffix}", body).status == 404


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_items_are_contacts_in_pages(api: Api, limit: int) -> None:
    into = make(api)["id"]
    jobs = [done(api, [person(each), person(each + 1)], collectionId=into) for each in (0, 10)]
    done(api, [person(20)])
    items = api.all_items(f"{COLLECTIONS}/{into}/items", limit=limit)
    assert {item["id"] for item in items} == {each for job in jobs for each in job["contactIds"]}
    assert len(items) == 4
    assert items[0] == api.send("GET", f"/api/contacts/{items[0]['id']}").json


def test_item_that_is_deleted_is_gone(api: Api) -> None:
    into = make(api)["id"]
    first, second = done(api, [person(1), person(2)], collectionId=into)["contactIds"]
    api.send("DELETE", f"/api/contacts/{first}")
    assert [item["id"] for item in api.all_items(f"{COLLECTIONS}/{into}/items", limit=1)] == [second]


def test_cursor_holds_for_its_collection_and_tenant(api: Api) -> None:
    one, two = make(api)["id"], make(api)["id"]
    done(api, [person(1), person(2)], collectionId=one)
    cursor = api.send("GET", f"{COLLECTIONS}/{one}/items", query={"limit": 1}).json["nextCursor"]
    assert api.send("GET", f"{COLLECTIONS}/{one}/items", query={"cursor": cursor}).status == 200
    for path, tenant in [(f"{COLLECTIONS}/{two}/items", "a"), (f"{COLLECTIONS}/{one}/items", "b"), (COLLECTIONS, "a")]:
        reply = api.send("GET", path, query={"cursor": cursor}, tenant=tenant)
        assert (reply.status, reply.error["code"]) == (400, "CURSOR_INVALID")


def test_collections_of_tenants_are_apart(api: Api) -> None:
    mine, theirs = make(api), make(api, tenant="b")
    assert all_items(api, COLLECTIONS) == [mine]
    assert all_items(api, COLLECTIONS, tenant="b") == [theirs]
