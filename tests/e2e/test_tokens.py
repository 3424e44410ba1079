"""A token that is not whole opens no route."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from tests.e2e.api_operations import EVERY_SCOPE, Operation, all_operations
from tests.e2e.http_client import Api
from tests.e2e.minted_tokens import TENANT_CLAIM, Mint

DAY = 86_400
#: What the functions answer to claims that they can't work with.
OF_THE_CLAIMS = {"TOKEN_INCOMPLETE", "SCOPE_MISSING"}


@pytest.fixture(scope="module")
def mint(stack: dict[str, Any], stack_directory: Path) -> Mint:
    return Mint.of(stack, stack_directory)


@pytest.fixture(scope="module")
def client(stack: dict[str, Any]) -> httpx.Client:
    return httpx.Client(base_url=stack["apiUrl"], timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def refused_by_gateway(mint: Mint, tenants: dict[str, str]) -> dict[str, str]:
    """Values of the header Authorization, by what is wrong with them."""
    now = int(time.time())
    stranger = RSAKey.generate_key(2048, auto_kid=True)
    bearers = {
        "expired": mint.token(iat=now - 2 * DAY, exp=now - 1),
        "not yet valid": mint.token(nbf=now + DAY),
        "issued tomorrow": mint.token(iat=now + DAY, exp=now + 2 * DAY),
        "for another audience": mint.token(aud="somebody-else"),
        "for no audience": mint.token(without="aud"),
        "by another issuer": mint.token(iss="https://issuer.example"),
        "by no issuer": mint.token(without="iss"),
        "unsigned": mint.unsigned(),
        "HS256 with the public key": mint.by_public_key(),
        "signed by a stranger who names our key": mint.signed(stranger, mint.claims()),
        "signed by a stranger who brings the key": mint.signed(
            stranger, mint.claims(), kid=stranger.kid, jwk=stranger.as_dict(private=False)
        ),
        "claims exchanged": mint.with_other_claims(**{TENANT_CLAIM: tenants["a-admin"]}),
        "signature cut off": mint.token().rpartition(".")[0],
        "garbage": "garbage",
        "three pieces of garbage": "a.b.c",
    }
    return {
        "another scheme": "Basic dXNlcjpwYXNzd29yZA==",
        "empty": "",
        **{what: f"Bearer {token}" for what, token in bearers.items()},
    }


@pytest.fixture(scope="module")
def refused_by_us(mint: Mint) -> dict[str, tuple[str, str]]:
    """Tokens that are genuine, and the code that says what they lack."""
    return {
        "no tenant": (mint.token(without=TENANT_CLAIM), "TOKEN_INCOMPLETE"),
        "a blank tenant": (mint.token(**{TENANT_CLAIM: " "}), "TOKEN_INCOMPLETE"),
        "a tenant of 300 characters": (mint.token(**{TENANT_CLAIM: "t" * 300}), "TOKEN_INCOMPLETE"),
        "no user": (mint.token(without="sub"), "TOKEN_INCOMPLETE"),
        "no scopes": (mint.token(without="scope"), "SCOPE_MISSING"),
        "a scope that begins like ours": (mint.token(scope="contacts:reader contacts:writer"), "SCOPE_MISSING"),
    }


def send(client: httpx.Client, operation: Operation, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    body = {} if operation.takes_body else None
    return client.request(operation.method, operation.path_of(), headers=headers, json=body)


@pytest.mark.parametrize("operation", all_operations(), ids=str)
def test_no_route_opens_to_a_token_that_is_not_genuine(
    client: httpx.Client, refused_by_gateway: dict[str, str], operation: Operation
) -> None:
    for what, authorization in {**refused_by_gateway, "no header at all": None}.items():
        answer = send(client, operation, authorization)
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"}), what


@pytest.mark.parametrize("operation", all_operations(), ids=str)
def test_no_route_opens_to_a_token_that_lacks_something(
    client: httpx.Client, mint: Mint, refused_by_us: dict[str, tuple[str, str]], operation: Operation
) -> None:
    others = " ".join(scope for scope in EVERY_SCOPE if scope != operation.scope)
    lacking = {**refused_by_us, "every scope but the one": (mint.token(scope=others), "SCOPE_MISSING")}
    for what, (token, code) in lacking.items():
        answer = send(client, operation, f"Bearer {token}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, code), what
    # So that nothing but the token was in the way.
    opened = send(client, operation, f"Bearer {mint.token(scope=operation.scope)}")
    assert opened.status_code in {200, 400, 404}, opened.text
    if opened.status_code != 200:
        assert opened.json()["error"]["code"] not in OF_THE_CLAIMS


def test_the_document_that_names_the_routes_is_the_one_that_is_served(client: httpx.Client) -> None:
    served = client.get("/openapi.json")
    found = {f"{method.upper()} {path}" for path, methods in served.json()["paths"].items() for method in methods}
    assert found == {str(operation) for operation in all_operations()}


def test_the_documentation_is_open_to_all(client: httpx.Client) -> None:
    assert [client.get(path).status_code for path in ("/openapi.json", "/docs")] == [200, 200]


def test_an_unknown_route_answers_in_our_shape(stack: dict[str, Any]) -> None:
    answer = Api.of(stack, "a-user").get("/api/nothing-here")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ROUTE_NOT_FOUND")


@pytest.mark.parametrize("text", ["tenant", "Ünïcode tenant", "a/b#c%2F..", "t" * 256, "[one two]"])
def test_a_tenant_by_any_name_has_its_own_contacts_and_jobs(mint: Mint, text: str) -> None:
    """A tenant's name stands in keys of tables and of objects, and nowhere means anything there."""
    tenant = f"{time.time_ns()}-{text}"[:256]
    api, other = mint.caller(tenant), mint.caller(tenant[:-1] + "!")
    made = api.post("/api/contacts", {"email": "one@minted.example"})
    assert made.status_code == 201, made.text
    job = api.run_import("p.csv", b"E-mail\ntwo@minted.example\n", {"E-mail": "email"})
    assert (job["status"], job["tenantId"]) == ("completed", tenant)
    assert {each["email"] for each in api.contacts()} == {"one@minted.example", "two@minted.example"}
    assert other.contacts() == list(other.pages("/api/jobs")) == []
