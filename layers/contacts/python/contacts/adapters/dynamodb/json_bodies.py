"""Lets orjson make and read the large bodies: batches of statements and of keys, what they answer, pages of items.

botocore walks through every value of a request before it hands it to Python's `json`, and through every value of an
answer after that, which takes a third of an import's time. Both bodies are JSON in the very form that we hold; only
bytes (attributes of type B) and half surrogate pairs are not, and with these botocore goes its own way.
The hooks are events of botocore, which handlers of its own use in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCHES = ("dynamodb.BatchExecuteStatement", "dynamodb.BatchGetItem")
_ANSWERS = (*_BATCHES, "dynamodb.Query")
_BODY = "contacts-json-body"
_BYTES = b'"B":'


def use_json_bodies(client: DynamoDBClient) -> None:
    """Register the hooks with a client; with one that has them, this changes nothing."""
    events = client.meta.events
    take: Any = _take_parameters  # what it returns is not in the stubs
    for operation in _BATCHES:
        events.register(f"provide-client-params.{operation}", take, unique_id=f"{_BODY}-take-{operation}")
        events.register(f"before-call.{operation}", _put_body, unique_id=f"{_BODY}-put-{operation}")
    for operation in _ANSWERS:
        events.register(f"before-parse.{operation}", _read_body, unique_id=f"{_BODY}-read-{operation}")


def _take_parameters(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any] | None:
    """Make the body and leave nothing for botocore to serialise but names of tables, from which it finds the endpoint;
    None leaves everything to it."""
    try:
        context[_BODY] = orjson.dumps(params)
    except orjson.JSONEncodeError:
        return None
    return {"RequestItems": {table: {} for table in params["RequestItems"]}} if "RequestItems" in params else {}


def _put_body(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    params["body"] = context.get(_BODY, params["body"])


def _read_body(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Read an answer and leave nothing for botocore to parse. Errors, and what is broken, it tells as ever."""
    body = response_dict["body"]
    if response_dict["status_code"] != 200 or _BYTES in body:
        return
    try:
        customized_response_dict.update(orjson.loads(body))
    except orjson.JSONDecodeError:
        return
    response_dict["body"] = b"{}"
