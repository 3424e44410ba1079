"""Who may do what: tenant, user and scopes come from the token alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.api.api_client import ROUTES, Api

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


def test_workspace_is_a_claim_too(api: Api) -> None:
    claims = {**WHOLE, "custom:workspace_id": "w-7"}
    job = api.send("POST", "/api/contacts/import", api.import_body(), claims=claims).json["jobId"]
    shown = api.send("GET", f"/api/contacts/import/{job}").json
    assert (shown["tenantId"], shown["createdBy"], shown["workspaceId"]) == ("a", "ada", "w-7")
