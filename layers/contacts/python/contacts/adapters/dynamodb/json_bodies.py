"""Sends batches of statements, and all that is read, with little work.

botocore walks through every value of a request before it hands it to Python's `json`, and through every value of an
answer after that. Both bodies are JSON in the very form that we hold, so orjson makes and reads them; only bytes
(attributes of type B) and half surrogate pairs are not, and with these botocore goes its own way.

It also lays out, signs, times and records each request anew, in steps that any service could need. An import sends
little else, and this took a third of its time. So these go from here, with botocore's endpoint, credentials and
connections, to the wire. Even to find out where a request goes, and with which headers, takes botocore three times as
long as all else does from here on; of batches that are sent one behind the other, only the first one asks it
(`StatementBatches`). What such requests lack are the headers in which the SDK counts its own retries. A read that fails
is left to botocore, which sends it again as often as the client is set to; a batch of statements is sent once and never
again.

The hooks are events of botocore, which handlers of its own use in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import orjson
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError, ClientError
from botocore.hooks import first_non_none_response
from botocore.parsers import create_parser

from contacts.adapters.dynamodb.request_signing import signed_headers

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from botocore.signers import RequestSigner
    from mypy_boto3_dynamodb import DynamoDBClient

_STATEMENTS = "BatchExecuteStatement"
_OPERATIONS = (_STATEMENTS, "BatchGetItem", "GetItem", "Query")
_BODY = "contacts-json-body"
_BYTES = b'"B":'


def use_json_bodies(client: DynamoDBClient) -> None:
    """Register the hooks with a client; with one that has them, this changes nothing."""
    if client in _senders:
        return
    events = client.meta.events
    take: Any = _take_parameters  # what they return is not in the stubs
    send: Any = _Sender(client)
    _senders[client] = send
    for operation in _OPERATIONS:
        events.register(f"provide-client-params.dynamodb.{operation}", take, unique_id=f"{_BODY}-take-{operation}")
    # Of all operations, although some are meant: handlers of one come before those of all, and this one has to be the
    # last, because the others may still change the request.
    events.register_last("before-call", send, unique_id=f"{_BODY}-send")


def _take_parameters(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any] | None:
    """Make the body and leave nothing for botocore to serialise but names of tables, from which it finds the endpoint;
    None leaves everything to it. Statements can come as JSON already."""
    if isinstance(params.get("Statements"), bytes):
        context[_BODY] = _statements_body(params["Statements"])
        return {}
    try:
        context[_BODY] = orjson.dumps(params)
    except orjson.JSONEncodeError:
        return None
    if "RequestItems" in params:
        return {"RequestItems": {table: {} for table in params["RequestItems"]}}
    return {"TableName": params["TableName"]} if "TableName" in params else {}


class StatementBatches:
    """Batches of statements that one client sends within seconds: the first one as any call, the others as it went.
    Credentials are asked for each time."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client
        self._way: _Way | None = None

    def send(self, statements: bytes) -> list[Mapping[str, Any]]:
        """The responses to up to 25 statements, a JSON array. Never sent twice.

        Raises:
            ClientError: DynamoDB refuses the batch.
            BotoCoreError, ResponseParserError: nothing, or nothing readable, came back.
        """
        sender = _senders.get(self._client)
        if sender is not None and self._way is not None:
            answer = sender.send_again(statements, self._way)
        else:
            answer = dict(self._client.batch_execute_statement(Statements=statements))  # type: ignore[arg-type]
            self._way = sender.last_way if sender is not None else None
        responses: list[Mapping[str, Any]] = answer["Responses"]
        return responses


@dataclass(frozen=True, slots=True)
class _Way:
    """How a batch of statements went to DynamoDB."""

    model: OperationModel
    url: str
    headers: Mapping[str, Any]
    signer: RequestSigner


class _Sender:
    """Sends requests whose body is ours; None leaves the sending to botocore."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._events = client.meta.events
        # The client's own pool of connections, with its time-outs, proxies and certificates. botocore has no public
        # way to it; a test looks whether it is there.
        self._connections: Any = client._endpoint.http_session  # type: ignore[attr-defined]
        self.last_way: _Way | None = None

    def __call__(
        self,
        model: OperationModel,
        params: dict[str, Any],
        request_signer: RequestSigner,
        context: dict[str, Any],
        **_: Any,
    ) -> tuple[AWSResponse, dict[str, Any]] | None:
        body = context.get(_BODY)
        if body is None:
            return None
        params["body"] = body
        if model.name == _STATEMENTS:
            self.last_way = _Way(model, params["url"], params["headers"], request_signer)
        try:
            response = self._send(model.name, params, request_signer)
        except BotoCoreError:
            if model.name == _STATEMENTS:
                raise
            return None
        if response.status_code != 200 and model.name != _STATEMENTS:
            return None
        return response, _parsed(model, response)

    def send_again(self, statements: bytes, way: _Way) -> dict[str, Any]:
        """What `client.batch_execute_statement` would answer, or raise."""
        params = {"url": way.url, "headers": way.headers, "body": _statements_body(statements)}
        response = self._send(_STATEMENTS, params, way.signer)
        answer = _parsed(way.model, response)
        if response.status_code != 200:
            raise ClientError(answer, _STATEMENTS)  # type: ignore[arg-type]
        return answer

    def _send(self, operation: str, params: dict[str, Any], request_signer: RequestSigner) -> AWSResponse:
        headers: Any = signed_headers(params, request_signer)
        request = AWSPreparedRequest("POST", params["url"], headers, params["body"], stream_output=False)
        answers: Any = self._events.emit(f"before-send.dynamodb.{operation}", request=request)
        response: AWSResponse = first_non_none_response(answers) or self._connections.send(request)
        return response


#: By their clients; they go with them.
_senders: WeakKeyDictionary[Any, _Sender] = WeakKeyDictionary()


def _statements_body(statements: bytes) -> bytes:
    return b'{"Statements":%b}' % statements


def _parsed(model: OperationModel, response: AWSResponse) -> dict[str, Any]:
    body = response.content
    if response.status_code == 200 and _BYTES not in body:
        try:
            found: dict[str, Any] = orjson.loads(body)
        except orjson.JSONDecodeError:
            pass  # botocore tells what is wrong with it
        else:
            request_id = response.headers.get("x-amzn-RequestId", "")
            return {**found, "ResponseMetadata": {"HTTPStatusCode": 200, "RequestId": request_id}}
    answer = {"headers": response.headers, "status_code": response.status_code, "body": body}
    parser: Any = create_parser(model.service_model.resolved_protocol)
    parsed: dict[str, Any] = parser.parse(answer, model.output_shape)
    return parsed
