"""Who may do what: tokens, scopes, tenants."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import httpx
import pytest

from tests.e2e.http_client import Api, csv_file

ROUTES = [
    ("POST", "/api/contacts/import/upload"),
    ("POST", "/api/contacts/import"),
    ("GET", "/api/contacts/import/00000000-0000-4000-8000-000000000000"),
    ("GET", "/api/contacts/import/00000000-0000-4000-8000-000000000000/errors"),
    ("GET", "/api/contacts/import/00000000-0000-4000-8000-000000000000/errors/download"),
    ("GET", "/api/contacts/import/00000000-0000-4000-8000-000000000000/results/download"),
    ("POST", "/api/contacts/import/00000000-0000-4000-8000-000000000000/rollback"),
    ("GET", "/api/contacts/import/00000000-0000-4000-8000-000000000000/rollback"),
    ("GET", "/api/contacts/import/00000000-0000-4000-8000-000000000000/rollback/download"),
    ("GET", "/api/jobs"),
    ("POST", "/api/contacts"),
    ("GET", "/api/contacts"),
    ("GET", "/api/contacts/aaaa"),
    ("PATCH", "/api/contacts/aaaa"),
    ("DELETE", "/api/contacts/aaaa"),
    ("GET", "/api/segments"),
    ("GET", "/api/segments/seg-x"),
]


def unsigned(token: str) -> str:
    """The same claims, signed by nobody."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_answers_without_a_token_or_with_an_unsigned_one(
    stack: dict[str, Any], method: str, path: str
) -> None:
    for headers in ({}, {"Authorization": f"Bearer {unsigned(stack['tokens']['a-admin'])}"}):
        answer = httpx.request(method, stack["apiUrl"] + path, headers=headers, json={}, trust_env=False)
        assert answer.status_code == 401, (headers, answer.text)


@pytest.mark.parametrize(("method", "path"), [(m, p) for m, p in ROUTES if m != "GET"])
def test_a_token_that_may_only_read_can_not_write(stack: dict[str, Any], method: str, path: str) -> None:
    answer = Api.of(stack, "a-readonly").client.request(method, path, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "SCOPE_MISSING")


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_the_documentation_is_open_to_all(stack: dict[str, Any], path: str) -> None:
    answer = httpx.get(stack["apiUrl"] + path, trust_env=False)
    assert answer.status_code == 200


def test_an_unknown_route_answers_in_our_shape(stack: dict[str, Any]) -> None:
    answer = Api.of(stack, "a-user").get("/api/nothing-here")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ROUTE_NOT_FOUND")


def test_another_tenant_sees_nothing_of_an_import(stack: dict[str, Any]) -> None:
    ours, theirs = Api.of(stack, "a-user"), Api.of(stack, "b-admin")
    domain = f"d{uuid.uuid4().hex}.example"
    url = ours.upload("p.csv", csv_file(("E-mail",), (f"ann@{domain}",), ("bad",)))
    body = {"fileName": "p.csv", "fileUrl": url, "fieldMapping": {"E-mail": "email"}}

    stolen = theirs.post("/api/contacts/import", body)
    assert stolen.status_code == 403, stolen.text

    job = ours.wait(ours.post("/api/contacts/import", {**body, "options": {"segmentName": domain}}).json()["jobId"])
    for path in ("", "/errors", "/errors/download", "/results/download"):
        assert theirs.get(f"/api/contacts/import/{job['jobId']}{path}").status_code == 403
    assert theirs.contacts(email=f"ann@{domain}") == []
    (ann,) = ours.contacts(email=f"ann@{domain}")
    for method in ("GET", "PATCH", "DELETE"):
        answer = theirs.client.request(method, f"/api/contacts/{ann['id']}", json={} if method == "PATCH" else None)
        assert answer.status_code == 404, answer.text
    (segment,) = [each for each in ours.pages("/api/segments") if each["name"] == domain]
    assert theirs.get(f"/api/segments/{segment['id']}").status_code == 404
    assert job["jobId"] not in [each["jobId"] for each in theirs.pages("/api/jobs")]
    cursor = ours.get("/api/jobs", limit=1).json()["nextCursor"]
    if cursor:
        assert theirs.get("/api/jobs", cursor=cursor).status_code == 400


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/file.csv",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "s3://other-bucket/uploads/a/x",
        "not a url",
    ],
)
def test_a_file_from_anywhere_else_is_refused_before_any_fetch(stack: dict[str, Any], url: str) -> None:
    body = {"fileName": "p.csv", "fileUrl": url, "fieldMapping": {"E-mail": "email"}}
    answer = Api.of(stack, "a-user").post("/api/contacts/import", body)
    assert answer.status_code in {400, 403}
    assert answer.json()["error"]["field"] == "fileUrl"
