"""What every function behind the HTTP API does around its routes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import orjson
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoSuchRoute
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from contacts.contracts.cursors import make_cursor, open_cursor
from contacts.contracts.http_base import HttpModel
from contacts.domain.errors import InvalidRequest
from contacts.domain.paging import Item, Page
from contacts.runtime.exception_report import report_exception
from contacts.runtime.http_errors import JSON, BodyTooLarge, UnsupportedMediaType, error_response
from contacts.runtime.principal import READ_SCOPE, WRITE_SCOPE, Principal, principal_of
from contacts.runtime.wiring import Wiring
from contacts.usecases.do_once import Answer, DoOnce, KeyedRequest

#: Lambda takes calls of at most 6 MB, and a body that is no text grows by a third on its way to it.
MAX_BODY_BYTES = 4 * 1024 * 1024

#: Levels that orjson writes; it reads 1,024.
_ORJSON_LEVELS = 254
#: Far more than a body of ours has, and few enough for its fingerprint, in which it is a part.
MAX_BODY_LEVELS = 250

#: The field of a body that means the same as the header Idempotency-Key.
KEY_IN_BODY = "idempotencyKey"

_READING_METHODS = frozenset({"GET", "HEAD"})

logger = Logger()


class HttpApi:
    """A Lambda handler. Routes are registered on `app`; `wiring` gives them their ports, and tests put their own in.

    Every exception is answered by the table in `http_errors`. What is logged names routes and types, never a body, a
    query, a path or a message. Traces come from Lambda and API Gateway themselves: the X-Ray SDK would take longer to
    import than everything else together.
    """

    def __init__(
        self, wiring: Wiring | None = None, *, empty_body: str = "", scopes: Mapping[str, str] | None = None
    ) -> None:
        """
        Args:
            wiring: see above.
            empty_body: what a request that changes something stands for when it comes without a body.
            scopes: the scope that each route needs, by its key in API Gateway, where reading and writing do not tell.
                A function that gives them gives them all: a route without one is closed.
        """
        self.wiring = wiring or Wiring()
        self.empty_body = empty_body
        self._scopes = scopes
        self.app = APIGatewayHttpResolver(
            enable_validation=True,
            response_validation_error_http_code=500,
            serializer=lambda body: orjson.dumps(body).decode(),
            json_body_deserializer=parse_body,
        )
        self.app.exception_handler(Exception)(self._refuse)
        self.handler = logger.inject_lambda_context(
            self._handle, correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True
        )

    @property
    def caller(self) -> Principal:
        """Who sent the current request."""
        caller: Principal = self.app.context["caller"]
        return caller

    def scope_of(self, route: str) -> str:
        """The scope that a route needs, given its key in API Gateway, `POST /api/contacts`.

        Raises:
            NoSuchRoute: the function's `scopes` do not name it.
        """
        if self._scopes is not None:
            if route not in self._scopes:
                raise NoSuchRoute
            return self._scopes[route]
        return READ_SCOPE if route.partition(" ")[0] in _READING_METHODS else WRITE_SCOPE

    def position(self, cursor: str | None, *scope: str | None) -> str | None:
        """The position behind a cursor of the caller's list that `scope` describes: its name, then its filters.

        Raises:
            InvalidRequest: the cursor was not made for this list.
        """
        return open_cursor(cursor, self.caller.tenant, *scope)

    def page(self, page: Page[Item], show: Callable[[Item], HttpModel], *scope: str | None) -> Response[Any]:
        """A page of the caller's list that `scope` describes, each item shown as `show` does."""
        next_cursor = make_cursor(page.next_position, self.caller.tenant, *scope)
        body = {"items": [show(item).to_json() for item in page.items], "nextCursor": next_cursor}
        return Response(status_code=200, content_type=JSON, body=body)

    def once(
        self,
        key: str | None,
        operation: Callable[[str], Answer],
        *,
        key_in_body: str | None = None,
        job_id: Callable[[str], str] | None = None,
    ) -> Response[Any]:
        """Answer the current request by an operation that makes something, once for each Idempotency-Key; see `DoOnce`.

        `key_in_body` is the body's own `idempotencyKey`, on routes that have one: it means the same as the header.
        `job_id` names the job that the operation makes or changes with a seed: see `DoOnce`.

        Raises:
            IdempotencyKeyReused: it came with another request before.
            InvalidRequest: header and body name different keys.
        """
        if key is not None and key_in_body not in (None, key):
            raise InvalidRequest(
                "idempotencyKey is not that of the header Idempotency-Key",
                code="IDEMPOTENCY_KEY_MISMATCH",
                field=KEY_IN_BODY,
            )
        seed, key = uuid4().hex, key or key_in_body
        if key is None:
            return _respond(operation(seed))
        event = self.app.current_event
        sent = dict(event.json_body) if event.body else {}
        # Where the key stood makes no other request of it.
        sent.pop(KEY_IN_BODY, None)
        request = KeyedRequest(
            tenant=self.caller.tenant,
            user=self.caller.user,
            route=event["routeKey"],
            key=key,
            body=[event["rawPath"], sent, event.get("queryStringParameters")],
        )
        answer, replayed = DoOnce(store=self.wiring.idempotency)(request, seed, operation, job_id=job_id)
        return _respond(answer, {"Idempotency-Replayed": "true"} if replayed else {})

    def _handle(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            response = self._answer(event, context)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets our one shape
            refusal = self._refuse(error, event)
            response = {
                "statusCode": refusal.status_code,
                "headers": refusal.headers,
                "body": orjson.dumps(refusal.body).decode(),
                "isBase64Encoded": False,
            }
        # An answer without a body is text without characters: null is no body to every gateway.
        response["body"] = response["body"] or ""
        logger.info("Answered", route=event.get("routeKey"), status=response["statusCode"])
        return response

    def _answer(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        caller = principal_of(event, self.wiring.settings)
        caller.require(self.scope_of(event["routeKey"]))
        self.app.context["caller"] = caller
        reads = event["requestContext"]["http"]["method"] in _READING_METHODS
        checked = _checked_body(event)
        if not reads and not checked["body"]:
            checked["body"] = self.empty_body
        return self.app.resolve({**event, **checked}, context)

    def _refuse(self, error: Exception, event: Mapping[str, Any] | None = None) -> Response[Any]:
        context = (event or self.app.current_event.raw_event).get("requestContext", {})
        response = error_response(error, context.get("requestId", ""))
        if response.status_code >= 500:
            logger.error("Unexpected exception", error=report_exception(error))
        return response


def parse_body(text: str) -> dict[str, Any]:
    """A request's body as an object.

    Raises:
        InvalidRequest: it is no JSON (NaN and lone surrogates included), no object, or nested too deep.
    """
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(
            f"the body is no valid JSON: line {error.lineno}, column {error.colno}", code="BODY_INVALID"
        ) from None
    if not isinstance(body, dict):
        raise InvalidRequest("the body must be a JSON object", code="BODY_INVALID")
    # Most bodies have not so many brackets in all; to write the others costs as much memory again.
    if text.count("[") + text.count("{") > MAX_BODY_LEVELS and _is_too_deep(body):
        raise InvalidRequest(f"the body is nested deeper than {MAX_BODY_LEVELS} levels", code="BODY_INVALID")
    return body


def _is_too_deep(body: Any) -> bool:
    for _ in range(_ORJSON_LEVELS - MAX_BODY_LEVELS):
        body = [body]
    try:
        orjson.dumps(body)
    except orjson.JSONEncodeError:  # of what was JSON a moment ago, for no other reason
        return True
    return False


def _checked_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event's body as text, in place of base64, and its headers with the media type as Powertools spells it."""
    body = event.get("body") or ""
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"a body has at most {MAX_BODY_BYTES} bytes; files are uploaded, not sent here")
        text = raw.decode()
    except (binascii.Error, UnicodeError):
        raise InvalidRequest("the body is no text in UTF-8", code="BODY_INVALID") from None
    headers = event.get("headers") or {}
    media_type = headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if text and media_type != JSON:
        raise UnsupportedMediaType(f"send the body as {JSON}", field="Content-Type")
    return {"body": text, "isBase64Encoded": False, "headers": {**headers, "content-type": JSON}}


def reply(model: HttpModel, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """200 with this body."""
    return Response(status_code=200, content_type=JSON, body=model, headers=headers)


def _respond(answer: Answer, headers: Mapping[str, str] | None = None) -> Response[Any]:
    return Response(
        status_code=answer.status, content_type=JSON, body=answer.body, headers={**answer.headers, **(headers or {})}
    )
