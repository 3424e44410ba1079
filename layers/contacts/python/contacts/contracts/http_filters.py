"""HTTP bodies of filters: which contacts are meant.

`Filters` is the type of a body's field. Problems name their place as the caller wrote it, `filters.and[1].value`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any, Final, TypeAlias

import orjson
from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    field_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError
from typing_extensions import TypeAliasType

from contacts.contracts.http_base import HttpModel, RequestModel
from contacts.domain.contact_fields import CUSTOM_FIELD_NAME_PATTERN, CUSTOM_FIELD_PREFIX
from contacts.domain.contact_filter import (
    MAX_CONDITIONS,
    MAX_FILTER_BYTES,
    MAX_FILTER_DEPTH,
    MAX_VALUE_CHARS,
    AllOf,
    AnyOf,
    Condition,
    ContactFilter,
    FilterOp,
    Not,
    filter_to_record,
)
from contacts.domain.contact_filter_conditions import FILTER_FIELDS, OPS, field_kind, value_problems

_Place: TypeAlias = tuple[str | int, ...]

_TEXT_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_VALUE_CHARS}
_ITEM_SCHEMA = {"anyOf": [_TEXT_SCHEMA, {"type": "integer"}]}
_VALUE_SCHEMA = {
    "anyOf": [
        _TEXT_SCHEMA,
        {"type": "integer"},
        {"type": "boolean"},
        {"type": "array", "minItems": 1, "items": _ITEM_SCHEMA},
    ]
}
_CUSTOM_FIELD_PATTERN = rf"^customFields\.{CUSTOM_FIELD_NAME_PATTERN.removeprefix('^')}"
_FIELD_SCHEMA = {"type": "string", "anyOf": [{"enum": list(FILTER_FIELDS)}, {"pattern": _CUSTOM_FIELD_PATTERN}]}


def _filter_field(name: str) -> str:
    if field_kind(name) is None:
        known = ", ".join(FILTER_FIELDS)
        raise ValueError(f"there is no such field to filter by; there are {known}, {CUSTOM_FIELD_PREFIX}<name>")
    return name


def _without_default(schema: dict[str, Any]) -> None:
    # None stands for a value that was left out; it is none that could be sent.
    del schema["default"]


class FilterCondition(RequestModel):
    """One field compared.

    Text fields take `equals`, `in`, `contains`, `startsWith`, without regard to case and surrounding blanks; `id` and
    `externalSource` are compared exactly. `emails`, `phones`, `tags` take `hasAny`, `hasAll`; numbers `equals`, `in`,
    `greaterThan`, `lessThan`; timestamps `before`, `after`. All take `exists`. A field without a value fulfils none of
    them but `exists` with false.
    """

    field: Annotated[str, AfterValidator(_filter_field), WithJsonSchema(_FIELD_SCHEMA)] = Field(
        examples=["company", "customFields.colour"]
    )
    op: FilterOp
    value: Annotated[Any, WithJsonSchema(_VALUE_SCHEMA)] = Field(
        default=None,
        validate_default=True,
        description="A list for `in`, `hasAny`, `hasAll`; true (as where it is left out) or false for `exists`; for "
        "`before` and `after` a date, which stands for the whole day in UTC, or a date and time with its offset.",
        examples=["Acme"],
        json_schema_extra=_without_default,
    )

    @field_validator("op")
    @classmethod
    def _fits_the_field(cls, op: FilterOp, info: ValidationInfo) -> FilterOp:
        kind = field_kind(info.data.get("field", ""))
        if kind is not None and op not in OPS[kind]:
            raise ValueError(f"this does not fit the field, which takes {', '.join(OPS[kind])}")
        return op

    @field_validator("value")
    @classmethod
    def _fits_the_operator(cls, value: Any, info: ValidationInfo) -> Any:
        kind, op = field_kind(info.data.get("field", "")), info.data.get("op")
        if kind is None or op is None:
            return value
        if value is None:
            if op is FilterOp.EXISTS:
                return True
            raise _violations(((), "missing", "this is required"))
        # As many as an answer shows, of a list that could have a million.
        if problems := list(islice(value_problems(kind, op, value), 20)):
            raise _violations(*((place, "unfit_value", message) for place, message in problems))
        return value

    def to_domain(self) -> Condition:
        return Condition(self.field, self.op, tuple(self.value) if isinstance(self.value, list) else self.value)


class FilterAnd(RequestModel):
    """Every one of them holds."""

    and_: Annotated[list[FilterBody], Field(alias="and", min_length=1)]

    def to_domain(self) -> AllOf:
        return AllOf(tuple(each.to_domain() for each in self.and_))


class FilterOr(RequestModel):
    """At least one of them holds."""

    or_: Annotated[list[FilterBody], Field(alias="or", min_length=1)]

    def to_domain(self) -> AnyOf:
        return AnyOf(tuple(each.to_domain() for each in self.or_))


class FilterNot(RequestModel):
    """It does not hold; true where the field has no value."""

    not_: Annotated[FilterBody, Field(alias="not")]

    def to_domain(self) -> Not:
        return Not(self.not_.to_domain())


#: Pydantic puts the name of the union's member into a place; the caller wrote none of them.
_AND, _OR, _NOT, _CONDITION = _MEMBERS = ("<and>", "<or>", "<not>", "<condition>")
_JOINS: Final = ("and", "or", "not")
_MEMBER_OF: Final = {"and": _AND, "or": _OR, "not": _NOT, FilterAnd: _AND, FilterOr: _OR, FilterNot: _NOT}


def _member(value: Any) -> str | None:
    if isinstance(value, HttpModel):
        return _MEMBER_OF.get(type(value), _CONDITION)
    if not isinstance(value, Mapping):
        return None
    joins = [_MEMBER_OF[name] for name in _JOINS if name in value]
    forms = [*joins, _CONDITION] if value.keys() & FilterCondition.model_fields.keys() else joins
    return forms[0] if len(forms) == 1 else None


FilterBody = TypeAliasType(
    "FilterBody",
    Annotated[
        Annotated[FilterAnd, Tag(_AND)]
        | Annotated[FilterOr, Tag(_OR)]
        | Annotated[FilterNot, Tag(_NOT)]
        | Annotated[FilterCondition, Tag(_CONDITION)],
        Discriminator(
            _member,
            custom_error_type="no_filter",
            custom_error_message="this must be an object with one of `and`, `or` and `not`, or with `field`, `op` and "
            "`value`",
        ),
    ],
)


def to_filter(body: FilterBody | None) -> ContactFilter | None:
    """The filter that a body's field stands for; None for every contact."""
    return None if body is None else body.to_domain()


