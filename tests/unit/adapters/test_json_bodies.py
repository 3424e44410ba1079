"""What a client with our JSON bodies sends and returns is what botocore alone would."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ReadTimeoutError

from contacts.adapters.dynamodb.json_bodies import StatementBatches, use_json_bodies
from tests.support.contact_backends import dynamodb_client

ITEM = {
    "pk": {"S": "é"},
    "values": {"M": {'"B":': {"L": [{"N": "1"}, {"BOOL": True}, {"NULL": True}, {"S": ""}]}}},
}
HALF_A_PAIR = "\ud800"


class Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


class Wire:
    """A client that sends nothing, and gets the same answer always."""

    def __init__(self, answer: bytes, status: int = 200, *, ours: bool = True) -> None:
        self.answer, self.status = answer, status
        self.sent: list[bytes] = []
        #: Raised one after the other, before anything is answered.
        self.breaks: list[Exception] = []
        self.client = dynamodb_client(None)
        if ours:
            use_json_bodies(self.client)
            use_json_bodies(self.client)

        def send(request: Any, **_: Any) -> AWSResponse:
            self.sent.append(request.body)
            self.headers = {str(name).lower(): str(value) for name, value in request.headers.items()}
            broken = self.breaks and self.breaks.pop(0)
            if broken:
                raise broken
            return AWSResponse(request.url, self.status, {}, Raw(self.answer))

        self.client.meta.events.register("before-send.dynamodb", send)

    def execute(self, *parameters: Any) -> Any:
        statement = {"Statement": "INSERT", "Parameters": list(parameters)}
        return self.client.batch_execute_statement(Statements=[statement])

    def get(self, key: Any = None) -> Any:
        keys = {"Keys": [{"pk": key or {"S": "é"}}], "ConsistentRead": True}
        return self.client.batch_get_item(RequestItems={"t": keys, "u": keys})


@pytest.mark.parametrize(
    "parameter", [*ITEM.values(), {"S": HALF_A_PAIR}, {"B": b"\x00\xff"}], ids=["text", "map", "half a pair", "bytes"]
)
def test_statements_are_sent_as_botocore_would_send_them(parameter: Any) -> None:
    ours, plain = Wire(b'{"Responses": []}'), Wire(b'{"Responses": []}', ours=False)

    ours.execute(parameter)
    plain.execute(parameter)

    assert json.loads(ours.sent[0]) == json.loads(plain.sent[0])


@pytest.mark.parametrize(
    "key", [{"S": "é"}, {"S": HALF_A_PAIR}, {"B": b"\x00\xff"}], ids=["text", "half a pair", "bytes"]
)
def test_keys_are_sent_as_botocore_would_send_them(key: Any) -> None:
    ours, plain = Wire(b'{"Responses": {}}'), Wire(b'{"Responses": {}}', ours=False)

    ours.get(key)
    plain.get(key)

    assert json.loads(ours.sent[0]) == json.loads(plain.sent[0])


@pytest.mark.parametrize("key", [{"S": "é"}, {"S": HALF_A_PAIR}, {"B": b"\x00\xff"}])
def test_single_reads_and_queries_too(key: Any) -> None:
    ours, plain = Wire(b"{}"), Wire(b"{}", ours=False)

    for wire in (ours, plain):
        wire.client.get_item(TableName="t", Key={"pk": key}, ConsistentRead=True)
        wire.client.query(
            TableName="t", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": key}, Limit=3
        )

    assert [json.loads(body) for body in ours.sent] == [json.loads(body) for body in plain.sent]


@pytest.mark.parametrize(
    "item",
    [ITEM, {"pk": {"B": "AP8="}}, {"pk": {"L": [{"B": "AP8="}]}}],
    ids=["plain", "bytes", "bytes within"],
)
def test_what_they_answer_too(item: Any) -> None:
    body = json.dumps({"Item": item, "Items": [item], "Count": 1, "LastEvaluatedKey": item}).encode()

    for call in ("get_item", "query"):
        ours, plain = (getattr(Wire(body, ours=who).client, call)(TableName="t") for who in (True, False))
        assert {**ours, "ResponseMetadata": None}.items() >= {**plain, "ResponseMetadata": None}.items()


@pytest.mark.parametrize(
    "answer",
    [
        {"TableName": "t"},
        {"TableName": "t", "Item": ITEM},
        {"TableName": "t", "Item": {"pk": {"B": "AP8="}}},
        {"TableName": "t", "Error": {"Code": "ConditionalCheckFailed", "Message": "no", "Item": ITEM}},
    ],
    ids=["done", "item", "bytes", "refused"],
)
def test_answers_to_statements_are_read_as_botocore_would_read_them(answer: Any) -> None:
    body = json.dumps({"Responses": [answer, answer]}, separators=(",", ":")).encode()

    ours, plain = Wire(body).execute({"S": ""}), Wire(body, ours=False).execute({"S": ""})

    assert {**ours, "ResponseMetadata": None} == {**plain, "ResponseMetadata": None}
    assert len(ours["Responses"]) == 2


def test_the_body_is_ours_where_it_can_be() -> None:
    """Else all this is for nothing: botocore would put blanks behind colons."""
    wire = Wire(b'{"Responses": []}')

    wire.execute({"S": "é"})

    assert wire.sent == ['{"Statements":[{"Statement":"INSERT","Parameters":[{"S":"é"}]}]}'.encode()]

    wire.get()

    keys = '{"Keys":[{"pk":{"S":"é"}}],"ConsistentRead":true}'
    assert wire.sent[1] == f'{{"RequestItems":{{"t":{keys},"u":{keys}}}}}'.encode()


@pytest.mark.parametrize(
    "item",
    [ITEM, {"pk": {"B": "AP8="}}, {"pk": {"L": [{"B": "AP8="}]}}, {"pk": {"S": HALF_A_PAIR}}],
    ids=["plain", "bytes", "bytes within", "half a pair"],
)
def test_items_are_read_as_botocore_would_read_them(item: Any) -> None:
    answer = {"Responses": {"t": [item]}, "UnprocessedKeys": {"t": {"Keys": [{"pk": {"S": "x"}}]}}}
    body = json.dumps(answer, separators=(",", ":")).encode()

    ours, plain = Wire(body).get(), Wire(body, ours=False).get()

    assert {**ours, "ResponseMetadata": None} == {**plain, "ResponseMetadata": None}
    assert ours["Responses"]["t"]


def test_an_error_is_still_an_error() -> None:
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow down"}'

    with pytest.raises(ClientError, match="ThrottlingException"):
        Wire(body, 400).get()
    with pytest.raises(ClientError, match="ThrottlingException"):
        Wire(body, 400).execute({"S": ""})


def test_a_broken_answer_is_what_botocore_makes_of_it() -> None:
    body = b'{"Responses": {"t": ['

    ours, plain = Wire(body).get(), Wire(body, ours=False).get()

    assert {**ours, "ResponseMetadata": None} == {**plain, "ResponseMetadata": None}


def test_statements_come_as_json_too() -> None:
    wire = Wire(b'{"Responses": [{"TableName": "t"}]}')

    answer = wire.client.batch_execute_statement(Statements=b'[{"Statement":"INSERT"}]')  # type: ignore[arg-type]

    assert wire.sent == [b'{"Statements":[{"Statement":"INSERT"}]}']
    assert answer["Responses"] == [{"TableName": "t"}]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def lost() -> Exception:
    return ReadTimeoutError(endpoint_url="http://x/")


def test_a_batch_of_statements_is_sent_once() -> None:
    wire = Wire(b'{"Responses": []}')
    wire.breaks = [lost(), lost()]

    with pytest.raises(ReadTimeoutError):
        wire.execute({"S": ""})
    assert len(wire.sent) == 1

    with pytest.raises(ClientError, match="InternalServerError"):
        Wire(b'{"__type": "x#InternalServerError"}', 500).execute({"S": ""})


def test_a_read_is_sent_again_by_botocore() -> None:
    """Once from here, and then as often as the client is set to: this one sends once."""
    wire = Wire(b'{"Responses": {}}')
    wire.breaks = [lost()]

    assert wire.get()["Responses"] == {}
    assert len(wire.sent) == 2
    assert len(set(wire.sent)) == 1


def test_what_others_put_into_a_request_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as the header by which AWS Lambda sees that functions call each other in a circle."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1")
    ours, plain = Wire(b'{"Responses": []}'), Wire(b'{"Responses": []}', ours=False)

    ours.execute({"S": ""})
    plain.execute({"S": ""})

    not_needed = {"amz-sdk-invocation-id", "amz-sdk-request", "content-length"}
    assert plain.headers.keys() - not_needed == ours.headers.keys() - {"host"}
    assert "x-amzn-trace-id" in ours.headers


STATEMENTS = b'[{"Statement":"INSERT"}]'


def test_batches_after_the_first_go_as_it_went() -> None:
    wire = Wire(b'{"Responses": [{"TableName": "t"}]}')
    asked: list[str] = []
    wire.client.meta.events.register_first("before-call", lambda model, **_: asked.append(model.name))
    batches = StatementBatches(wire.client)

    answers, headers = [], []
    for _ in range(3):
        answers.append(batches.send(STATEMENTS))
        headers.append(
            {name: value for name, value in wire.headers.items() if name not in {"x-amz-date", "authorization"}}
        )

    assert asked == ["BatchExecuteStatement"]
    assert answers == [[{"TableName": "t"}]] * 3
    assert wire.sent == [b'{"Statements":[{"Statement":"INSERT"}]}'] * 3
    assert headers == [headers[0]] * 3
    assert "AWS4-HMAC-SHA256" in wire.headers["authorization"]


@pytest.mark.parametrize("before", [0, 1], ids=["the first", "a later one"])
def test_a_batch_that_fails_is_sent_once_and_fails_as_it_would_have(before: int) -> None:
    wire = Wire(b'{"Responses": []}')
    batches = StatementBatches(wire.client)
    for _ in range(before):
        batches.send(STATEMENTS)
    wire.breaks = [lost()]

    with pytest.raises(ReadTimeoutError):
        batches.send(STATEMENTS)
    assert len(wire.sent) == before + 1
    assert batches.send(STATEMENTS) == []


@pytest.mark.parametrize(("status", "code"), [(400, "ThrottlingException"), (500, "InternalServerError")])
def test_a_later_batch_that_is_refused_is_a_client_error(status: int, code: str) -> None:
    wire = Wire(b'{"Responses": []}')
    batches = StatementBatches(wire.client)
    batches.send(STATEMENTS)
    wire.answer, wire.status = b'{"__type": "com.amazonaws.dynamodb.v20120810#%b"}' % code.encode(), status

    with pytest.raises(ClientError, match=code) as refused:
        batches.send(STATEMENTS)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_later_batch_goes_with_credentials_that_were_renewed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(b'{"Responses": []}')
    batches = StatementBatches(wire.client)
    batches.send(STATEMENTS)
    renewed = Credentials("RENEWED", "secret", "token")
    monkeypatch.setattr(wire.client._request_signer, "_credentials", renewed)  # type: ignore[attr-defined]

    batches.send(STATEMENTS)

    assert "Credential=RENEWED/" in wire.headers["authorization"]
    assert wire.headers["x-amz-security-token"] == "token"
