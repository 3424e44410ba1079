"""Statements in batches, against a table that is busy in every way there is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.contact_batches import StatementError, run_statements
from contacts.adapters.dynamodb.contact_keys import Key
from contacts.adapters.dynamodb.contact_retries import Patience, StillBusyError
from contacts.adapters.dynamodb.contact_statements import (
    Statement,
    delete_statement,
    insert_statement,
    update_statement,
)
from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import WriteResult

WRITTEN, REFUSED, UNKNOWN = WriteResult.WRITTEN, WriteResult.REFUSED, WriteResult.UNKNOWN

Answer = Callable[[str, int], dict[str, Any]]


class Table:
    """Answers each statement by its text and how often it was sent, and keeps the batches."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.batches: list[list[str]] = []

    def batch_execute_statement(self, Statements: bytes) -> dict[str, Any]:  # noqa: N803
        self.batches.append([each["Statement"] for each in json.loads(Statements)])
        sent = [text for batch in self.batches for text in batch]
        return {"Responses": [self._answer(text, sent.count(text)) for text in self.batches[-1]]}


def error(code: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": code}}


def run(table: Table, statements: list[Statement]) -> tuple[list[WriteResult], int]:
    pauses: list[float] = []
    return run_statements(table, statements, Patience(Backoff(sleep=pauses.append))), len(pauses)  # type: ignore[arg-type]


def statements(count: int) -> list[Statement]:
    return [Statement(Key("p", str(number)), str(number), b"[]") for number in range(count)]


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("ConditionalCheckFailed", REFUSED),
        ("DuplicateItem", REFUSED),
        ("InternalServerError", UNKNOWN),
    ],
)
def test_an_error_of_a_statement_is_its_own(code: str, result: WriteResult) -> None:
    table = Table(lambda text, _: error(code) if text == "1" else {})
    assert run(table, statements(3)) == ([WRITTEN, result, WRITTEN], 0)
    assert len(table.batches) == 1


@pytest.mark.parametrize(
    "code", ["ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "TransactionConflict"]
)
def test_a_throttled_statement_alone_is_sent_again(code: str) -> None:
    table = Table(lambda text, times: error(code) if text in "13" and times < int(text) else {})
    assert run(table, statements(5)) == ([WRITTEN] * 5, 2)
    assert table.batches == [["0", "1", "2", "3", "4"], ["3"], ["3"]]


def test_throttled_statements_of_several_batches_travel_together() -> None:
    table = Table(lambda text, times: error("ThrottlingError") if text in {"3", "30", "59"} and times == 1 else {})
    assert run(table, statements(60)) == ([WRITTEN] * 60, 1)
    assert [len(batch) for batch in table.batches] == [25, 25, 10, 3]


def test_statements_are_made_as_they_are_sent() -> None:
    """All at once would take the memory, and the time to fetch them back, of a thousand contacts."""
    made: list[str] = []
    table = Table(lambda _text, _sent: {})

    def make() -> Iterator[Statement]:
        for statement in statements(60):
            assert len(made) - len(table.batches) * 25 <= 25
            made.append(statement.text)
            yield statement

    assert run_statements(table, make(), Patience(Backoff())) == [WRITTEN] * 60  # type: ignore[arg-type]
    assert [len(batch) for batch in table.batches] == [25, 25, 10]


def test_the_deadline_ends_it() -> None:
    now = [0.0]

    def sleep(_: float) -> None:
        now[0] += 1.0

    patience = Patience(Backoff(deadline_seconds=5, sleep=sleep, monotonic=lambda: now[0]))
    table = Table(lambda *_: error("ThrottlingError"))
    with pytest.raises(StillBusyError):
        run_statements(table, statements(1), patience)  # type: ignore[arg-type]
    assert len(table.batches) == 6


@pytest.mark.parametrize("code", ["ValidationError", "AccessDenied", "ResourceNotFound"])
def test_a_statement_that_can_never_work_is_a_fault(code: str) -> None:
    with pytest.raises(StatementError, match=code):
        run(Table(lambda *_: error(code)), statements(2))


def test_a_delete_that_deleted_nothing_is_refused() -> None:
    contact = Contact(id="i", values={}, version=1, created_at="", updated_at="", created_by=Mark("j", 1))
    delete = delete_statement("t", Key("p", "s"), contact)
    assert "RETURNING ALL OLD" in delete.text
    assert run(Table(lambda *_: {"TableName": "t"}), [delete]) == ([REFUSED], 0)
    assert run(Table(lambda *_: {"TableName": "t", "Item": {"pk": {"S": "p"}}}), [delete]) == ([WRITTEN], 0)


def test_no_batch_names_a_key_twice() -> None:
    same = [Statement(Key("p", "s"), str(number), b"[]") for number in range(3)]
    table = Table(lambda *_: {})
    run(table, [*same, Statement(Key("p", "other"), "3", b"[]")])
    assert table.batches == [["0"], ["1"], ["2", "3"]]


def test_texts_hold_names_and_parameters_hold_values() -> None:
    before = Contact(id="i'd", values={}, version=1, created_at="", updated_at="", created_by=Mark("j", 1))
    key, secret = Key("p'", "s"), {"S": "'; DROP"}
    insert = insert_statement("t", key, {"pk": "p'"}, {"notes": secret})
    update = update_statement("t", key, before, {"version": {"N": "2"}, "notes": secret}, ["title"])
    for statement in (insert, update, delete_statement("t", key, before)):
        assert statement.text.count("?") == len(json.loads(statement.parameters))
        assert not any(text in statement.text for text in ("DROP", "p'", "i'd"))
    assert "'notes': ?" in insert.text
    assert 'SET "notes" = ? REMOVE "title" WHERE' in update.text


def test_a_text_stays_below_what_dynamodb_takes() -> None:
    """8,192 characters (DynamoDB quotas): every attribute that a contact can have is in it."""
    from contacts.domain.contact_fields import EDITABLE_FIELDS

    names = [*EDITABLE_FIELDS, "pk", "sk", "version", "updatedAt", "createdAt", "createdBy", "writtenBy", "segments"]
    texts = dict.fromkeys([*names, "externalSource", "externalSourceKey", "id"], "")
    assert len(insert_statement("t" * 255, Key("p", "s"), texts, {}).text) < 8_192