def _checked(value: Any, check: ValidatorFunctionWrapHandler) -> FilterBody | None:
    if value == {}:
        return None
    _check_extent(value)
    try:
        body: FilterBody | None = check(value)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise _violations(*((_as_written(each["loc"]), each["type"], each["msg"]) for each in found)) from None
    if body is not None:
        _check_size(body)
    return body


Filters = Annotated[
    FilterBody | None,
    WrapValidator(_checked),
    Field(
        description="Which contacts are meant; null or {} for all. "
        f"At most {MAX_CONDITIONS} conditions, {MAX_FILTER_DEPTH} levels and {MAX_FILTER_BYTES:,} bytes.",
        examples=[
            {
                "and": [
                    {"field": "company", "op": "equals", "value": "Acme"},
                    {"not": {"field": "tags", "op": "hasAny", "value": ["unsubscribed"]}},
                ]
            }
        ],
    ),
]


def _check_extent(value: Any) -> None:
    """Refuse what is nested too deep or has too many conditions before each of them is looked at."""
    conditions = 0
    waiting: list[tuple[Any, _Place, int]] = [(value, (), 1)]
    while waiting:
        node, place, depth = waiting.pop()
        if depth > MAX_FILTER_DEPTH:
            raise _violations((place, "too_deep", f"a filter has at most {MAX_FILTER_DEPTH} levels"))
        inner = _inner(node) if isinstance(node, Mapping) else []
        conditions += not inner
        if conditions > MAX_CONDITIONS:
            raise _violations(((), "too_many", f"a filter has at most {MAX_CONDITIONS} conditions"))
        waiting.extend((each, (*place, *step), depth + 1) for step, each in inner)


def _inner(node: Mapping[str, Any]) -> list[tuple[_Place, Any]]:
    """The filters within one, each with its place in it."""
    found: list[tuple[_Place, Any]] = [(("not",), node["not"])] if "not" in node else []
    for name in ("and", "or"):
        if isinstance(node.get(name), list):
            # One more than there may be is enough to tell that there are too many.
            found += [((name, index), each) for index, each in enumerate(node[name][: MAX_CONDITIONS + 1])]
    return found


def _check_size(body: FilterBody) -> None:
    size = len(orjson.dumps(filter_to_record(body.to_domain())))
    if size > MAX_FILTER_BYTES:
        message = f"the filter has {size:,} bytes as JSON, at most {MAX_FILTER_BYTES:,} are allowed"
        raise _violations(((), "too_large", message))


def _as_written(place: _Place) -> _Place:
    return tuple(step for step in place if step not in _MEMBERS)


def _violations(*problems: tuple[_Place, str, str]) -> ValidationError:
    """Place, type and message of each problem; what was sent is left out."""
    return ValidationError.from_exception_data(
        "filters",
        [
            InitErrorDetails(type=PydanticCustomError(kind, "{message}", {"message": message}), loc=place, input=None)
            for place, kind, message in problems
        ],
    )
