"""Filters as callers send them: what is taken, what is refused and where, and how they are described."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import Response
from hypothesis import given
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from pydantic import ValidationError

from contacts.contracts.http_base import HttpModel
from contacts.contracts.http_filters import Filters, to_filter
from contacts.domain.contact_fields import TEXT_FIELDS
from contacts.domain.contact_filter import (
    MAX_CONDITIONS,
    MAX_FILTER_BYTES,
    MAX_FILTER_DEPTH,
    AllOf,
    AnyOf,
    Condition,
    FilterOp,
    Not,
    filter_from_record,
    filter_to_record,
)
from contacts.domain.contact_filter_conditions import FILTER_FIELDS, OPS, FieldKind
from contacts.runtime.http_api import HttpApi
from tests.unit.api.api_client import Api, lambda_context

ACME = {"field": "company", "op": "equals", "value": "Acme"}
SECRET = "secret@example.com"


class FilteredBody(HttpModel):
    """A body with a filter."""

    filters: Filters = None


http = HttpApi()


@http.app.post("/api/filtered")
def filtered(body: FilteredBody) -> Response[dict[str, Any]]:
    filter_ = to_filter(body.filters)
    kept = {} if filter_ is None else filter_to_record(filter_)
    return Response(status_code=200, content_type="application/json", body=kept)


def send(filters: Any) -> tuple[int, Any]:
    http.wiring = Api().wiring()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "POST /api/filtered",
        "rawPath": "/api/filtered",
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "authorizer": {
                "jwt": {"claims": {"custom:tenant_id": "a", "sub": "ada", "scope": "contacts:write"}, "scopes": None}
            },
            "http": {"method": "POST", "path": "/api/filtered"},
            "requestId": "request-1",
            "stage": "$default",
        },
        "body": json.dumps({"filters": filters}),
        "isBase64Encoded": False,
    }
    answer = http.handler(event, lambda_context())
    return answer["statusCode"], json.loads(answer["body"])


def problems(filters: Any) -> list[tuple[str, str]]:
    status, answer = send(filters)
    assert status == 400, answer
    error = answer["error"]
    assert (error["code"], error["field"]) == ("INVALID_REQUEST", error["problems"][0]["field"])
    assert SECRET not in json.dumps(answer)
    return [(problem["field"], problem["code"]) for problem in error["problems"]]


def nested(levels: int) -> dict[str, Any]:
    filter_: dict[str, Any] = ACME
    for level in range(levels - 1):
        filter_ = [{"and": [filter_]}, {"or": [filter_]}, {"not": filter_}][level % 3]
    return filter_


@pytest.mark.parametrize("filters", [None, {}])
def test_no_filter(filters: Any) -> None:
    assert send(filters) == (200, {})
    assert to_filter(FilteredBody().filters) is None


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (ACME, Condition("company", FilterOp.EQUALS, "Acme")),
        ({"field": "phone", "op": "exists"}, Condition("phone", FilterOp.EXISTS, True)),
        ({"field": "phone", "op": "exists", "value": None}, Condition("phone", FilterOp.EXISTS, True)),
        ({"field": "phone", "op": "exists", "value": False}, Condition("phone", FilterOp.EXISTS, False)),
        ({"field": "tags", "op": "hasAny", "value": ["a"]}, Condition("tags", FilterOp.HAS_ANY, ("a",))),
        (
            {"field": "customFields.Größe 2", "op": "startsWith", "value": " x "},
            Condition("customFields.Größe 2", FilterOp.STARTS_WITH, " x "),
        ),
        (
            {"and": [ACME, {"or": [{"not": ACME}]}]},
            AllOf(
                (
                    Condition("company", FilterOp.EQUALS, "Acme"),
                    AnyOf((Not(Condition("company", FilterOp.EQUALS, "Acme")),)),
                )
            ),
        ),
    ],
)
def test_filters(filters: Any, expected: Any) -> None:
    status, record = send(filters)
    assert (status, filter_from_record(record)) == (200, expected)


@pytest.mark.parametrize(
    ("filters", "place", "code"),
    [
        ([], "filters", "INVALID_VALUE"),
        ([ACME], "filters", "INVALID_VALUE"),
        ("company", "filters", "INVALID_VALUE"),
        (0, "filters", "INVALID_VALUE"),
        (False, "filters", "INVALID_VALUE"),
        ({"and": []}, "filters.and", "INVALID_VALUE"),
        ({"or": []}, "filters.or", "INVALID_VALUE"),
        ({"and": ACME}, "filters.and", "INVALID_VALUE"),
        ({"or": [ACME, {}]}, "filters.or[1]", "INVALID_VALUE"),
        ({"or": [ACME, None]}, "filters.or[1]", "INVALID_VALUE"),
        ({"not": [ACME]}, "filters.not", "INVALID_VALUE"),
        ({"not": {}}, "filters.not", "INVALID_VALUE"),
        ({"and": [ACME], "or": [ACME]}, "filters", "INVALID_VALUE"),
        ({"and": [ACME], "field": "company"}, "filters", "INVALID_VALUE"),
        ({"or": [ACME, {"not": ACME, **ACME}]}, "filters.or[1]", "INVALID_VALUE"),
        ({"nand": [ACME]}, "filters", "INVALID_VALUE"),
        ({"and_": [ACME]}, "filters", "INVALID_VALUE"),
        ({"and": [ACME], "xor": [ACME]}, "filters.xor", "UNKNOWN_FIELD"),
        ({"and": [{**ACME, "$where": SECRET}]}, "filters.and[0].$where", "UNKNOWN_FIELD"),
        ({"company": SECRET, "field": "company", "op": "exists"}, "filters.company", "UNKNOWN_FIELD"),
        ({"op": "exists"}, "filters.field", "REQUIRED"),
        ({"field": "company", "value": SECRET}, "filters.op", "REQUIRED"),
        ({"field": "company", "op": "equals"}, "filters.value", "REQUIRED"),
        ({"field": "company", "op": "equals", "value": None}, "filters.value", "REQUIRED"),
        ({**ACME, "field": SECRET}, "filters.field", "INVALID_VALUE"),
        ({**ACME, "field": ["company"]}, "filters.field", "INVALID_VALUE"),
        ({**ACME, "field": "segmentId"}, "filters.field", "INVALID_VALUE"),
        ({**ACME, "op": "$regex"}, "filters.op", "INVALID_VALUE"),
        ({**ACME, "op": "EQUALS"}, "filters.op", "INVALID_VALUE"),
        ({**ACME, "op": {}}, "filters.op", "INVALID_VALUE"),
        ({"field": "tags", "op": "equals", "value": "a"}, "filters.op", "INVALID_VALUE"),
        ({"field": "createdAt", "op": "contains", "value": "2026"}, "filters.op", "INVALID_VALUE"),
        ({**ACME, "value": {"$gt": ""}}, "filters.value", "INVALID_VALUE"),
        ({**ACME, "value": "x" * 1_025}, "filters.value", "INVALID_VALUE"),
        ({"not": {"field": "tags", "op": "hasAny", "value": []}}, "filters.not.value", "INVALID_VALUE"),
        (
            {"and": [ACME, {"field": "tags", "op": "hasAll", "value": ["a", 1]}]},
            "filters.and[1].value[1]",
            "INVALID_VALUE",
        ),
        (
            {"or": [{"not": {"field": "createdAt", "op": "before", "value": SECRET}}]},
            "filters.or[0].not.value",
            "INVALID_VALUE",
        ),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict | list) else str(value),
)
def test_a_refusal_names_the_place(filters: Any, place: str, code: str) -> None:
    assert problems(filters) == [(place, code)]


def test_all_problems_are_told_at_once() -> None:
    found = problems({"and": [{**ACME, "field": "x"}, {"or": [{**ACME, "value": 1}, 7]}, {"not": {"op": "exists"}}]})
    assert [place for place, _ in found] == [
        "filters.and[0].field",
        "filters.and[1].or[0].value",
        "filters.and[1].or[1]",
        "filters.and[2].not.field",
    ]


def test_depth() -> None:
    assert send(nested(MAX_FILTER_DEPTH))[0] == 200
    ((place, _),) = problems(nested(MAX_FILTER_DEPTH + 1))
    assert place == "filters.and[0].not.or[0].and[0].not.or[0].and[0].not.or[0].and[0]"
    assert place.count(".") == MAX_FILTER_DEPTH
    assert len(problems(nested(100))) == 1


@pytest.mark.parametrize("filler", [ACME, None, []], ids=str)
def test_number_of_conditions(filler: Any) -> None:
    def spread(conditions: int) -> dict[str, Any]:
        return {"and": [{"or": [ACME] * (conditions // 2)}, {"or": [filler] * (conditions - conditions // 2)}]}

    if filler == ACME:
        assert send(spread(MAX_CONDITIONS))[0] == 200
    assert problems(spread(MAX_CONDITIONS + 1)) == [("filters", "INVALID_VALUE")]


def test_size() -> None:
    def sized(size: int) -> dict[str, Any]:
        values = ["é" * 500] * 65
        empty = json.dumps({**ACME, "op": "in", "value": [*values, ""]}, ensure_ascii=False, separators=(",", ":"))
        return {**ACME, "op": "in", "value": [*values, "x" * (size - len(empty.encode()))]}

    assert send(sized(MAX_FILTER_BYTES))[0] == 200
    assert problems(sized(MAX_FILTER_BYTES + 1)) == [("filters", "INVALID_VALUE")]


def test_a_list_of_nothing_but_mistakes_is_not_looked_at_to_its_end() -> None:
    with pytest.raises(ValidationError) as refused:
        FilteredBody.model_validate({"filters": {"field": "tags", "op": "hasAny", "value": [0] * 100_000}})
    assert refused.value.error_count() == 20


@pytest.mark.parametrize("value", [[], {}], ids=str)
def test_nesting_where_a_value_should_be(value: Any) -> None:
    for _ in range(200):
        value = [value]
    assert problems({**ACME, "value": value}) == [("filters.value", "INVALID_VALUE")]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(http.app.get_openapi_json_schema(title="t", version="1"))
    return described


def test_the_description_is_valid_and_recursive(document: dict[str, Any]) -> None:
    validate(document)
    schemas = document["components"]["schemas"]
    reference = {"$ref": "#/components/schemas/FilterBody"}
    assert schemas["FilteredBody"]["properties"]["filters"]["anyOf"] == [reference, {"type": "null"}]
    assert [each["$ref"].rpartition("/")[2] for each in schemas["FilterBody"]["oneOf"]] == [
        "FilterAnd",
        "FilterOr",
        "FilterNot",
        "FilterCondition",
    ]
    assert schemas["FilterAnd"]["properties"]["and"]["items"] == reference
    assert schemas["FilterNot"]["properties"]["not"] == reference
    # Left out is not null: only `exists` goes without a value.
    assert "default" not in schemas["FilterCondition"]["properties"]["value"]


def fits(document: Mapping[str, Any], filters: Any) -> bool:
    schema = {"$ref": "#/components/schemas/FilteredBody", "components": document["components"]}
    return bool(OAS31Validator(schema).is_valid({"filters": filters}))


def taken(filters: Any) -> bool:
    try:
        FilteredBody.model_validate({"filters": filters})
    except ValidationError:
        return False
    return True


def test_the_example_holds(document: dict[str, Any]) -> None:
    (example,) = document["components"]["schemas"]["FilteredBody"]["properties"]["filters"]["examples"]
    assert fits(document, example)
    assert taken(example)


@pytest.mark.parametrize(
    "filters",
    [
        {"and": []},
        {"and": [ACME], "or": [ACME]},
        {"not": {}},
        {**ACME, "field": "segmentId"},
        {**ACME, "field": "customFields.1st"},
        {**ACME, "op": "like"},
        {**ACME, "value": None},
        {**ACME, "value": ""},
        {**ACME, "value": "x" * 1_025},
        {**ACME, "value": []},
        {**ACME, "x": 1},
        {"op": "equals", "value": "x"},
    ],
    ids=lambda filters: json.dumps(filters)[:60],
)
def test_the_description_refuses_what_we_refuse(document: dict[str, Any], filters: Any) -> None:
    assert not fits(document, filters)
    assert not taken(filters)


visible = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(lambda text: text.strip() != "")
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=OFFSETS)  # noqa: DTZ001 - what the API takes
VALUES = {
    FieldKind.TEXT: visible,
    FieldKind.TEXT_LIST: visible,
    FieldKind.NUMBER: st.integers(-(2**53) + 1, 2**53 - 1),
    FieldKind.TIMESTAMP: st.dates().map(str) | INSTANTS.map(lambda at: at.isoformat()),
}
TAKES_A_LIST = {FilterOp.IN, FilterOp.HAS_ANY, FilterOp.HAS_ALL}


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(st.sampled_from([*FILTER_FIELDS, "customFields.colour", "customFields.Größe 2"]))
    kind = FILTER_FIELDS.get(field, FieldKind.TEXT)
    op = draw(st.sampled_from(OPS[kind]))
    if op is FilterOp.EXISTS:
        value: Any = draw(st.booleans())
    else:
        value = draw(st.lists(VALUES[kind], min_size=1, max_size=3) if op in TAKES_A_LIST else VALUES[kind])
    return {"field": field, "op": op.value, "value": value}


def joined(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.builds(lambda each: {"and": each}, several) | st.builds(lambda each: {"or": each}, several)


def negated(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda each: {"not": each}, inner)


single = conditions()
filters_sent = single | negated(single) | joined(single) | joined(negated(joined(single | negated(single))))


@given(filters_sent)
def test_a_job_keeps_what_was_sent(document: dict[str, Any], filters: dict[str, Any]) -> None:
    found = to_filter(FilteredBody.model_validate({"filters": filters}).filters)
    assert found is not None
    assert filter_to_record(found) == filters
    assert fits(document, filters)


def test_every_text_field_can_be_asked_for() -> None:
    for field in TEXT_FIELDS:
        assert taken({"field": field, "op": "contains", "value": "x"})
