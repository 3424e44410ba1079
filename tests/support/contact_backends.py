"""The backends on which the contact store's contract is tested, and a tenant on one of them to write tests with."""

from __future__ import annotations

import functools
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest
from botocore.config import Config

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.contact_store import DynamoContactStore
from contacts.domain.contact import Contact, FieldValue, Mark, with_mark
from contacts.domain.contact_write import (
    ContactWrite,
    Delete,
    Insert,
    InsertTwin,
    Settlement,
    Update,
    WriteResult,
)
from contacts.domain.email_address import normalise_email
from contacts.ports import ContactStore
from tests.support.aws_clients import ministack_endpoint
from tests.support.dynamodb_local import UnavailableError, dynamodb_local_endpoint
from tests.support.dynamodb_tables import create_tables
from tests.support.fake_clock import FakeClock
from tests.support.memory_contact_store import MemoryContactStore

#: moto is not among them: it takes no parameters in PartiQL inserts.
DYNAMODB_BACKENDS = ("dynamodb-local", "ministack")
BACKENDS = ("memory", *DYNAMODB_BACKENDS)

Wrap = Callable[[Any], Any]


def dynamodb_client(endpoint: str | None, **config: Any) -> Any:
    """A client as the running service has it: without parameter validation, and sending everything once."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            parameter_validation=False,
            max_pool_connections=32,
            retries={"total_max_attempts": 1, "mode": "standard"},
            **config,
        ),
    )


@functools.cache
def contacts_table(backend: str) -> tuple[Any, str]:
    """A client and the name of a contacts table, one a test process; skips the test where the backend can't run."""
    try:
        endpoint = dynamodb_local_endpoint() if backend == "dynamodb-local" else ministack_endpoint()
    except UnavailableError as error:
        pytest.skip(f"no DynamoDB Local: {error}")
    client = dynamodb_client(endpoint)
    return client, create_tables(client, prefix=f"{uuid.uuid4().hex[:8]}-")["ContactsTable"]


def dynamo_store(
    backend: str,
    clock: FakeClock,
    *,
    reads: Wrap = lambda client: client,
    writes: Wrap = lambda client: client,
    backoff: Backoff | None = None,
) -> DynamoContactStore:
    """A store on the backend's table, with its clients wrapped."""
    client, table = contacts_table(backend)
    return DynamoContactStore(reads=reads(client), writes=writes(client), table=table, clock=clock, backoff=backoff)


def make_store(backend: str, clock: FakeClock) -> ContactStore:
    return MemoryContactStore() if backend == "memory" else dynamo_store(backend, clock)


def unique_tenant(name: str = "tenant") -> str:
    """Tests share tables, so each has tenants of its own."""
    return f"{name}-{uuid.uuid4().hex}"


@dataclass
class TenantContacts:
    """One tenant's contacts in a store, with the writes that tests make of them."""

    store: ContactStore
    clock: FakeClock
    tenant: str = field(default_factory=unique_tenant)
    rows: Any = field(default_factory=lambda: itertools.count(1))

    def new(self, email: str | None, job: str = "job", **fields: Any) -> Contact:
        """A contact that nobody has written yet, by the next row of a job. Each is a second younger."""
        mark = Mark(job, next(self.rows))
        values: dict[str, FieldValue] = dict(fields.pop("values", {}))
        if email is not None:
            values["email"] = email
        at = self.clock.advance(seconds=1)
        normalised = None if email is None else normalise_email(email)
        return Contact(
            id=self.store.addressing(self.tenant).contact_id(normalised, mark),
            values=values,
            version=1,
            created_at=at,
            updated_at=at,
            created_by=mark,
            **fields,
        )

    def changed(self, contact: Contact, mark: Mark | None = None, **values: FieldValue | None) -> Update:
        """An update that sets these fields, and removes those that are None."""
        after = {**contact.values, **values}
        marks = contact.written_by if mark is None else with_mark(contact.written_by, mark)
        return Update(
            contact,
            replace(
                contact,
                values={name: value for name, value in after.items() if value is not None},
                version=contact.version + 1,
                updated_at=self.clock.advance(seconds=1),
                written_by=marks,
            ),
            mark,
        )

    def write(self, *writes: ContactWrite) -> list[WriteResult]:
        return self.store.write(self.tenant, writes)

    def settle(self, *writes: ContactWrite) -> list[Settlement]:
        return self.store.settle(self.tenant, writes)

    def insert(self, email: str | None, **fields: Any) -> Contact:
        contact = self.new(email, **fields)
        assert self.write(Insert(contact)) == [WriteResult.WRITTEN]
        return contact

    def insert_twin(self, email: str, **fields: Any) -> Contact:
        contact = self.new(email, **fields)
        assert self.write(InsertTwin(contact)) == [WriteResult.WRITTEN]
        return contact

    def update(self, contact: Contact, **values: FieldValue | None) -> Contact:
        update = self.changed(contact, **values)
        assert self.write(update) == [WriteResult.WRITTEN]
        return update.after

    def delete(self, contact: Contact) -> None:
        assert self.write(Delete(contact)) == [WriteResult.WRITTEN]

    def by_id(self, contact_id: str) -> Contact | None:
        return self.store.find_by_ids(self.tenant, [contact_id]).get(contact_id)

    def holder(self, email: str) -> Contact | None:
        return self.store.find_by_emails(self.tenant, [email]).get(email)

    def with_email(self, email: str) -> list[Contact]:
        return self.store.find_all_by_email(self.tenant, email)

    def all(self, limit: int = 1_000) -> list[Contact]:
        contacts: list[Contact] = []
        position: str | None = None
        while True:
            page = self.store.list_contacts(self.tenant, limit=limit, position=position)
            contacts += page.items
            position = page.next_position
            if position is None:
                return contacts
