"""Contacts one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contacts.contracts.http_contacts import ContactBody
from contacts.domain.contact_fields import EDITABLE_FIELDS
from contacts.runtime.sweeping import announce_overdue_contacts
from tests.unit.api.api_client import Api

EVERYTHING = {
    "email": "Ada@Example.com",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "company": "Analytical Engines",
    "title": "Countess",
    "phone": "+44 020 7946 0958",
    "notes": "line\nbreak\ttab \u0001 =SUM(A1)",
    "emails": ["ada2@example.com"],
    "phones": ["007"],
    "addresses": [{"city": "London", "postalCode": "0042"}],
    "tags": ["vip", "fair"],
    "customFields": {"Shoe size": "007"},
    "engagement": {"emailsSent": 3, "opens": 0, "clicks": 1, "lastEngagedAt": "2026-01-31T09:30:00Z"},
}
EMPTY = {
    **dict.fromkeys(["email", "firstName", "lastName", "company", "title", "phone", "notes"]),
    "emails": [],
    "phones": [],
    "addresses": [],
    "tags": [],
    "customFields": {},
    "engagement": {},
}


def test_bodies_take_every_editable_field() -> None:
    assert {field.alias for field in ContactBody.model_fields.values()} == set(EDITABLE_FIELDS)


def test_created_contact_comes_back_as_given(api: Api) -> None:
    reply = api.send("POST", "/api/contacts", EVERYTHING)
    made = reply.json
    assert reply.status == 201
    assert made == {
        **EVERYTHING,
        "id": made["id"],
        "segments": [],
        "externalSource": None,
        "version": 1,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
    }
    assert reply.header("location") == f"/api/contacts/{made['id']}"
    assert reply.header("etag") == '"1"'
    shown = api.send("GET", f"/api/contacts/{made['id']}")
    assert (shown.status, shown.json, shown.header("etag")) == (200, made, '"1"')


def test_fields_without_a_value(api: Api) -> None:
    made = api.created(firstName="Ada", email=None, phone="", notes=" \t", tags=[], customFields={"a": None, "b": ""})
    assert {name: made[name] for name in EMPTY} == {**EMPTY, "firstName": "Ada"}
    (stored,) = api.contacts.find_by_ids("a", [made["id"]]).values()
    assert stored.values == {"firstName": "Ada"}


@pytest.mark.parametrize("body", [{}, {"email": None}, {"firstName": " "}, {"tags": [], "customFields": {"a": None}}])
def test_contact_needs_a_value(api: Api, body: dict[str, Any]) -> None:
    reply = api.send("POST", "/api/contacts", body)
    assert (reply.status, reply.error["code"]) == (400, "CONTACT_EMPTY")


def test_email_loses_blanks_and_keeps_its_case(api: Api) -> None:
    assert api.created(email="  Ada@Example.com ")["email"] == "Ada@Example.com"


@pytest.mark.parametrize(
    "field",
    ["id", "tenantId", "version", "externalSource", "createdAt", "updatedAt", "segments", "createdBy", "colour"],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_a_body_cannot_set(api: Api, method: str, field: str) -> None:
    path = "/api/contacts" if method == "POST" else f"/api/contacts/{api.created(firstName='Bob')['id']}"
    reply = api.send(method, path, {"firstName": "Ada", field: "x"})
    assert (reply.status, reply.error["field"]) == (400, field)
    assert reply.error["problems"][0]["code"] == "UNKNOWN_FIELD"


TOO_LONG = {"email": 254, "firstName": 1_024, "lastName": 1_024, "company": 1_024, "title": 1_024, "phone": 1_024}


@pytest.mark.parametrize(("field", "limit"), [*TOO_LONG.items(), ("notes", 16_384)])
def test_longest_text(api: Api, field: str, limit: int) -> None:
    fitting = "x" * (limit - 6) + "@ab.cd" if field == "email" else "x" * limit
    assert api.send("POST", "/api/contacts", {field: fitting}).status == 201
    reply = api.send("POST", "/api/contacts", {field: "x" + fitting})
    assert (reply.status, reply.error["field"]) == (400, field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": 1}, "email"),
        ({"firstName": 1}, "firstName"),
        ({"emails": ["x"]}, "emails[0]"),
        ({"emails": ["a@example.com"] * 51}, "emails"),
        ({"phones": ["1"] * 51}, "phones"),
        ({"phones": [""]}, "phones[0]"),
        ({"addresses": [{"planet": "Earth"}]}, "addresses[0].planet"),
        ({"addresses": [{"city": "x" * 1_025}]}, "addresses[0].city"),
        ({"tags": "vip"}, "tags"),
        ({"tags": ["x" * 129]}, "tags[0]"),
        ({"tags": [str(number) for number in range(101)]}, "tags"),
        ({"customFields": {"1st": "x"}}, "customFields.1st"),
        ({"customFields": {"a" * 65: "x"}}, f"customFields.{'a' * 65}"),
        ({"customFields": {"a.b": "x"}}, "customFields.a.b"),
        ({"customFields": {"a": 1}}, "customFields.a"),
        ({"customFields": {"a": "x" * 4_097}}, "customFields.a"),
        ({"customFields": {f"f{number}": "x" for number in range(101)}}, "customFields"),
        ({"engagement": {"opens": -1}}, "engagement.opens"),
        ({"engagement": {"opens": 1.5}}, "engagement.opens"),
        ({"engagement": {"opens": "1"}}, "engagement.opens"),
        ({"engagement": {"opens": True}}, "engagement.opens"),
        ({"engagement": {"opens": 2**53}}, "engagement.opens"),
        ({"engagement": {"lastEngagedAt": "yesterday"}}, "engagement.lastEngagedAt"),
        ({"engagement": {"likes": 1}}, "engagement.likes"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_values_that_are_refused(api: Api, body: dict[str, Any], field: str) -> None:
    reply = api.send("POST", "/api/contacts", body)
    assert (reply.status, reply.error["field"]) == (400, field)


@pytest.mark.parametrize(
    ("body", "field"),
    [({"notes": "a\0b"}, "notes"), ({"phones": ["\0"]}, "phones"), ({"customFields": {"a": "\0"}}, "customFields")],
)
def test_no_value_holds_a_nul_character(api: Api, body: dict[str, Any], field: str) -> None:
    reply = api.send("POST", "/api/contacts", body)
    assert (reply.status, reply.error["code"], reply.error["field"]) == (400, "INVALID_CHARACTER", field)


def test_largest_contact(api: Api) -> None:
    reply = api.send("POST", "/api/contacts", {"customFields": {f"f{number}": "x" * 4_096 for number in range(17)}})
    assert (reply.status, reply.error["code"]) == (400, "CONTACT_TOO_LARGE")


def test_created_contact_is_announced_by_its_id(api: Api) -> None:
    made = api.created(email="ada@example.com")
    twin = api.created(email="ada@example.com")
    api.send("POST", "/api/contacts", {"email": "ada@example.com"})
    api.send("PATCH", f"/api/contacts/{made['id']}", {"firstName": "Ada"})
    assert api.events.published == [
        (
            "ContactsCreated",
            {"eventId": f"contact-{each['id']}", "tenantId": "a", "jobId": None, "contactIds": [each["id"]]},
        )
        for each in (made, twin)
    ]


def test_contact_is_created_though_the_event_bus_is_out_of_reach(
    api: Api, logged: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ConnectionError("ada@example.com")

    with monkeypatch.context() as patch:
        patch.setattr(api.events, "publish", refuse)
        made = api.created(email="ada@example.com")
    told = [line for line in logged() if line["level"] == "ERROR"]
    assert [(line["contact_id"], line["error"]["type"]) for line in told] == [(made["id"], "builtins.ConnectionError")]
    assert "ada@" not in str(told)
    api.clock.advance(minutes=3)
    announce_overdue_contacts(api.wiring(), api.on_error)()
    assert [detail["contactIds"] for _, detail in api.events.published] == [[made["id"]]]


def test_email_that_another_contact_has(api: Api) -> None:
    first = api.created(email="ada@example.com")
    reply = api.send("POST", "/api/contacts", {"email": " ADA@example.com", "firstName": "Other"})
    assert (reply.status, reply.error["code"], reply.error["contactId"]) == (409, "EMAIL_EXISTS", first["id"])
    assert "ada@" not in reply.text.lower()
    assert api.all_items("/api/contacts") == [first]


def test_email_that_another_contact_has_can_be_allowed(api: Api) -> None:
    first = api.created(email="ada@example.com")
    reply = api.send("POST", "/api/contacts", {"email": "Ada@example.com"}, query={"allowDuplicate": "true"})
    assert reply.status == 201
    assert reply.json["id"] != first["id"]
    found = api.all_items("/api/contacts", email="ADA@example.com")
    assert [contact["id"] for contact in found] == [first["id"], reply.json["id"]]


def test_email_of_another_tenants_contact_is_free(api: Api) -> None:
    api.created(tenant="b", email="ada@example.com")
    assert api.send("POST", "/api/contacts", {"email": "ada@example.com"}).status == 201


PATCHES = [
    ({"firstName": "Augusta"}, {"firstName": "Augusta"}),
    ({"firstName": None}, {"firstName": None}),
    ({"firstName": ""}, {"firstName": None}),
    ({"email": None}, {"email": None}),
    ({"tags": ["new", "new"]}, {"tags": ["new"]}),
    ({"tags": None}, {"tags": []}),
    ({"customFields": {"Hat": "7"}}, {"customFields": {"Shoe size": "007", "Hat": "7"}}),
    ({"customFields": {"Shoe size": None}}, {"customFields": {}}),
    ({"customFields": None}, {"customFields": {}}),
    ({"engagement": {"opens": 9}}, {"engagement": {**EVERYTHING["engagement"], "opens": 9}}),  # type: ignore[dict-item]
    ({"engagement": None}, {"engagement": {}}),
    ({"addresses": [{"city": "Paris", "region": None}, {}]}, {"addresses": [{"city": "Paris"}]}),
    ({"emails": [], "phones": None}, {"emails": [], "phones": []}),
]


@pytest.mark.parametrize(("patch", "changed"), PATCHES, ids=str)
def test_patch_merges(api: Api, patch: dict[str, Any], changed: dict[str, Any]) -> None:
    made = api.created(**EVERYTHING)
    api.clock.advance(seconds=1)
    reply = api.send("PATCH", f"/api/contacts/{made['id']}", patch)
    expected = {**made, **changed, "version": 2, "updatedAt": "2026-01-01T00:00:01.000Z"}
    assert (reply.status, reply.json, reply.header("etag")) == (200, expected, '"2"')
    assert api.send("GET", f"/api/contacts/{made['id']}").json == expected


@pytest.mark.parametrize("patch", [{}, {"firstName": "Ada"}, {"customFields": {}}, {"customFields": {"none": None}}])
def test_patch_that_changes_nothing_writes_nothing(api: Api, patch: dict[str, Any]) -> None:
    made = api.created(**EVERYTHING)
    api.clock.advance(seconds=1)
    reply = api.send("PATCH", f"/api/contacts/{made['id']}", patch)
    assert (reply.status, reply.json, reply.header("etag")) == (200, made, '"1"')


def test_patch_leaves_a_value(api: Api) -> None:
    made = api.created(firstName="Ada")
    reply = api.send("PATCH", f"/api/contacts/{made['id']}", {"firstName": None})
    assert (reply.status, reply.error["code"]) == (400, "CONTACT_EMPTY")


def test_patch_keeps_the_limits_of_the_whole_contact(api: Api) -> None:
    made = api.created(customFields={f"f{number}": "x" for number in range(100)})
    reply = api.send("PATCH", f"/api/contacts/{made['id']}", {"customFields": {"one more": "x"}})
    assert (reply.status, reply.error["code"]) == (400, "TOO_MANY_CUSTOM_FIELDS")


def test_patched_email_is_found_by_the_new_one_alone(api: Api) -> None:
    made = api.created(email="old@example.com")
    moved = api.send("PATCH", f"/api/contacts/{made['id']}", {"email": "New@example.com"}).json
    assert moved["id"] == made["id"]
    assert api.all_items("/api/contacts", email="old@example.com") == []
    assert api.all_items("/api/contacts", email="new@example.com") == [moved]
    assert api.send("POST", "/api/contacts", {"email": "old@example.com"}).status == 201


def test_patch_to_an_email_that_another_contact_has(api: Api) -> None:
    holder, other = api.created(email="ada@example.com"), api.created(email="bob@example.com")
    reply = api.send("PATCH", f"/api/contacts/{other['id']}", {"email": "ADA@example.com"})
    assert (reply.status, reply.error["code"], reply.error["contactId"]) == (409, "EMAIL_EXISTS", holder["id"])
    assert api.send("GET", f"/api/contacts/{other['id']}").json == other


def test_patch_of_an_emails_case_alone(api: Api) -> None:
    made = api.created(email="ada@example.com")
    assert (
        api.send("PATCH", f"/api/contacts/{made['id']}", {"email": "ADA@example.com"}).json["email"]
        == "ADA@example.com"
    )


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        ('"2"', 200),
        ("2", 200),
        ('W/"2"', 200),
        ("*", 200),
        ('"1"', 412),
        ("1", 412),
        ("3", 412),
        ("", 400),
        ("two", 400),
        ('"1", "2"', 400),
        ("-2", 400),
        ("\u0662", 400),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_if_match(api: Api, method: str, if_match: str, status: int) -> None:
    path = f"/api/contacts/{api.created(firstName='Ada')['id']}"
    api.send("PATCH", path, {"firstName": "Augusta"})
    body = {"lastName": "Byron"} if method == "PATCH" else None
    reply = api.send(method, path, body, headers={"If-Match": if_match})
    assert reply.status == (204 if (method, status) == ("DELETE", 200) else status)
    if status != 200:
        assert reply.error["code"] == {412: "VERSION_MISMATCH", 400: "IF_MATCH_INVALID"}[status]
        assert api.send("GET", path).json["version"] == 2


def test_stale_version_is_told_even_where_nothing_would_change(api: Api) -> None:
    path = f"/api/contacts/{api.created(firstName='Ada')['id']}"
    assert api.send("PATCH", path, {"firstName": "Ada"}, headers={"If-Match": "7"}).status == 412


def test_delete(api: Api) -> None:
    path = f"/api/contacts/{api.created(email='ada@example.com')['id']}"
    reply = api.send("DELETE", path)
    assert (reply.status, reply.text, reply.header("content-type")) == (204, "", None)
    assert api.send("GET", path).status == 404
    assert api.send("DELETE", path).status == 404
    assert api.all_items("/api/contacts", email="ada@example.com") == []
    assert api.send("POST", "/api/contacts", {"email": "ada@example.com"}).status == 201


@pytest.mark.parametrize("contact", ["0" * 36, "x", "x" * 2_000, "a b", "a#b", "ä"])
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"firstName": "x"}), ("DELETE", None)])
def test_no_such_contact(api: Api, method: str, body: Any, contact: str) -> None:
    reply = api.send(method, f"/api/contacts/{contact}", body)
    assert reply.status == 404


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"firstName": "x"}), ("DELETE", None)])
def test_contact_of_another_tenant(api: Api, method: str, body: Any) -> None:
    theirs = api.created(tenant="b", firstName="Bob")
    reply = api.send(method, f"/api/contacts/{theirs['id']}", body)
    assert (reply.status, reply.error["code"]) == (404, "CONTACT_NOT_FOUND")
    assert api.send("GET", f"/api/contacts/{theirs['id']}", tenant="b").json == theirs
