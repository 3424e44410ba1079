"""A body of 4 MB has room for millions of wrong values. Pydantic keeps a kilobyte for each that it finds: what is too
much is found before its members are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

import contacts.contracts.http_bulk_create
import contacts.contracts.http_bulk_delete
import contacts.contracts.http_collections
import contacts.contracts.http_contacts
import contacts.contracts.http_exports
import contacts.contracts.http_filters
import contacts.contracts.http_imports
import contacts.contracts.http_jobs
import contacts.contracts.http_rollbacks
from contacts.contracts.http_base import MAX_UNKNOWN_FIELDS, RequestModel
from contacts.domain.bulk_job import MAX_BULK_CONTACTS
from contacts.domain.errors import InvalidRequest
from tests.unit.api.api_client import READ_AND_WRITE, Api
from tests.unit.api.exports import EXPORTER

MANY = 20_000
#: Of a field mapping 1,024 columns can be wrong, and what they are mapped to; of all else there is less.
FEW = 2_100

WRONG: dict[str, Any] = {
    "numbers": [0] * MANY,
    "empty texts": [""] * MANY,
    "lists": [[]] * MANY,
    "objects": [{}] * MANY,
    "members": {f"?{number}": 0 for number in range(MANY)},
    "filters": {"and": [{}] * MANY},
    "filters in filters": {"or": [{"not": 0}, {"and": [0] * MANY}]},
    "filters with unknown fields": {"and": [{"field": "x", **{f"?{n}": 0 for n in range(MANY)}}] * 2},
    "objects in a list": [{f"?{number}": 0 for number in range(MANY)}] * 2,
}


def request_models(base: type[RequestModel] = RequestModel) -> Iterator[type[RequestModel]]:
    for model in base.__subclasses__():
        if model.__module__.startswith("contacts."):
            yield model
        yield from request_models(model)


#: Filters are counted as a whole, in the field that takes one.
MODELS = sorted(
    (model for model in set(request_models()) if model.__module__ != contacts.contracts.http_filters.__name__),
    key=lambda model: model.__name__,
)


def number_of_errors(model: type[RequestModel], body: dict[str, Any]) -> int:
    try:
        model.model_validate(body)
    except ValidationError as error:
        return error.error_count()
    except InvalidRequest:
        return 1
    return 0


@pytest.fixture(scope="module", autouse=True)
def _models_are_built() -> None:
    for model in MODELS:
        model.model_rebuild()


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("model", MODELS)
def test_a_field_with_many_wrong_values_has_few_errors(model: type[RequestModel], wrong: str) -> None:
    for name, field in model.model_fields.items():
        assert number_of_errors(model, {field.alias or name: WRONG[wrong]}) <= FEW, name


@pytest.mark.parametrize("model", MODELS)
def test_of_many_unknown_fields_the_first_are_told(model: type[RequestModel]) -> None:
    unknown = {f"?{number}": 0 for number in range(MANY)}
    with pytest.raises(ValidationError) as refused:
        model.model_validate(unknown)
    errors = [error for error in refused.value.errors() if error["type"] == "extra_forbidden"]
    assert [error["loc"][-1] for error in errors] == [f"?{number}" for number in range(MAX_UNKNOWN_FIELDS)]


@pytest.mark.parametrize("model", [contacts.contracts.http_contacts.ContactBody])
def test_known_fields_count_however_many_unknown_ones_there_are(model: type[RequestModel]) -> None:
    body = {"firstName": 1, **{f"?{number}": 0 for number in range(MANY)}, "email": "no e-mail"}
    with pytest.raises(ValidationError) as refused:
        model.model_validate(body)
    assert {"firstName", "email"} < {error["loc"][0] for error in refused.value.errors()}


REQUESTS: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/api/contacts/bulk-delete", {"bulkCreateJobId": "x", "contactIds": [0] * 40_000}, "CONTACTS_TOO_MANY"),
    ("POST", "/api/contacts/bulk-create", {"contacts": [0] * 40_000}, "CONTACTS_TOO_MANY"),
    ("POST", "/api/contacts", {"tags": [0] * 40_000}, "INVALID_REQUEST"),
    ("POST", "/api/contacts", {"customFields": {str(n): 0 for n in range(40_000)}}, "INVALID_REQUEST"),
    ("POST", "/api/contacts", {str(n): 0 for n in range(40_000)}, "INVALID_REQUEST"),
    ("POST", "/api/contacts/import", {"fieldMapping": {str(n): 0 for n in range(40_000)}}, "INVALID_REQUEST"),
    ("POST", "/api/contacts/export", {"format": "csv", "selectedFields": [0] * 40_000}, "INVALID_REQUEST"),
    ("POST", "/api/contacts/export", {"format": "csv", "filters": {"and": [0] * 200_000}}, "INVALID_REQUEST"),
    ("POST", "/api/collections", {"name": "x", "editors": [0] * 40_000}, "INVALID_REQUEST"),
]


@pytest.mark.parametrize(("method", "path", "body", "code"), REQUESTS, ids=lambda value: str(value)[:40])
def test_such_a_request_takes_little_memory_and_is_told_what_is_wrong(
    api: Api, method: str, path: str, body: dict[str, Any], code: str
) -> None:
    scope = f"{READ_AND_WRITE} {EXPORTER}"
    api.send(method, path, {}, scope=scope)  # what is built at the first request is none of the body's
    tracemalloc.start()
    try:
        reply = api.send(method, path, body, scope=scope)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (reply.status, reply.error["code"]) == (400, code)
    assert len(reply.text) < 10_000
    assert peak < 25 * 1024 * 1024, "the body itself, and not 40,000 errors of a kilobyte"


@pytest.mark.parametrize(
    "ids", [[], ["x"] * (MAX_BULK_CONTACTS + 1), [0] * (MAX_BULK_CONTACTS + 1)], ids=["none", "many", "many wrong"]
)
def test_the_number_of_contacts_to_delete_has_its_own_codes(api: Api, ids: list[Any]) -> None:
    reply = api.send("POST", "/api/contacts/bulk-delete", {"bulkCreateJobId": "x", "contactIds": ids})
    expected = "CONTACTS_TOO_MANY" if ids else "CONTACTS_MISSING"
    assert (reply.status, reply.error["code"], reply.error["field"]) == (400, expected, "contactIds")


def test_a_name_of_megabytes_is_not_told_back(api: Api) -> None:
    reply = api.send("POST", "/api/contacts", {"x" * 1_000_000: 1})
    assert reply.status == 400
    assert len(reply.text) < 10_000
