"""Batches of which a part fails within an answer of 200: taken out of the request, named in the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.soak.wire_faults.aws_calls import AwsCall

_Json = dict[str, Any]
_Amend = Callable[[_Json], _Json]

#: Codes of BatchStatementError that mean: not done, try again.
_STATEMENT_THROTTLES = (
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "TransactionConflict",
)


def take_part_out(call: AwsCall, random: Random) -> tuple[bytes, Callable[[bytes], bytes]] | None:
    """The request without some of its members, and how the answer tells of them; None if the call is no batch of two
    or more. At least one member stays."""
    maker = _MAKERS.get(call.operation)
    made = None if maker is None else maker(call.json(), random)
    if made is None:
        return None
    request, amend = made
    return json.dumps(request).encode(), lambda body: json.dumps(amend(json.loads(body))).encode()


def _some_of(number: int, random: Random) -> set[int]:
    return set(random.sample(range(number), random.randint(1, number - 1)))


def _statements(request: _Json, random: Random) -> tuple[_Json, _Amend] | None:
    statements = request["Statements"]
    if len(statements) < 2:
        return None
    # Either they are refused, or they are done and the answer to them is lost.
    unsure = random.random() < 0.3
    out = _some_of(len(statements), random)
    left = statements if unsure else [each for place, each in enumerate(statements) if place not in out]

    def amend(answer: _Json) -> _Json:
        answers = iter(answer["Responses"])
        whole = []
        for place in range(len(statements)):
            response = next(answers) if unsure or place not in out else {}
            if place in out:
                code = "InternalServerError" if unsure else random.choice(_STATEMENT_THROTTLES)
                response = {"Error": {"Code": code, "Message": "Try again later"}}
            whole.append(response)
        return {**answer, "Responses": whole}

    return {**request, "Statements": left}, amend


def _keys(request: _Json, random: Random) -> tuple[_Json, _Amend] | None:
    ((table, wanted), *others) = request["RequestItems"].items()
    if others or len(wanted["Keys"]) < 2:
        return None
    out = _some_of(len(wanted["Keys"]), random)
    left = [key for place, key in enumerate(wanted["Keys"]) if place not in out]
    missed = [key for place, key in enumerate(wanted["Keys"]) if place in out]
    asked = {**request, "RequestItems": {table: {**wanted, "Keys": left}}}
    return asked, lambda answer: {**answer, "UnprocessedKeys": {table: {**wanted, "Keys": missed}}}


def _writes(request: _Json, random: Random) -> tuple[_Json, _Amend] | None:
    ((table, writes), *others) = request["RequestItems"].items()
    if others or len(writes) < 2:
        return None
    out = _some_of(len(writes), random)
    left = [write for place, write in enumerate(writes) if place not in out]
    missed = [write for place, write in enumerate(writes) if place in out]
    asked = {**request, "RequestItems": {table: left}}
    return asked, lambda answer: {**answer, "UnprocessedItems": {table: missed}}


def _messages(request: _Json, random: Random) -> tuple[_Json, _Amend] | None:
    entries = request["Entries"]
    if len(entries) < 2:
        return None
    out = _some_of(len(entries), random)
    left = [entry for place, entry in enumerate(entries) if place not in out]
    failed = [
        {"Id": entry["Id"], "SenderFault": False, "Code": "InternalError", "Message": "Try again later"}
        for place, entry in enumerate(entries)
        if place in out
    ]
    return {**request, "Entries": left}, lambda answer: {**answer, "Failed": failed}


def _events(request: _Json, random: Random) -> tuple[_Json, _Amend] | None:
    entries = request["Entries"]
    if len(entries) < 2:
        return None
    out = _some_of(len(entries), random)
    left = [entry for place, entry in enumerate(entries) if place not in out]
    failed = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}

    def amend(answer: _Json) -> _Json:
        taken = iter(answer["Entries"])
        whole = [failed if place in out else next(taken) for place in range(len(entries))]
        return {"FailedEntryCount": len(out), "Entries": whole}

    return {**request, "Entries": left}, amend


_MAKERS: dict[str, Callable[[_Json, Random], tuple[_Json, _Amend] | None]] = {
    "BatchExecuteStatement": _statements,
    "BatchGetItem": _keys,
    "BatchWriteItem": _writes,
    "SendMessageBatch": _messages,
    "PutEvents": _events,
}
