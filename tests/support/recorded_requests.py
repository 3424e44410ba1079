"""What each function asks of AWS for contacts and objects, recorded while it works: the rights that it needs.

Contacts are kept by the real store on a local engine, and its requests are taken from the client; of objects the calls
of the port tell all. Nothing is listed by hand: whoever changes what a function does changes what it needs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from contacts.adapters.dynamodb.contact_store import DynamoContactStore
from local.engine.authorization import partiql_checks
from tests.support.contact_backends import contacts_table
from tests.support.crash_points import handlers_known, running
from tests.support.crash_scenarios import Scenario
from tests.support.dynamodb_tables import create_tables
from tests.support.memory_links import MemoryLinks
from tests.support.port_faults import wrap_calls

_ENGINE = "ministack"
_WORLDS = ("bulk_world", "export_world", "import_world", "whole_world")
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_IN_TRANSACTIONS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Get": "dynamodb:GetItem",
}
_READ_TO_THE_END = ("s3:GetObject", "s3:GetObjectVersion")  # may go on in the version that it began with
_OF_OBJECTS = {
    "files.info": ("s3:GetObject",),
    "files.get": _READ_TO_THE_END,
    "files.get_range": ("s3:GetObject",),
    "files.open": _READ_TO_THE_END,
    "files.put": ("s3:PutObject",),
    "files.put_if_absent": ("s3:PutObject",),
    "files.put_stream": ("s3:PutObject", "s3:AbortMultipartUpload"),
    "files.delete": ("s3:DeleteObject",),
    "files.list_keys": ("s3:ListBucket",),
}
#: Whoever follows a link does so with the rights of whoever signed it.
_OF_LINKS = {"sign_download": "s3:GetObject", "sign_upload": "s3:PutObject"}


@dataclass(frozen=True)
class Need:
    """A right that a function has made use of.

    Attributes:
        handler: as in `crash_points.HANDLERS`.
        action: as IAM calls it.
        target: an object's key or the prefix of a list; for contacts what follows in the ARN behind the table's.
        enclosing: the request of several actions that this one was part of.
    """

    handler: str
    action: str
    target: str
    enclosing: str | None = None


def needs_of(scenario: Scenario, clock: Callable[[], str]) -> set[Need]:
    """What the handlers of a scenario need. `clock` tells the store how old the contacts are that it deletes."""
    needs: set[Need] = set()

    def call(name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        needs.update(_needs_of_call(name, args[0]))
        return method(*args, **kwargs)

    def wrap(name: str, port: Any) -> Any:
        return wrap_calls(name, port, call) if name == "files" else port

    with _real_contacts(needs, clock), _links_noted(needs), handlers_known():
        world = scenario.make()
        world.wire(wrap)
        scenario.act(world, lambda step: step())
    return {need for need in needs if need.handler}


@contextmanager
def _real_contacts(needs: set[Need], clock: Callable[[], str]) -> Iterator[None]:
    """Worlds have a table of contacts of their own each, on the engine."""
    client, _ = contacts_table(_ENGINE)

    def store() -> DynamoContactStore:
        table = create_tables(client, prefix=f"{uuid.uuid4().hex[:8]}-")["ContactsTable"]
        return DynamoContactStore(reads=client, writes=client, table=table, clock=clock)

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        needs.update(_needs_of_request(model.name, params))

    client.meta.events.register("provide-client-params.dynamodb", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for world in _WORLDS:
                patch.setattr(f"tests.support.{world}.SlotContactStore", store)
            # By the salt a row comes into a part, and so before or after another one: it is the same each time.
            patch.setattr("contacts.adapters.dynamodb.contact_tenants.secrets", SimpleNamespace(token_bytes=bytes))
            yield
    finally:
        client.meta.events.unregister("provide-client-params.dynamodb", note)


@contextmanager
def _links_noted(needs: set[Need]) -> Iterator[None]:
    def noting(action: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def sign(self: MemoryLinks, key: str, **options: Any) -> Any:
            needs.add(Need(_handler(), action, key))
            return method(self, key, **options)

        return sign

    with pytest.MonkeyPatch.context() as patch:
        for name, action in _OF_LINKS.items():
            patch.setattr(MemoryLinks, name, noting(action, getattr(MemoryLinks, name)))
        yield


def _needs_of_call(name: str, target: Any) -> Iterator[Need]:
    for key in target if name == "files.delete" else [target]:
        yield from (Need(_handler(), action, key) for action in _OF_OBJECTS[name])


def _needs_of_request(operation: str, params: dict[str, Any]) -> Iterator[Need]:
    if operation == "BatchExecuteStatement":
        # The store's client takes its statements as JSON.
        body = b'{"Statements":%b}' % params["Statements"]
        checks = partiql_checks("dynamodb:BatchExecuteStatement", body, "region", "account")
        assert checks, "statements that nobody understands"
        for action, arn in checks:
            _, _, index = arn.rpartition(":table/")[2].partition("/")
            yield Need(_handler(), action, index, operation)
    elif operation in ("TransactGetItems", "TransactWriteItems"):
        for item in params["TransactItems"]:
            yield from (Need(_handler(), _IN_TRANSACTIONS[member], "", operation) for member in item)
    else:
        index = f"index/{params['IndexName']}" if "IndexName" in params else ""
        yield Need(_handler(), f"dynamodb:{operation}", index)


def _handler() -> str:
    return running[0] if running else ""
