"""Errors as AWS words them: codes, statuses and envelopes by service, so that the SDK takes them for real.

Codes and statuses: the API references of DynamoDB ("Common errors", "TransactWriteItems", "BatchStatementError"), S3
("Error responses"), SQS, Step Functions and EventBridge ("Common errors").
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.soak.wire_faults.aws_calls import AwsCall

_JSON = "application/x-amz-json-1.0"
_TYPES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810#",
    "sqs": "com.amazonaws.sqs#",
    "states": "com.amazonaws.states#",
    "events": "com.amazonaws.events#",
}
#: (code, status) by service; each is one that the service is documented to answer.
THROTTLES = {
    "dynamodb": [
        ("ProvisionedThroughputExceededException", 400),
        ("ThrottlingException", 400),
        ("RequestLimitExceeded", 400),
    ],
    "s3": [("SlowDown", 503)],
    "sqs": [("RequestThrottled", 403), ("ThrottlingException", 400)],
    "states": [("ThrottlingException", 400)],
    "events": [("ThrottlingException", 400)],
}
SERVER_ERRORS = {
    "dynamodb": [("InternalServerError", 500), ("ServiceUnavailable", 503)],
    "s3": [("InternalError", 500), ("ServiceUnavailable", 503)],
    "sqs": [("InternalFailure", 500), ("ServiceUnavailable", 503)],
    "states": [("InternalFailure", 500), ("ServiceUnavailable", 503)],
    "events": [("InternalException", 500), ("ServiceUnavailable", 503)],
}
_INTERNAL = "We encountered an internal error. Please try again."
#: Why an item of a transaction was not written; the others' reason is `None`.
_CANCELLATIONS = ("TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded")


@dataclass(frozen=True)
class Answer:
    """What goes back to a function."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def throttle(call: AwsCall, random: Random) -> Answer:
    return _error(call.service, random.choice(THROTTLES[call.service]), "Rate exceeded", random)


def server_error(call: AwsCall, random: Random) -> Answer:
    """As S3 may have sent the status already when CompleteMultipartUpload fails, its error can come with a 200."""
    if call.operation == "CompleteMultipartUpload" and random.random() < 0.5:
        error = _error("s3", ("InternalError", 500), _INTERNAL, random)
        return Answer(200, error.body, error.headers)
    return _error(call.service, random.choice(SERVER_ERRORS[call.service]), _INTERNAL, random)


def conflict(call: AwsCall, random: Random) -> Answer:
    """Somebody else's write was under way: nothing was written."""
    if call.service == "s3":
        message = "The conditional request cannot succeed due to a conflicting operation against this resource."
        return _error("s3", ("ConditionalRequestConflict", 409), message, random)
    if call.operation == "TransactWriteItems":
        items = len(call.json()["TransactItems"])
        reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in range(items)]
        reasons[random.randrange(items)] = {"Code": random.choice(_CANCELLATIONS), "Message": "Try again later"}
        codes = ", ".join(reason["Code"] for reason in reasons)
        message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        extra = {"CancellationReasons": reasons}
        return _error("dynamodb", ("TransactionCanceledException", 400), message, random, extra)
    message = "Transaction is ongoing for the item"
    return _error("dynamodb", ("TransactionConflictException", 400), message, random)


def _error(
    service: str, said: tuple[str, int], message: str, random: Random, extra: dict[str, Any] | None = None
) -> Answer:
    code, status = said
    request_id = f"{random.getrandbits(128):032x}".upper()
    if service == "s3":
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id[:16]}</RequestId>"
            f"<HostId>{request_id}</HostId></Error>"
        ).encode()
        return Answer(status, body, {"Content-Type": "application/xml", "x-amz-request-id": request_id[:16]})
    # DynamoDB spells the message either way; botocore reads both.
    body = json.dumps({"__type": _TYPES[service] + code, "message": message, **(extra or {})}).encode()
    return Answer(status, body, {"Content-Type": _JSON, "x-amzn-RequestId": request_id})
