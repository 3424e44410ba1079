"""From exceptions to HTTP: the one table, and the one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoSuchRoute
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from contacts.contracts.http_base import ErrorAnswer, ErrorDetail, ProblemDetail
from contacts.contracts.http_violations import problem_of
from contacts.domain.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    IdempotencyKeyReused,
    InvalidRequest,
    NotFound,
    StaleVersion,
)
from contacts.usecases.link_import_results import NotReady

#: Seconds after which it makes sense to look at a running job again.
RETRY_AFTER = "2"
JSON = "application/json"
_MAX_PROBLEMS = 20


class BodyTooLarge(DomainError):
    """The body is larger than Lambda could be sure to take."""

    code = "BODY_TOO_LARGE"


class UnsupportedMediaType(DomainError):
    """The body is no JSON, or does not say so."""

    code = "UNSUPPORTED_MEDIA_TYPE"


STATUS_OF: Mapping[type[DomainError], HTTPStatus] = {
    InvalidRequest: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Gone: HTTPStatus.GONE,
    StaleVersion: HTTPStatus.PRECONDITION_FAILED,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
}


def status_of(error: Exception) -> HTTPStatus:
    """The status that answers this exception; 500 for everything that nobody raised for a caller's sake."""
    for type_ in type(error).__mro__:
        if type_ in STATUS_OF:
            return STATUS_OF[type_]
    if isinstance(error, RequestValidationError):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.NOT_FOUND if isinstance(error, NoSuchRoute) else HTTPStatus.INTERNAL_SERVER_ERROR


def error_response(error: Exception, request_id: str) -> Response[Any]:
    """The answer to a request that raised this. Of an unexpected exception it says nothing."""
    answer = ErrorAnswer(error=_detail(error, request_id))
    return Response(
        status_code=status_of(error).value,
        content_type=JSON,
        body=answer.model_dump(mode="json", by_alias=True, exclude_none=True),
        headers={"Retry-After": RETRY_AFTER} if isinstance(error, NotReady) else None,
    )


def _detail(error: Exception, request_id: str) -> ErrorDetail:
    if isinstance(error, DomainError):
        problems = [
            ProblemDetail(code=problem.code, message=problem.message, field=problem.field)
            for problem in getattr(error, "problems", ())
        ]
        return ErrorDetail(
            code=error.code,
            message=error.message,
            field=error.field,
            problems=problems or None,
            contact_id=getattr(error, "contact_id", None),
            request_id=request_id,
        )
    if isinstance(error, RequestValidationError):
        return _validation_detail(error.errors(), request_id)
    if isinstance(error, NoSuchRoute):
        return ErrorDetail(code="ROUTE_NOT_FOUND", message="there is no such route", request_id=request_id)
    return ErrorDetail(
        code="INTERNAL_ERROR", message="something went wrong on our side; try again later", request_id=request_id
    )


def _validation_detail(violations: Sequence[Mapping[str, Any]], request_id: str) -> ErrorDetail:
    # The first step of a location says where: in the body, the query, a header.
    found = [problem_of(violation, violation["loc"][1:]) for violation in violations[:_MAX_PROBLEMS]]
    problems = [ProblemDetail(code=each.code, message=each.message, field=each.field) for each in found]
    first = problems[0]
    message = f"{first.field}: {first.message}" if first.field else first.message
    return ErrorDetail(
        code="INVALID_REQUEST", message=message, field=first.field, problems=problems, request_id=request_id
    )
