"""Whatever goes wrong is answered in one shape with a stable code, and nothing leaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contacts.contracts.http_base import ErrorAnswer
from contacts.runtime.http_api import MAX_BODY_BYTES
from tests.unit.api.api_client import Api

Logged = Callable[[], list[dict[str, Any]]]
SECRET = "secret@example.com"


@pytest.mark.parametrize(
    "raw",
    [
        " ",
        "{",
        '{"email": NaN}',
        '{"email": "\\ud800"}',
        '{"a": 1} x',
        "[" * 100_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "[]",
        '[{"email": "a@example.com"}]',
        "null",
        '"text"',
        "1",
        b"\xff\xfe{}",
    ],
    ids=str,
)
def test_body_that_is_no_json_object(api: Api, raw: str | bytes | None) -> None:
    reply = api.send("POST", "/api/contacts", raw=raw)
    assert (reply.status, reply.error["code"]) == (400, "BODY_INVALID")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}], ids=["", "keyed"])
@pytest.mark.parametrize(("levels", "status"), [(250, 202), (251, 400), (1_000, 400)])
def test_body_that_is_nested_deep(api: Api, levels: int, status: int, headers: dict[str, str]) -> None:
    """What stands for a contact of a bulk create is looked at by nobody else who could find it too deep."""
    raw = '{"contacts":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"
    reply = api.send("POST", "/api/contacts/bulk-create", raw=raw, headers=headers)
    assert reply.status == status
    assert status == 202 or (reply.error["code"], "250 levels" in reply.error["message"]) == ("BODY_INVALID", True)


@pytest.mark.parametrize("raw", [None, ""])
def test_missing_body(api: Api, raw: str | None) -> None:
    reply = api.send("POST", "/api/contacts", raw=raw)
    assert (reply.status, reply.error["code"]) == (400, "INVALID_REQUEST")
    assert reply.error["message"] == "the request needs a body"


def test_base64_body_is_read_as_the_text_it_is(api: Api) -> None:
    assert api.send("POST", "/api/contacts", raw='{"firstName": "Zoë"}'.encode()).json["firstName"] == "Zoë"


@pytest.mark.parametrize("as_bytes", [False, True])
def test_largest_body(api: Api, as_bytes: bool) -> None:
    def padded(size: int) -> str | bytes:
        text = '{"firstName": "Ada"}'.ljust(size)
        return text.encode() if as_bytes else text

    assert api.send("POST", "/api/contacts", raw=padded(MAX_BODY_BYTES)).status == 201
    reply = api.send("POST", "/api/contacts", raw=padded(MAX_BODY_BYTES + 1))
    assert (reply.status, reply.error["code"]) == (413, "BODY_TOO_LARGE")


def test_body_is_measured_in_bytes(api: Api) -> None:
    reply = api.send(
        "POST", "/api/contacts", raw=json.dumps({"notes": "é" * (MAX_BODY_BYTES // 2)}, ensure_ascii=False)
    )
    assert reply.status == 413


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 201),
        ("Application/JSON; charset=utf-8", 201),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/jsonx", 415),
    ],
)
def test_media_type(api: Api, media_type: str, status: int) -> None:
    reply = api.send("POST", "/api/contacts", {"firstName": "Ada"}, headers={"content-type": media_type})
    assert reply.status == status
    if status == 415:
        assert reply.error["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "fileName", "REQUIRED"),
        ({"fileName": "a.csv", "tenantId": "b"}, "tenantId", "UNKNOWN_FIELD"),
        ({"fileName": None}, "fileName", "INVALID_VALUE"),
        ({"fileName": 7}, "fileName", "INVALID_VALUE"),
        ({"fileName": "  "}, "fileName", "INVALID_VALUE"),
        ({"fileName": "x" * 256}, "fileName", "INVALID_VALUE"),
        ({"fileName": "a\nb.csv"}, "fileName", "INVALID_VALUE"),
    ],
)
def test_form_of_a_body(api: Api, body: dict[str, Any], field: str, code: str) -> None:
    reply = api.send("POST", "/api/contacts/import/upload", body)
    assert reply.status == 400
    assert (reply.error["code"], reply.error["field"]) == ("INVALID_REQUEST", field)
    assert [(problem["field"], problem["code"]) for problem in reply.error["problems"]] == [(field, code)]
    assert field in reply.error["message"]


def test_all_problems_are_told_at_once(api: Api) -> None:
    body = {"fileName": "", "fileUrl": 1, "fieldMapping": {}, "options": {"tags": ["ok", ""], "color": 1}}
    problems = api.send("POST", "/api/contacts/import", body).error["problems"]
    assert {problem["field"] for problem in problems} == {
        "fileName",
        "fileUrl",
        "fieldMapping",
        "options.tags[1]",
        "options.color",
    }


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"limit": "1,2"}, {"cursor": "x" * 2_049}, {"segmentId": "x" * 129}],
    ids=str,
)
def test_query_out_of_bounds(api: Api, query: dict[str, Any]) -> None:
    reply = api.send("GET", "/api/contacts", query=query)
    assert (reply.status, reply.error["field"]) == (400, next(iter(query)))


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/nothing"), ("PUT", "/api/contacts"), ("GET", "/")])
def test_unknown_route_or_method(api: Api, method: str, path: str) -> None:
    reply = api.send(method, path)
    assert (reply.status, reply.error["code"]) == (404, "ROUTE_NOT_FOUND")


class Broken:
    """A store whose every method fails as services fail: with a message that quotes what it was given."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(f"no way: {SECRET}"),
        ClientError(
            {"Error": {"Code": "ValidationException", "Message": f"bad key {SECRET}"}, "ResponseMetadata": {}}, "Query"
        ),
    ],
    ids=lambda error: type(error).__name__,
)
def test_unexpected_exception_leaks_nothing(api: Api, error: Exception, logged: Logged) -> None:
    api.contacts = Broken(error)  # type: ignore[assignment]
    reply = api.send("GET", "/api/contacts", query={"email": SECRET})
    assert reply.status == 500
    assert (reply.error["code"], reply.error["requestId"]) == ("INTERNAL_ERROR", "request-1")
    assert SECRET not in reply.text + str(logged())
    (line,) = [line for line in logged() if line["level"] == "ERROR"]
    assert line["correlation_id"] == "request-1"
    assert line["error"]["type"].endswith(type(error).__name__)
    assert any("find_contacts.py" in frame for frame in line["error"]["raisedAt"])
    if isinstance(error, ClientError):
        assert (line["error"]["awsCode"], line["error"]["awsOperation"]) == ("ValidationException", "Query")


