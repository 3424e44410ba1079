"""The faults are what AWS answers: botocore reads the code that was meant from each of them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser

from tests.soak.wire_faults import fault_answers
from tests.soak.wire_faults.aws_calls import AwsCall
from tests.soak.wire_faults.fault_answers import SERVER_ERRORS, THROTTLES, Answer
from tests.soak.wire_faults.partial_answers import take_part_out

_OPERATIONS = {
    "dynamodb": "GetItem",
    "s3": "GetObject",
    "sqs": "SendMessage",
    "states": "StartExecution",
    "events": "PutEvents",
}
_SESSION = botocore.session.Session()


def _read(call: AwsCall, answer: Answer) -> dict[str, Any]:
    model = _SESSION.get_service_model({"states": "stepfunctions"}.get(call.service, call.service))
    response = {"headers": answer.headers, "body": answer.body, "status_code": answer.status}
    parser = create_parser(model.resolved_protocol)
    read = parser.parse(response, model.operation_model(call.operation).output_shape)
    error = model.shape_for_error_code(read["Error"]["Code"])
    return {**(parser.parse(response, error) if error else {}), **read}


@pytest.mark.parametrize("service", THROTTLES)
@pytest.mark.parametrize(
    ("make", "codes"), [(fault_answers.throttle, THROTTLES), (fault_answers.server_error, SERVER_ERRORS)]
)
def test_the_sdk_reads_code_and_status(service: str, make: Any, codes: dict[str, list[tuple[str, int]]]) -> None:
    call = AwsCall(service, _OPERATIONS[service], b"{}")
    for seed in range(10):
        read = _read(call, make(call, Random(seed)))
        assert (read["Error"]["Code"], read["ResponseMetadata"]["HTTPStatusCode"]) in codes[service]


def test_a_cancelled_transaction_names_a_reason_for_each_item() -> None:
    call = AwsCall("dynamodb", "TransactWriteItems", json.dumps({"TransactItems": [{}, {}, {}]}).encode())
    read = _read(call, fault_answers.conflict(call, Random(1)))
    reasons = [reason["Code"] for reason in read["CancellationReasons"]]
    assert read["Error"]["Code"] == "TransactionCanceledException"
    assert len(reasons) == 3
    assert reasons.count("None") == 2


@pytest.mark.parametrize(
    ("operation", "request_", "members", "answer_all", "failed"),
    [
        (
            "BatchExecuteStatement",
            lambda n: {"Statements": [{"Statement": str(each)} for each in range(n)]},
            lambda request: len(request["Statements"]),
            lambda n: {"Responses": [{"TableName": "t"}] * n},
            lambda answer: sum("Error" in each for each in answer["Responses"]),
        ),
        (
            "BatchGetItem",
            lambda n: {"RequestItems": {"t": {"Keys": [{"pk": {"S": str(each)}} for each in range(n)]}}},
            lambda request: len(request["RequestItems"]["t"]["Keys"]),
            lambda n: {"Responses": {"t": [{}] * n}, "UnprocessedKeys": {}},
            lambda answer: len(answer["UnprocessedKeys"]["t"]["Keys"]),
        ),
        (
            "BatchWriteItem",
            lambda n: {"RequestItems": {"t": [{"PutRequest": {"Item": {}}} for _ in range(n)]}},
            lambda request: len(request["RequestItems"]["t"]),
            lambda n: {"UnprocessedItems": {}},
            lambda answer: len(answer["UnprocessedItems"]["t"]),
        ),
        (
            "SendMessageBatch",
            lambda n: {"Entries": [{"Id": str(each)} for each in range(n)]},
            lambda request: len(request["Entries"]),
            lambda n: {"Successful": [{}] * n},
            lambda answer: len(answer["Failed"]),
        ),
        (
            "PutEvents",
            lambda n: {"Entries": [{"Detail": str(each)} for each in range(n)]},
            lambda request: len(request["Entries"]),
            lambda n: {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}] * n},
            lambda answer: sum("ErrorCode" in each for each in answer["Entries"]),
        ),
    ],
)
def test_what_is_left_out_of_a_batch_is_told_in_the_answer(
    operation: str, request_: Any, members: Any, answer_all: Any, failed: Any
) -> None:
    unsure = 0
    for seed in range(30):
        call = AwsCall("dynamodb", operation, json.dumps(request_(5)).encode())
        taken = take_part_out(call, Random(seed))
        assert taken is not None
        body, amend = taken
        done = members(json.loads(body))
        told = failed(json.loads(amend(json.dumps(answer_all(done)).encode())))
        assert 1 <= told <= 4
        # A statement may also be done and its answer lost; then nothing is left out.
        assert done == 5 - told or (operation == "BatchExecuteStatement" and done == 5)
        unsure += done == 5
    assert (unsure > 0) is (operation == "BatchExecuteStatement")
    single = AwsCall("dynamodb", operation, json.dumps(request_(1)).encode())
    assert take_part_out(single, Random(1)) is None
