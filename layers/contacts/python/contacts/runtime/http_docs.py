"""What the description of a route says of its answers."""

from __future__ import annotations

from typing import Any

#: The errors that every route has: of the request's form, of the token (by the gateway), of its scopes, of the
#: gateway's throttling, of ours.
_COMMON = (400, 401, 403, 429, 500)
_BY_THE_GATEWAY = frozenset({401, 429})

_EXPLANATION = {
    400: "The request is wrong; `code`, `field` and `problems` say where.",
    401: "The token is missing or invalid. API Gateway answers this, in a shape of its own.",
    403: "The token lacks a scope, a tenant or a user, or the thing belongs to another tenant or user.",
    404: "There is no such thing.",
    409: "The state of things forbids it now.",
    410: "Its time is over.",
    412: "The contact has another version than `If-Match` asks for.",
    413: "The body is too large.",
    415: "The body is not sent as application/json.",
    422: "This Idempotency-Key was used with another request.",
    429: "Too many requests. API Gateway answers this, in a shape of its own.",
    500: "Something went wrong on our side.",
}


_SUCCESS = {200: "Done.", 201: "Made.", 202: "Accepted; it goes on in the background.", 204: "Gone."}
_HEADERS = {
    "Location": "The path of what was made.",
    "ETag": "The contact's version, for `If-Match`.",
    "Idempotency-Replayed": "`true` where an earlier request with this Idempotency-Key was answered so.",
    "Retry-After": "While the job runs: seconds until it makes sense to look again.",
}


def answers(success: int, *errors: int, headers: tuple[str, ...] = ()) -> Any:
    """The answers of a route, for `responses`: its success, with what it returns, and its errors.

    Args:
        success: the status where all goes well.
        errors: statuses beyond those that every route has.
        headers: names of headers of the success.
    """
    found: dict[int, Any] = {success: {"description": _SUCCESS[success]}}
    if headers:
        found[success]["headers"] = _described(headers)
    if success == 204:
        found[success]["content"] = {}
    return found | {status: _refusal(status) for status in sorted({*_COMMON, *errors})}


def when_ended() -> Any:
    """The answers of a route that shows what is made at a job's end, a 409 until then, a 410 when its time is over; see
    `answers`."""
    found = answers(200, 404, 409, 410)
    found[409] |= {"headers": _described(("Retry-After",))}
    return found


def when_exported() -> Any:
    """The answers of a route that needs an export's file: a 400 until it is there, a 410 when its time is over; see
    `answers`."""
    found = answers(200, 404, 410)
    found[400]["description"] = "`EXPORT_NOT_READY` while the export runs, `EXPORT_FAILED` where it left no file."
    return found


def _described(headers: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in headers}


def _refusal(status: int) -> dict[str, Any]:
    name = "GatewayErrorAnswer" if status in _BY_THE_GATEWAY else "ErrorAnswer"
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"description": _EXPLANATION[status], "content": {"application/json": {"schema": schema}}}


def making(success: int, *errors: int, headers: tuple[str, ...] = ()) -> Any:
    """The answers of a POST that makes something from a body, once for each Idempotency-Key; see `answers`."""
    return answers(success, *errors, 413, 415, 422, headers=(*headers, "Idempotency-Replayed"))


SERVER_ERROR = _refusal(500)
