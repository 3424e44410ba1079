"""Sends statements in batches of 25, and says of each what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from contacts.adapters.dynamodb.contact_keys import Key
from contacts.adapters.dynamodb.contact_retries import BUSY_CODES, LOST_CODES, Patience, Trouble, trouble_of
from contacts.adapters.dynamodb.contact_statements import Statement
from contacts.adapters.dynamodb.json_bodies import StatementBatches
from contacts.domain.contact_write import WriteResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: BatchExecuteStatement takes 25 statements (API reference).
MAX_STATEMENTS = 25

#: A statement and its number among those that are to be run.
Numbered: TypeAlias = tuple[int, Statement]

_REFUSED_CODES = frozenset({"ConditionalCheckFailed", "DuplicateItem"})


class StatementError(Exception):
    """DynamoDB can't carry a statement out at all: a fault of ours, a missing table or permission."""


def run_statements(client: DynamoDBClient, statements: Iterable[Statement], patience: Patience) -> list[WriteResult]:
    """Send the statements, throttled ones again and again; the results stand in the order of the statements.

    Statements are taken when their batch is filled: made then, they and their many attributes are sent while they are
    still in the processor's cache, and the next batch takes their memory.
    `client` takes its statements as JSON (`use_json_bodies`) and must not retry: a batch whose answer is lost is not
    sent again, its statements are UNKNOWN.
    """
    results: dict[int, WriteResult] = {}
    waiting: Iterable[Numbered] = enumerate(statements)
    batches = StatementBatches(client)
    while True:
        throttled = []
        for batch in _batches(waiting):
            for numbered, result in zip(batch, _send(batches, [statement for _, statement in batch]), strict=True):
                if result is None:
                    throttled.append(numbered)
                else:
                    results[numbered[0]] = result
        if not throttled:
            return [results[number] for number in range(len(results))]
        patience.pause()
        waiting = throttled


def _batches(statements: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Statements in their order, 25 at a time; DynamoDB refuses a batch that names a key twice."""
    batch: list[Numbered] = []
    keys: set[Key] = set()
    for numbered in statements:
        key = numbered[1].key
        if len(batch) == MAX_STATEMENTS or key in keys:
            yield batch
            batch, keys = [], set()
        batch.append(numbered)
        keys.add(key)
    if batch:
        yield batch


def _send(batches: StatementBatches, batch: Sequence[Statement]) -> list[WriteResult | None]:
    """One batch; None stands for a statement that was throttled."""
    body = b"[%b]" % b",".join([statement.to_json() for statement in batch])
    try:
        responses = batches.send(body)
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        return [None if trouble is Trouble.BUSY else WriteResult.UNKNOWN] * len(batch)
    # Asked here, because nearly all of them are written.
    return [
        _result(statement, response) if "Error" in response or statement.returns_item else WriteResult.WRITTEN
        for statement, response in zip(batch, responses, strict=True)
    ]


def _result(statement: Statement, response: Mapping[str, Any]) -> WriteResult | None:
    code = response["Error"]["Code"] if "Error" in response else None
    if code is None:
        deleted_nothing = statement.returns_item and "Item" not in response
        return WriteResult.REFUSED if deleted_nothing else WriteResult.WRITTEN
    if code in _REFUSED_CODES:
        return WriteResult.REFUSED
    if code in BUSY_CODES:
        return None
    if code in LOST_CODES:
        return WriteResult.UNKNOWN
    raise StatementError(code)
