"""Units as DynamoDB Local reports them, beside what the benchmarks' stand-in counts for the very same requests.

The figures of the other benchmarks are counted by `metered_dynamodb`. This shows that it counts right, as far as
DynamoDB Local 3.3 tells. Where it does not, it is asked in a way in which it does, on a second set of tables that gets
the same writes:

- It says nothing of PartiQL: there, a statement is the PutItem, UpdateItem or DeleteItem that it stands for.
- Of a transaction that writes several items it reports too little, with 100 actions as much as with one: there, each
  action is a transaction of its own.
- It takes nothing for the keys of a BatchGetItem that have no item, against "Read operations" in the developer guide:
  these are asked for once more by GetItem, for which it takes what the guide says.
- It does not say what a refused write costs: refusals are left out on both sides.
"""

from __future__ import annotations

import http.client
import io
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import orjson
from botocore.awsrequest import AWSResponse

from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, parsed_statement

#: What the names of the second set of tables begin with.
MIRROR = "mirror-"
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"})
#: Kept by `http.client`, or for the way that the client would have sent it.
_OWN_HEADERS = frozenset({"content-length", "host", "connection"})


class _RawBody(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


@dataclass
class Units:
    """Of the requests of one kind: how many there were, what DynamoDB reports, what the stand-in counts."""

    requests: int = 0
    reported: float = 0.0
    counted: float = 0.0


@dataclass
class CapacityComparison:
    """Sends what attached clients send on to a DynamoDB, asks it for the units, and has the stand-in count, too.

    Attributes:
        endpoint: of the DynamoDB, plain HTTP.
        stand_in: with the same tables, as empty as the DynamoDB's.
        units: by what was done, since the last `reset`: ("write" or "read", operation).
    """

    endpoint: str
    stand_in: MeteredDynamoDB
    units: defaultdict[tuple[str, str], Units] = field(default_factory=lambda: defaultdict(Units))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def attach(self, *clients: Any) -> None:
        for client in clients:
            client.meta.events.register_first("before-send.dynamodb", self._answer)

    def reset(self) -> None:
        self.units.clear()

    def total(self, kind: str) -> Units:
        """Of all reads, or all writes."""
        some = [units for (each, _), units in self.units.items() if each == kind]
        return Units(
            sum(each.requests for each in some), sum(each.reported for each in some), sum(each.counted for each in some)
        )

    def _answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        asked = orjson.loads(request.body)
        # One at a time: the stand-in shall see the requests in the order in which they are carried out.
        with self._lock:
            status, body = self._send(request, operation, asked)
            if status == http.client.OK:
                self._follow(request, operation, asked, body)
        return AWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.0"}, _RawBody(body))

    def _follow(self, request: Any, operation: str, asked: Any, body: bytes) -> None:
        """Find out what this took that was carried out."""
        match operation:
            case "BatchExecuteStatement":
                for statement, answer in zip(asked["Statements"], orjson.loads(body)["Responses"], strict=True):
                    if "Error" not in answer:
                        self._execute(request, statement)
            case "TransactWriteItems":
                for action in asked["TransactItems"]:
                    alone = {"TransactItems": [action]}
                    reported = _capacity(self._mirror(request, operation, alone))
                    self._compare("write", operation, alone, reported, f"{operation}, {next(iter(action))}")
            case "BatchGetItem":
                self._batch_get(request, asked, body)
            case _ if operation in _WRITES:
                self._mirror(request, operation, asked)
                self._compare("write", operation, asked, _capacity(body))
            case _:
                self._compare("read", operation, asked, _capacity(body))

    def _execute(self, request: Any, statement: Any) -> None:
        reported = _capacity(self._mirror(request, *item_write(**statement)))
        name = f"BatchExecuteStatement, {statement['Statement'].partition(' ')[0]}"
        self._compare("write", "BatchExecuteStatement", {"Statements": [statement]}, reported, name)

    def _batch_get(self, request: Any, asked: Any, body: bytes) -> None:
        reported = _capacity(body)
        found = orjson.loads(body)["Responses"]
        for table, wanted in asked["RequestItems"].items():
            there = [(item["pk"], item["sk"]) for item in found.get(table, ())]
            for key in wanted["Keys"]:
                if (key["pk"], key["sk"]) not in there:
                    get = {"TableName": table, "Key": key, "ConsistentRead": wanted.get("ConsistentRead", False)}
                    reported += _capacity(self._sent(request, "GetItem", get))
        self._compare("read", "BatchGetItem", asked, reported)

    def _mirror(self, request: Any, operation: str, asked: Any) -> bytes:
        """Do the same to the second set of tables."""
        return self._sent(request, operation, mirrored(asked))

    def _sent(self, request: Any, operation: str, asked: Any) -> bytes:
        status, body = self._send(request, operation, asked)
        if status != http.client.OK:
            raise RuntimeError(f"DynamoDB Local answers {operation} with {body!r}")
        return body

    def _send(self, request: Any, operation: str, asked: Any) -> tuple[int, bytes]:
        parts = urlsplit(self.endpoint)
        headers = {name: _text(value) for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        headers["X-Amz-Target"] = f"DynamoDB_20120810.{operation}"
        body = orjson.dumps(asked | {"ReturnConsumedCapacity": "TOTAL"})
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _compare(self, kind: str, operation: str, asked: Any, reported: float, name: str = "") -> None:
        written, read = self.stand_in.write_units, self.stand_in.read_units
        self.stand_in.answer(operation, SimpleNamespace(body=orjson.dumps(asked)))
        units = self.units[kind, name or operation]
        units.requests += 1
        units.reported += reported
        units.counted += self.stand_in.write_units - written if kind == "write" else self.stand_in.read_units - read


def differences(comparison: CapacityComparison) -> Iterator[str]:
    """A line for each kind of request whose units differ."""
    for (kind, name), units in comparison.units.items():
        if units.reported != units.counted:
            both = f"{units.reported:g} reported, {units.counted:g} counted"
            yield f"{name}, {units.requests:,} requests: of {kind} units {both}"


def item_write(Statement: str, Parameters: Sequence[Any]) -> tuple[str, dict[str, Any]]:  # noqa: N803 - the API's names
    """The operation that a PartiQL statement of ours stands for, and its request."""
    verb, table, names, removed = parsed_statement(Statement)
    if verb == "INSERT":
        item = dict(zip(names, Parameters, strict=True))
        return "PutItem", {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    pk, sk, version, contact_id = Parameters[len(names) :]
    condition = "#version = :version AND #id = :id"
    request: dict[str, Any] = {
        "TableName": table,
        "Key": {"pk": pk, "sk": sk},
        "ExpressionAttributeNames": {"#version": "version", "#id": "id"},
        "ExpressionAttributeValues": {":version": version, ":id": contact_id},
        "ConditionExpression": condition,
    }
    if verb == "DELETE":
        request["ConditionExpression"] = f"{condition} AND attribute_not_exists(twins)"
        return "DeleteItem", request | {"ReturnValues": "ALL_OLD"}
    changes = [f"#n{number} = :v{number}" for number in range(len(names))]
    gone = [f"#r{number}" for number in range(len(removed))]
    clauses = [f"SET {', '.join(changes)}" if changes else "", f"REMOVE {', '.join(gone)}" if gone else ""]
    request["UpdateExpression"] = " ".join(filter(None, clauses))
    request["ExpressionAttributeNames"] |= {f"#n{number}": name for number, name in enumerate(names)}
    request["ExpressionAttributeNames"] |= dict(zip(gone, sorted(removed), strict=True))
    request["ExpressionAttributeValues"] |= {f":v{number}": Parameters[number] for number in range(len(names))}
    return "UpdateItem", request


def mirrored(asked: Any) -> Any:
    """The same request for the second set of tables."""
    if "RequestItems" in asked:
        return {**asked, "RequestItems": {MIRROR + name: each for name, each in asked["RequestItems"].items()}}
    if "TransactItems" in asked:
        return {
            **asked,
            "TransactItems": [
                {kind: mirrored(each) for kind, each in action.items()} for action in asked["TransactItems"]
            ],
        }
    return {**asked, "TableName": MIRROR + asked["TableName"]}


def _capacity(body: bytes) -> float:
    reported = orjson.loads(body)["ConsumedCapacity"]
    return float(sum(each["CapacityUnits"] for each in (reported if isinstance(reported, list) else [reported])))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
