"""The API's description is what the code says, complete, and served to everybody."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from contacts.contracts.http_base import ErrorAnswer, HttpModel
from contacts.contracts.http_bulk_create import BulkCreateItem, BulkCreateJob
from contacts.contracts.http_bulk_delete import BulkDeleteItem, BulkDeleteJob
from contacts.contracts.http_collections import CollectionAnswer
from contacts.contracts.http_contacts import ContactAnswer
from contacts.contracts.http_exports import ExportAccepted, ExportAuditRecord, ExportDetail
from contacts.contracts.http_imports import ImportAccepted, RowErrorBody, UploadAnswer
from local.openapi import DOCUMENT, render
from tests.unit.api.api_client import READ_AND_WRITE, ROOT, ROUTES, Api, lambda_context, load_function

METHODS_WITH_BODY = ("post", "patch", "put")
#: It takes everything from the job.
WITHOUT_BODY = "POST /api/contacts/bulk-create/{jobId}/collection"
#: Of routes by which contacts leave.
OTHER_SCOPES = {
    "POST /api/contacts/export": "contacts:export",
    "GET /api/contacts/export/{jobId}/download": "contacts:export",
    "GET /api/contacts/export/audit": "contacts:admin",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_committed_document_is_what_the_code_generates() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), "run `make openapi`"


def test_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def without_names(route: str) -> str:
    return re.sub(r"{\w+}", "{}", route)


def test_every_route_is_described(document: dict[str, Any]) -> None:
    assert {without_names(route) for route in operations(document)} == {without_names(route) for route in ROUTES}


def test_template_gives_every_route_to_its_function() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    function = ""
    for line in template.splitlines():
        if match := re.search(r"CodeUri: functions/(\w+)", line):
            function = match[1]
        if match := re.search(r'Type: HttpApi, .*Method: (\w+), Path: "?([^\s"]+?)"?[ ,]', line):
            found[without_names(f"{match[1]} {match[2]}")] = function
    assert {without_names(route): function for route, function in ROUTES.items()}.items() <= found.items()


def test_operations_say_all_that_a_client_needs(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        method = name.split()[0].lower()
        scope = OTHER_SCOPES.get(name) or ("contacts:read" if method == "get" else "contacts:write")
        assert operation["security"] == [{"jwt": [scope]}], name
        assert {"400", "401", "403", "429", "500"} <= set(operation["responses"]), name
        assert ("requestBody" in operation) == (method in METHODS_WITH_BODY and name != WITHOUT_BODY), name
        assert ("404" in operation["responses"]) >= ("{" in name), name
        takes_key = any(each["name"].lower() == "idempotency-key" for each in operation.get("parameters", ()))
        assert takes_key == (method == "post") == ("422" in operation["responses"]), name
        for status, answer in operation["responses"].items():
            assert answer["description"], name
            if status != "204":
                assert "$ref" in answer["content"]["application/json"]["schema"], (name, status)


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    found = [operation["operationId"] for operation in operations(document).values()]
    assert len(found) == len(set(found))


def test_no_shape_of_errors_but_ours(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in json.dumps(document)


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("ContactBody", "/api/contacts", 201),
        ("StartImportBody", "/api/contacts/import", 202),
        ("BulkCreateBody", "/api/contacts/bulk-create", 202),
        ("BulkDeleteBody", "/api/contacts/bulk-delete", 202),
        ("CreateCollectionBody", "/api/collections", 201),
        ("StartExportBody", "/api/contacts/export", 202),
    ],
)
def test_bodies_have_examples_that_hold(document: dict[str, Any], name: str, path: str, status: int, api: Api) -> None:
    (example,) = document["components"]["schemas"][name]["examples"]
    body = {**example, "fileUrl": api.uploaded()} if name == "StartImportBody" else example
    scope = OTHER_SCOPES.get(f"POST {path}", READ_AND_WRITE)
    assert api.send("POST", path, body, scope=scope).status == status


def test_contacts_of_a_bulk_job_are_described(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    contacts = schemas["BulkCreateBody"]["properties"]["contacts"]
    assert (contacts["minItems"], contacts["maxItems"]) == (1, 5_000)
    assert contacts["items"] == {"$ref": "#/components/schemas/BulkContactBody"}
    described = set(schemas["BulkContactBody"]["properties"])
    assert described == {*schemas["ContactBody"]["properties"], "clientContactId"}


@pytest.mark.parametrize(
    "model",
    [
        BulkCreateItem,
        BulkCreateJob,
        BulkDeleteItem,
        BulkDeleteJob,
        CollectionAnswer,
        ContactAnswer,
        ExportAccepted,
        ExportAuditRecord,
        ExportDetail,
        ImportAccepted,
        RowErrorBody,
        UploadAnswer,
    ],
)
def test_answers_have_examples_that_hold(document: dict[str, Any], model: type[HttpModel]) -> None:
    (example,) = document["components"]["schemas"][model.__name__]["examples"]
    assert model.model_validate(example).to_json() == example


def test_headers_are_described(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        answers = operation["responses"]
        if name.startswith("POST"):
            (made,) = (answer for status, answer in answers.items() if status.startswith("2"))
            assert "Idempotency-Replayed" in made["headers"], name
        if name.endswith("/download") and name not in OTHER_SCOPES:
            assert "Retry-After" in answers["409"]["headers"], name


def docs(route: str, method: str = "GET") -> dict[str, Any]:
    event = {"routeKey": route, "requestContext": {"requestId": "request-1", "http": {"method": method}}}
    answer: dict[str, Any] = load_function("docs").handler(event, lambda_context())
    return answer


def test_document_is_served(document: dict[str, Any]) -> None:
    answer = docs("GET /openapi.json")
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "application/json")
    assert json.loads(answer["body"]) == document


def test_page_loads_nothing_from_elsewhere() -> None:
    answer = docs("GET /docs")
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "text/html; charset=utf-8")
    assert not re.search(r"https?://|//\w|\ssrc=|@import|\bstyle=|\son\w+=", re.sub(r"// Every.*", "", answer["body"]))


def test_page_may_run_its_own_script_alone() -> None:
    answer = docs("GET /docs")
    policy = answer["headers"]["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag, directive in [("script", "script-src"), ("style", "style-src")]:
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer["body"], re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


def test_unknown_route_has_our_shape() -> None:
    answer = docs("$default", "POST")
    error = ErrorAnswer.model_validate_json(answer["body"]).error
    assert (answer["statusCode"], error.code, error.request_id) == (404, "ROUTE_NOT_FOUND", "request-1")


def test_preflight_is_left_to_the_gateway() -> None:
    assert docs("OPTIONS /{proxy+}", "OPTIONS")["statusCode"] == 204


def test_docs_function_reads_files_of_its_own_folder_alone() -> None:
    assert {path.name for path in (ROOT / "functions/docs").iterdir() if path.is_file()} >= {
        Path(name).name for name in ("handler.py", "index.html", "openapi.json")
    }
