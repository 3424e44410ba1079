"""What all HTTP bodies have in common: camelCase names, nothing unknown, one shape for errors, one for lists."""

from __future__ import annotations

from itertools import islice
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Item = TypeVar("Item")

#: As many as an answer names.
MAX_UNKNOWN_FIELDS = 20


class HttpModel(BaseModel):
    """A body, or a part of one."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, defer_build=True
    )

    def to_json(self) -> dict[str, Any]:
        """The body as plain data."""
        return self.model_dump(mode="json", by_alias=True)


class RequestModel(HttpModel):
    """What callers send, or a part of it: by its public names alone. The fingerprint of a request goes by these, too:
    it leaves the request's key out by name."""

    model_config = ConfigDict(populate_by_name=False)

    @model_validator(mode="before")
    @classmethod
    def _with_few_unknown_fields(cls, given: Any) -> Any:
        """Without most of the unknown fields where there are many. Each is an error, which takes a kilobyte, and a body
        has room for half a million."""
        if not isinstance(given, dict) or len(given) <= len(cls.model_fields) + MAX_UNKNOWN_FIELDS:
            return given
        known = {field.alias for field in cls.model_fields.values()}
        unknown = islice((name for name in given if name not in known), MAX_UNKNOWN_FIELDS)
        return {name: given[name] for name in (*(known & given.keys()), *unknown)}


class ItemPage(HttpModel, Generic[Item]):
    """A page of a list. It can be shorter than asked for, even empty, and still have a next one."""

    items: list[Item]
    next_cursor: str | None = Field(description="Give it as `cursor` to get the next page; null after the last one.")


class ProblemDetail(HttpModel):
    """One thing that is wrong with what was sent."""

    code: str = Field(description="Stable, for programs.", examples=["UNKNOWN_FIELD"])
    message: str = Field(description="For people.", examples=["there is no such field"])
    field: str | None = Field(default=None, examples=["options.tag"])


class ErrorDetail(ProblemDetail):
    """Why a request was refused."""

    code: str = Field(description="Stable, for programs.", examples=["INVALID_REQUEST"])
    message: str = Field(description="For people.", examples=["options.tag: there is no such field"])
    field: str | None = Field(
        default=None, description="Field, header or parameter concerned.", examples=["options.tag"]
    )
    problems: list[ProblemDetail] | None = Field(
        default=None, description="All that is wrong with the request, where its form is checked."
    )
    contact_id: str | None = Field(default=None, description="With EMAIL_EXISTS: the contact that has the e-mail.")
    request_id: str = Field(description="Names the request in the service's logs.", examples=["Zx3hFj8NIAMEPkw="])


class ErrorAnswer(HttpModel):
    """The one shape of our errors."""

    error: ErrorDetail


class GatewayErrorAnswer(HttpModel):
    """What API Gateway itself answers where a token is missing or invalid, or where there are too many requests."""

    message: str = Field(examples=["Unauthorized"])
