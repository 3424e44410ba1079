"""Contacts a CPU-second through the contact store, the SDK included, with a backend that answers at no cost.

    python -m tests.benchmarks.contact_store_cpu [--rounds 5]

The budgets (DESIGN.md, section 6) are for whole imports; the store must leave room beside itself for planning and
deciding. The baseline is the loop that everybody writes first: one conditional PutItem a contact with boto3's resource.
Rates are this machine's and do not bind.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

from contacts.adapters.dynamodb.contact_items import contact_to_item, item_to_contact
from contacts.adapters.dynamodb.contact_keys import Key, TenantKeys
from contacts.adapters.dynamodb.contact_store import DynamoContactStore
from contacts.domain.contact import Contact, Mark, with_mark
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, Update, WriteResult
from tests.benchmarks.figures import Figure, run
from tests.support.contact_backends import dynamodb_client
from tests.support.fake_clock import FakeClock

CONTACTS = 1_000
TENANT = "tenant"
MIN_INSERTS_A_SECOND = 9_000
_OF_STORE = {"insert", "insert a twin", "update", "delete, old", "delete, young", "find by e-mail"}
KEYS = TenantKeys(TENANT, b"salt", 8)
AT = "2026-01-01T00:00:00.000Z"


class _RawBody:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_args: Any, **_kwargs: Any) -> Any:
        yield self._body


def answer_at_no_cost(request: Any, event_name: str, **_: Any) -> AWSResponse:
    """What DynamoDB says when all goes well, made without looking at more than it must."""
    operation = event_name.rpartition(".")[2]
    if operation == "GetItem":
        body = b'{"Item": {"salt": {"B": "c2FsdA=="}, "shards": {"N": "8"}}}'
    elif operation == "BatchExecuteStatement":
        count = request.body.count(b'"Statement"')
        answer = b'{"TableName": "t", "Item": {}}' if b"DELETE" in request.body[:60] else b'{"TableName": "t"}'
        body = b'{"Responses": [%s]}' % b", ".join([answer] * count)
    elif operation == "BatchGetItem":
        body = _items(request.body)
    else:
        body = b"{}"
    return AWSResponse(request.url, 200, {"Content-Type": "application/x-amz-json-1.0"}, _RawBody(body))


_answers: dict[bytes, bytes] = {}


def _items(request_body: bytes) -> bytes:
    # Made in the first, uncounted round.
    if request_body not in _answers:
        keys = json.loads(request_body)["RequestItems"]["t"]["Keys"]
        places = {KEYS.place(each): each for each in contacts("job")}
        found = [contact_to_item(KEYS, place, places[place]) for key in keys if (place := _place(key)) in places]
        _answers[request_body] = json.dumps({"Responses": {"t": found}, "UnprocessedKeys": {}}).encode()
    return _answers[request_body]


def _place(key: dict[str, Any]) -> Key:
    return Key(key["pk"]["S"], key["sk"]["S"])


def contacts(job: str) -> list[Contact]:
    return [
        Contact(
            id=KEYS.contact_id(f"person{number}@example.com", Mark(job, number)),
            values={
                "email": f"person{number}@example.com",
                "firstName": f"First{number}",
                "lastName": f"Last{number}",
                "company": "Company Ltd",
                "phone": f"+4917{number:08d}",
                "title": "Engineer",
                "tags": ["import", "2026"],
                "customFields": {"region": "EMEA", "score": f"{number}"},
            },
            version=1,
            created_at=AT,
            updated_at=AT,
            created_by=Mark(job, number),
            segments=("seg-0123456789abcdef01234567",),
        )
        for number in range(CONTACTS)
    ]


def updates(before: list[Contact]) -> list[ContactWrite]:
    mark = Mark("later", 1)
    return [
        Update(
            contact,
            replace(
                contact,
                values={**contact.values, "company": "Other", "title": "Director"},
                version=2,
                written_by=with_mark(contact.written_by, mark),
            ),
            mark,
        )
        for contact in before
    ]


def rate(action: Callable[[], object], rounds: int, count: int = CONTACTS) -> float:
    """The best of some rounds after a first one that fills the caches: what else runs here can only slow it down."""
    action()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return count / min(times)


def exhaust(results: Iterable[object]) -> None:
    """Keeps none of them, as a worker would not: a thousand at once make work for the garbage collector."""
    deque(results, maxlen=0)


def baseline_rate(rounds: int) -> float:
    resource = boto3.resource(
        "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    resource.meta.client.meta.events.register("before-send.dynamodb.*", answer_at_no_cost)
    table = resource.Table("t")
    some = contacts("job")[:200]

    def loop() -> None:
        for contact in some:
            table.put_item(
                Item={"pk": TENANT, "sk": contact.id, "createdAt": AT, "segments": list(contact.segments)}
                | dict(contact.values),
                ConditionExpression="attribute_not_exists(pk)",
            )

    return rate(loop, rounds, len(some))


def measured(arguments: argparse.Namespace) -> Iterator[Figure]:
    client = dynamodb_client("http://127.0.0.1:1")
    client.meta.events.register("before-send.dynamodb.*", answer_at_no_cost)
    store = DynamoContactStore(reads=client, writes=client, table="t", clock=FakeClock())
    made = contacts("job")
    old = [replace(contact, updated_at="2020-01-01T00:00:00.000Z") for contact in made]
    emails = [str(contact.email) for contact in made]
    items = [contact_to_item(KEYS, KEYS.place(contact), contact) for contact in made]

    def write(writes: list[ContactWrite]) -> Callable[[], object]:
        def action() -> None:
            if set(store.write(TENANT, writes)) != {WriteResult.WRITTEN}:
                raise RuntimeError("not everything was written")

        return action

    def find() -> None:
        if len(store.find_by_emails(TENANT, emails)) != CONTACTS:
            raise RuntimeError("not everybody was found")

    actions: dict[str, Callable[[], object]] = {
        "insert": write([Insert(contact) for contact in made]),
        "insert a twin": write([InsertTwin(contact) for contact in made]),
        "update": write(updates(made)),
        "delete, old": write([Delete(contact) for contact in old]),
        "delete, young": write([Delete(contact) for contact in made]),
        "find by e-mail": find,
        "contact to item": lambda: exhaust(contact_to_item(KEYS, KEYS.own(each.id), each) for each in made),
        "item to contact": lambda: exhaust(item_to_contact(item) for item in items),
        "name a contact": lambda: exhaust(KEYS.contact_id(email, Mark("job", 1)) for email in emails),
        "route": lambda: exhaust(KEYS.route(email) for email in emails),
    }
    baseline = baseline_rate(arguments.rounds)
    for name, action in actions.items():
        of_store = name in _OF_STORE
        yield Figure(
            subject="contact store, contacts a CPU-second" if of_store else "its parts, contacts a CPU-second",
            name=name,
            value=rate(action, arguments.rounds),
            baseline=baseline if of_store else None,
            against="loop of conditional put_item" if of_store else "",
            at_least=MIN_INSERTS_A_SECOND if name == "insert" else None,
            binds=False,
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=5, help="of which the best counts")


if __name__ == "__main__":
    sys.exit(run(__doc__, measured, add_arguments))
