"""Bulk jobs and their baselines on metered tables, checked and measured; see `bulk_create_cost`."""

from __future__ import annotations

import cProfile
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import boto3

from contacts.domain.bulk_job import BulkKind
from contacts.runtime import clients
from contacts.runtime.bulk_steps import bulk_workers
from contacts.runtime.collection_use_cases import create_collection
from contacts.runtime.contact_use_cases import create_contact
from contacts.runtime.settings import Settings
from contacts.runtime.wiring import Wiring
from tests.benchmarks.capacity import Index
from tests.benchmarks.import_runs import SETTINGS
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table
from tests.benchmarks.metered_s3 import MeteredS3
from tests.benchmarks.specification_bulk_loop import CONTACTS as LOOP_CONTACTS
from tests.benchmarks.specification_bulk_loop import SpecificationBulkLoop, bulk_loop_tables
from tests.support.dynamodb_tables import table_properties
from tests.unit.api.api_client import Api
from tests.unit.api.bulk_jobs import CREATE, DELETE

TENANT, USER = "acme", "ada"
BULK_SETTINGS = Settings(
    {
        **SETTINGS.environment,
        "CREATE_SLICES_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/create-slices",
        "DELETE_SLICES_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/delete-slices",
        # The template's default.
        "TENANT_SLICES_IN_FLIGHT": "4",
    }
)


def phone_book(count: int, edition: str) -> list[dict[str, Any]]:
    """What a phone sends of its contacts; those of different editions are different people."""
    return [
        {
            "clientContactId": f"phone-{n}",
            "firstName": f"First{n % 1000}",
            "lastName": f"Last{n % 3000}",
            "company": f"Company {n % 500}, Inc.",
            "title": "Engineer",
            "email": f"Person.{n}@{edition}.example.com",
            "phone": f"+49 30 {n:08}",
            "notes": "met at the trade fair",
        }
        for n in range(count)
    ]


@dataclass(frozen=True)
class Spent:
    """What so many contacts took. `contact_units` are those of the contacts' table and its index alone."""

    contacts: int
    requests: int
    write_units: int
    contact_units: int
    read_units: float
    cpu_seconds: float
    wall_seconds: float
    price: float

    @property
    def requests_a_contact(self) -> float:
        return self.requests / self.contacts

    @property
    def write_units_a_contact(self) -> float:
        return self.write_units / self.contacts

    @property
    def read_units_a_contact(self) -> float:
        return self.read_units / self.contacts

    @property
    def contacts_a_cpu_second(self) -> float:
        return self.contacts / self.cpu_seconds

    @property
    def contacts_a_second(self) -> float:
        """By the clock."""
        return self.contacts / self.wall_seconds

    @property
    def dollars_a_million(self) -> float:
        return self.price / self.contacts * 1_000_000


@dataclass(frozen=True)
class BulkCost:
    """A job: its start, as its caller waits for it, and all of it."""

    start: Spent
    whole: Spent


