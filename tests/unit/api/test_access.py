"""Who may do what: tenant, user and scopes come from the token alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contacts.domain.segment import Segment
from tests.unit.api.api_client import READ_AND_WRITE, ROUTES, Api
from tests.unit.api.bulk_jobs import clean_up, done, person
from tests.unit.api.exports import started

EVERY_SCOPE = f"{READ_AND_WRITE} contacts:export contacts:admin"
WHOLE = {"custom:tenant_id": "a", "sub": "ada", "scope": "contacts:read contacts:write"}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in WHOLE.items() if key != name}


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({}, "TOKEN_INCOMPLETE"),
        (without("custom:tenant_id"), "TOKEN_INCOMPLETE"),
        (without("sub"), "TOKEN_INCOMPLETE"),
        (without("scope"), "SCOPE_MISSING"),
        ({**WHOLE, "custom:tenant_id": ""}, "TOKEN_INCOMPLETE"),
        ({**WHOLE, "custom:tenant_id": "  "}, "TOKEN_INCOMPLETE"),
        ({**WHOLE, "custom:tenant_id": "t" * 257}, "TOKEN_INCOMPLETE"),
        ({**WHOLE, "custom:tenant_id": ["a", "b"]}, "TOKEN_INCOMPLETE"),
        ({**WHOLE, "sub": ""}, "TOKEN_INCOMPLETE"),
        ({**WHOLE, "scope": "contacts:write"}, "SCOPE_MISSING"),
        ({**WHOLE, "scope": "contacts:reader"}, "SCOPE_MISSING"),
        ({**WHOLE, "scope": "xcontacts:read"}, "SCOPE_MISSING"),
        ({**WHOLE, "scope": 7}, "SCOPE_MISSING"),
    ],
)
def test_token_that_lacks_something_is_refused(api: Api, claims: dict[str, Any], code: str) -> None:
    reply = api.send("GET", "/api/contacts", claims=claims)
    assert (reply.status, reply.error["code"]) == (403, code)


@pytest.mark.parametrize(
    "scope", ["contacts:read", "openid contacts:read", "[openid contacts:read]", ["contacts:read"], " contacts:read "]
)
def test_scopes_come_in_every_form_that_api_gateway_gives_them(api: Api, scope: Any) -> None:
    assert api.send("GET", "/api/contacts", scope=scope).status == 200


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_needs_its_scope_before_it_looks_at_anything(api: Api, route: str) -> None:
    method, _, path = route.partition(" ")
    wrong = "contacts:write" if method == "GET" else "contacts:read"
    reply = api.send(method, path.replace("{jobId}", "x").replace("{id}", "x"), raw="{", scope=wrong)
    assert (reply.status, reply.error["code"]) == (403, "SCOPE_MISSING")


def test_claim_names_are_settings(api: Api) -> None:
    api.environment |= {"TENANT_CLAIM": "https://example.com/org", "SCOPE_CLAIM": "scp"}
    claims = {"https://example.com/org": "b", "sub": "bob", "scp": "contacts:read contacts:write"}
    made = api.send("POST", "/api/contacts", {"email": "x@example.com"}, claims=claims)
    assert made.status == 201
    assert api.contacts.find_by_ids("b", [made.json["id"]])
    assert api.send("GET", "/api/contacts").error["code"] == "TOKEN_INCOMPLETE"


def test_tenant_in_body_query_or_header_changes_nothing(api: Api) -> None:
    api.created(tenant="b", email="secret@example.com")
    reply = api.send("GET", "/api/contacts", query={"tenantId": "b"}, headers={"x-tenant-id": "b"})
    assert reply.json == {"items": [], "nextCursor": None}


#: What a request to a route takes along, so that nothing but whose it is can be in its way.
BODIES: dict[str, Any] = {
    "POST /api/contacts/import/{jobId}/rollback": {},
    "PATCH /api/contacts/{id}": {"firstName": "Mallory"},
    "PUT /api/collections/{id}/editors": {"editors": ["mallory"]},
}


@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route])
def test_nothing_of_another_tenant_can_be_reached_by_its_id(api: Api, route: str) -> None:
    method, _, path = route.partition(" ")
    things = one_of_everything(api)
    path = re.sub(r"{\w+}", things[path.partition("/{")[0]], path)
    before = everything(api)
    reply = api.send(method, path, BODIES.get(route), tenant="b", scope=EVERY_SCOPE)
    assert reply.status in (403, 404), reply.text
    assert everything(api) == before
    own = api.send(method, path, BODIES.get(route), scope=EVERY_SCOPE)
    assert (own.status, own.text) != (reply.status, reply.text)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith("GET") and "{" not in route])
def test_nothing_of_another_tenant_is_listed(api: Api, route: str) -> None:
    one_of_everything(api)
    path = route.partition(" ")[2]
    assert api.send("GET", path, tenant="b", scope=EVERY_SCOPE).json == {"items": [], "nextCursor": None}
    assert api.send("GET", path, scope=EVERY_SCOPE).json["items"] != []


def one_of_everything(api: Api) -> dict[str, str]:
    """The id of one thing of tenant a, under each path that takes one."""
    into = api.send("POST", "/api/collections", {"name": "Fair"}).json["id"]
    created = done(api, [person(1)], collectionId=into)
    api.segments.ensure(Segment(id="seg-1", tenant="a", name="Fair", created_at=api.clock()))
    return {
        "/api/contacts/import": api.started(),
        "/api/contacts/export": started(api),
        "/api/contacts/bulk-create": created["jobId"],
        "/api/contacts/bulk-delete": clean_up(api, trackingKey=created["trackingKey"], dryRun=True).json["jobId"],
        "/api/collections": into,
        "/api/segments": "seg-1",
        "/api/contacts": created["contactIds"][0],
    }


def everything(api: Api) -> Any:
    """All that tenant a has."""
    return (dict(api.jobs.jobs), dict(api.collections.collections), list(api.contacts.scan("a")))


def test_workspace_is_a_claim_too(api: Api) -> None:
    claims = {**WHOLE, "custom:workspace_id": "w-7"}
    job = api.send("POST", "/api/contacts/import", api.import_body(), claims=claims).json["jobId"]
    shown = api.send("GET", f"/api/contacts/import/{job}").json
    assert (shown["tenantId"], shown["createdBy"], shown["workspaceId"]) == ("a", "ada", "w-7")
