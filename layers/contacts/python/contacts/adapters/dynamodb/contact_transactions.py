"""Writes of contacts that change several items, all or none, many of them packed into one TransactWriteItems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from contacts.adapters.dynamodb.contact_items import Item
from contacts.adapters.dynamodb.contact_keys import Key
from contacts.adapters.dynamodb.contact_retries import BUSY_CODES, Patience, Trouble, trouble_of
from contacts.domain.contact_write import WriteResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: TransactWriteItems takes 100 actions and 4 MB (DynamoDB quotas); the bytes of a unit are an estimate.
MAX_ACTIONS = 100
MAX_BYTES = 3_000_000


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition expression with its values. Names in it are our own and none of DynamoDB's reserved words."""

    expression: str
    values: Item = field(default_factory=dict)

    def parameters(self) -> dict[str, Any]:
        values = {"ExpressionAttributeValues": self.values} if self.values else {}
        return {"ConditionExpression": self.expression, **values}


@dataclass(frozen=True, slots=True)
class Put:
    item: Item
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """What one write changes, by key.

    Attributes:
        actions: on items that no other unit of a transaction may touch.
        holder: the holder beside whom a twin is put; several twins may share it.
        twin_id: the id of that twin.
        size: about how many bytes it is.
    """

    actions: Mapping[Key, Put | Remove]
    size: int
    holder: Key | None = None
    twin_id: str = ""


def run_units(client: DynamoDBClient, table: str, units: Sequence[Unit], patience: Patience) -> list[WriteResult]:
    """Carry the units out, each all or none; conflicts and throttling are tried again.

    Units travel together. Where one is refused, the others are sent again without it, and it alone: so it is refused
    for reasons of its own. `client` must not retry: lost answers are UNKNOWN.
    """
    results: dict[int, WriteResult] = {}
    waiting = list(range(len(units)))
    alone: set[int] = set()
    while waiting:
        again: list[int] = []
        busy = False
        for group in _groups(units, waiting, alone):
            outcome = _send(client, table, {number: units[number] for number in group})
            if isinstance(outcome, WriteResult):
                results.update(dict.fromkeys(group, outcome))
            elif outcome and len(group) == 1:
                results[group[0]] = WriteResult.REFUSED
            else:
                busy = busy or not outcome
                alone |= outcome
                again += group
        if busy:
            patience.pause()
        waiting = again
    return [results[number] for number in range(len(units))]


def _groups(units: Sequence[Unit], numbers: Sequence[int], alone: set[int]) -> list[list[int]]:
    """Numbers packed so that a group touches no item twice and stays within the limits; those in `alone` by
    themselves."""
    groups = [[number] for number in numbers if number in alone]
    group: list[int] = []
    own: set[Key] = set()
    holders: set[Key] = set()
    size = 0
    for number in numbers:
        if number in alone:
            continue
        unit = units[number]
        holder = {unit.holder} if unit.holder else set()
        clash = bool(unit.actions.keys() & (own | holders) or holder & own)
        count = len(own) + len(holders | holder) + len(unit.actions)
        if group and (clash or count > MAX_ACTIONS or size + unit.size > MAX_BYTES):
            groups.append(group)
            group, own, holders, size = [], set(), set(), 0
        group.append(number)
        own |= unit.actions.keys()
        holders |= holder
        size += unit.size
    return [*groups, group] if group else groups


def _send(client: DynamoDBClient, table: str, units: Mapping[int, Unit]) -> WriteResult | set[int]:
    """One transaction. A result holds for all units. Else nothing happened: the answer names the units whose
    conditions did not hold, and is empty where only others were in the way."""
    owners, request = _request(table, units)
    try:
        client.transact_write_items(TransactItems=request)
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] == "TransactionCanceledException":
            return _refused(error, owners)
        trouble = trouble_of(error)
        if trouble is None:
            raise
        return set() if trouble is Trouble.BUSY else WriteResult.UNKNOWN
    return WriteResult.WRITTEN


def _refused(error: ClientError, owners: Sequence[list[int]]) -> set[int]:
    response: Mapping[str, Any] = error.response
    refused: set[int] = set()
    for numbers, reason in zip(owners, response["CancellationReasons"], strict=True):
        code = reason["Code"]
        if code == "ConditionalCheckFailed":
            refused.update(numbers)
        elif code != "None" and code not in BUSY_CODES:
            raise error
    return refused


def _request(table: str, units: Mapping[int, Unit]) -> tuple[list[list[int]], list[Any]]:
    """The actions of a transaction, and for each the units it belongs to."""
    owners: list[list[int]] = []
    actions: list[Any] = []
    twins: dict[Key, list[int]] = {}
    for number, unit in units.items():
        for key, action in unit.actions.items():
            owners.append([number])
            actions.append(_action(table, key, action))
        if unit.holder is not None:
            twins.setdefault(unit.holder, []).append(number)
    for holder, numbers in twins.items():
        owners.append(numbers)
        actions.append(_note_twins(table, holder, [units[number].twin_id for number in numbers]))
    return owners, actions


def _action(table: str, key: Key, action: Put | Remove) -> dict[str, Any]:
    condition = action.condition.parameters() if action.condition else {}
    if isinstance(action, Put):
        return {"Put": {"TableName": table, "Item": action.item, **condition}}
    return {"Delete": {"TableName": table, "Key": _key(key), **condition}}


def _note_twins(table: str, holder: Key, twin_ids: Sequence[str]) -> dict[str, Any]:
    """Tells a holder that it has twins. `rev` changes with each, so that a holder that is about to go notices a twin
    that arrives. None of the twins may be the holder itself: a twin of an earlier try that has inherited the slot."""
    ids = {f":id{number}": {"S": twin_id} for number, twin_id in enumerate(twin_ids)}
    return {
        "Update": {
            "TableName": table,
            "Key": _key(holder),
            "UpdateExpression": "SET twins = :yes ADD rev :one",
            "ConditionExpression": f"attribute_exists(id) AND NOT id IN ({', '.join(ids)})",
            "ExpressionAttributeValues": {":yes": {"BOOL": True}, ":one": {"N": "1"}, **ids},
        }
    }


def _key(key: Key) -> Item:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