class MeteredApi(Api):
    """The API's functions on the ports that they have on AWS."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__()
        self._wiring = wiring

    def wiring(self) -> Wiring:
        return self._wiring


class BulkBench:
    """One tenant's empty tables, bucket and queues, and the functions on them; each request takes so many seconds."""

    def __init__(self, seconds_a_request: float = 0.0) -> None:
        tables = {
            name: Table([Index.from_template(index) for index in properties.get("GlobalSecondaryIndexes", ())])
            for name, properties in table_properties().items()
        }
        database = MeteredDynamoDB({**tables, **bulk_loop_tables()})
        self.aws = MeteredAws(database, MeteredS3(), seconds_a_request=seconds_a_request)
        for client in (clients.dynamodb, clients.dynamodb_sending_once, clients.s3, clients.events, clients.sqs):
            client.cache_clear()
            self.aws.attach(client())
        self.wiring = Wiring(BULK_SETTINGS)
        self._api = MeteredApi(self.wiring)
        self._workers = bulk_workers(self.wiring, _refuse_trouble)

    def create(self, contacts: int, edition: str, profile: cProfile.Profile | None = None) -> tuple[str, BulkCost]:
        """A job over so many contacts with a collection and an idempotency key; returns its id, too."""
        collection = create_collection(self.wiring)(TENANT, USER, f"From {edition}", [], edition)
        body = {"contacts": phone_book(contacts, edition), "collectionId": collection.id, "clientSource": "ios"}
        with _profiled(profile):
            job_id, cost = self._run(CREATE, body, contacts, BulkKind.CREATE)
        job = self._shown(CREATE, job_id)
        if (job["status"], job["successCount"], len(job["contactIds"])) != ("COMPLETED", contacts, contacts):
            raise SystemExit(f"the job went wrong: {job['status']}, {job['successCount']} created")
        members = self.wiring.collections.items(TENANT, collection.id).items
        if not set(members) <= set(job["contactIds"]) or not members:
            raise SystemExit("the collection went wrong")
        return job_id, cost

    def delete(self, create_job_id: str, contacts: int) -> BulkCost:
        """Clean up what a create job created."""
        job_id, cost = self._run(DELETE, {"bulkCreateJobId": create_job_id}, contacts, BulkKind.DELETE)
        job = self._shown(DELETE, job_id)
        if (job["status"], job["deletedCount"]) != ("COMPLETED", contacts):
            raise SystemExit(f"the clean-up went wrong: {job['status']}, {job['deletedCount']} deleted")
        return cost

    def one_by_one(self, contacts: int, edition: str) -> Spent:
        """The same contacts by the product's own way for a single one."""
        create = create_contact(self.wiring)
        entries = [
            {name: value for name, value in entry.items() if name != "clientContactId"}
            for entry in phone_book(contacts, edition)
        ]
        meter = Meter(self.aws)
        ids = {
            create(TENANT, entry, f"{edition}-{number}", allow_duplicate=True).id
            for number, entry in enumerate(entries)
        }
        spent = meter.spent(contacts)
        if len(self.wiring.contacts.find_by_ids(TENANT, ids)) != contacts:
            raise SystemExit("creating one at a time went wrong")
        return spent

    def specification_loop(self, contacts: int, edition: str) -> Spent:
        """The same contacts by the specification's worker."""
        resource = boto3.resource("dynamodb")
        self.aws.attach(resource.meta.client)
        loop = SpecificationBulkLoop(resource, collection="collection")
        entries = phone_book(contacts, edition)
        before = len(self.aws.dynamodb.tables[LOOP_CONTACTS])
        meter = Meter(self.aws)
        loop(entries, f"bcc:j:{edition}")
        spent = meter.spent(contacts)
        if len(self.aws.dynamodb.tables[LOOP_CONTACTS]) - before != contacts:
            raise SystemExit("the loop went wrong")
        return spent

    def _run(self, path: str, body: dict[str, Any], contacts: int, kind: BulkKind) -> tuple[str, BulkCost]:
        """Start a job and carry its slices out one after the other, as one worker does."""
        text = json.dumps(body)
        key = sha256(text.encode()).hexdigest()
        meter = Meter(self.aws)
        reply = self._api.send("POST", path, raw=text, tenant=TENANT, user=USER, headers={"Idempotency-Key": key})
        start = meter.spent(contacts)
        if reply.status != 202:
            raise SystemExit(f"{path} was refused: {reply.status}")
        messages = self.aws.sqs.messages
        while messages:
            message = messages.popleft()
            self._workers[kind](message["jobId"], message["slice"])
        return reply.json["jobId"], BulkCost(start, meter.spent(contacts))

    def _shown(self, path: str, job_id: str) -> Any:
        return self._api.send("GET", f"{path}/{job_id}", tenant=TENANT, user=USER).json


class Meter:
    """Reads what was spent since it was made."""

    def __init__(self, aws: MeteredAws) -> None:
        self._aws = aws
        aws.reset()
        self._began = time.perf_counter()

    def spent(self, contacts: int) -> Spent:
        wall_seconds = time.perf_counter() - self._began
        database = self._aws.dynamodb
        return Spent(
            contacts=contacts,
            requests=self._aws.requests.total(),
            write_units=database.write_units,
            contact_units=database.written[BULK_SETTINGS.contacts_table] + database.written[LOOP_CONTACTS],
            read_units=database.read_units,
            cpu_seconds=self._aws.cpu_seconds(),
            wall_seconds=wall_seconds,
            price=self._aws.price(),
        )


@contextmanager
def _profiled(profile: cProfile.Profile | None) -> Iterator[None]:
    if profile is None:
        yield
        return
    profile.enable()
    yield
    profile.disable()


def _refuse_trouble(job_id: str, error: Exception) -> None:
    raise SystemExit(f"job {job_id} had trouble") from error