def test_missing_setting_is_our_fault_and_is_logged_by_name(api: Api, logged: Logged) -> None:
    url = api.uploaded()
    del api.environment["MAX_FILE_BYTES"]
    reply = api.send("POST", "/api/contacts/import", api.import_body(fileUrl=url))
    assert reply.error["code"] == "INTERNAL_ERROR"
    assert "SettingError" in str(logged())


def test_nothing_personal_is_logged_of_requests(api: Api, logged: Logged) -> None:
    api.created(email=SECRET, firstName="Ada")
    api.send("POST", "/api/contacts", {"email": SECRET})
    api.send("POST", "/api/contacts", {"email": [SECRET]})
    api.send("GET", "/api/contacts", query={"email": SECRET})
    api.send("GET", f"/api/contacts/{SECRET}")
    assert [line["status"] for line in logged()] == [201, 409, 400, 200, 404]
    assert {line["correlation_id"] for line in logged()} == {"request-1"}
    assert SECRET not in str(logged())
    assert "Ada" not in str(logged())


def test_validation_does_not_quote_what_was_sent(api: Api) -> None:
    assert SECRET not in api.send("POST", "/api/contacts", {"email": {"x": SECRET}}).text


def test_every_refusal_has_the_one_shape(api: Api) -> None:
    refusals = [
        api.send("POST", "/api/contacts", raw="{"),
        api.send("POST", "/api/contacts", {"id": "x"}),
        api.send("GET", "/api/contacts", claims={}),
        api.send("GET", "/api/contacts/x"),
        api.send("GET", "/nothing"),
    ]
    for reply in refusals:
        assert ErrorAnswer.model_validate(reply.json).error.request_id == "request-1"
        assert reply.header("content-type") == "application/json"


def test_a_refusal_names_the_first_twenty_problems(api: Api) -> None:
    reply = api.send("POST", "/api/contacts", {"emails": ["no e-mail"] * 30})
    assert [problem["field"] for problem in reply.error["problems"]] == [f"emails[{number}]" for number in range(20)]
