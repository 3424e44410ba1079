"""The contact store and an import on AWS's own DynamoDB Local, and its own word on units.

    python -m tests.benchmarks.dynamodb_local [--contacts 2000] [--rows 10000]

DynamoDB Local keeps its tables in memory here and shares this machine's processors, so times are an emulator's and
bind nothing; the client's CPU time is ours. What binds are the units: for the same requests, those that DynamoDB Local
reports (ReturnConsumedCapacity) beside those that the stand-in of the other benchmarks counts.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3

from contacts.adapters.dynamodb.contact_store import DynamoContactStore
from contacts.domain.import_job import DuplicateStrategy
from contacts.runtime import clients
from contacts.runtime.wiring import Wiring
from tests.benchmarks.capacity import Index
from tests.benchmarks.consumed_capacity import MIRROR, CapacityComparison, differences
from tests.benchmarks.figures import Figure, LeftOut, run
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT, SETTINGS, Bench, Scenario, upload_key
from tests.benchmarks.import_sample import sample
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table
from tests.benchmarks.metered_s3 import MeteredS3
from tests.benchmarks.store_steps import VALUES, StoreSteps
from tests.support.contact_backends import TenantContacts, dynamodb_client
from tests.support.dynamodb_local import PACKAGE, UnavailableError, dynamodb_local_endpoint
from tests.support.dynamodb_tables import create_tables, table_properties
from tests.support.fake_clock import FakeClock

NAMED = "DynamoDB Local"
LOOP = "loop of conditional put_item"
LOOP_CONTACTS = 500
IMPORTS = (
    Scenario("create", DuplicateStrategy.SKIP, "Newcomers"),
    Scenario("update", DuplicateStrategy.UPDATE, all_exist=True),
    Scenario("create again, twins", DuplicateStrategy.CREATE, all_exist=True),
)


class LocalBench(Bench):
    """Imports whose tables are DynamoDB Local's; S3 and EventBridge are answered in this process, as ever."""

    def __init__(self, endpoint: str) -> None:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = endpoint
        self.aws = MeteredAws(MeteredDynamoDB({}), MeteredS3())
        for client in (clients.dynamodb, clients.dynamodb_sending_once, clients.s3, clients.events):
            client.cache_clear()
        self.aws.attach(clients.s3(), clients.events())
        self.wiring = Wiring(SETTINGS)
        found = clients.dynamodb().list_tables()["TableNames"]
        for name in (SETTINGS.contacts_table, SETTINGS.jobs_table):
            if name in found:
                clients.dynamodb().delete_table(TableName=name)
        create_tables(clients.dynamodb())

    def run(self, scenario: Scenario, rows: int, edition: str) -> None:
        """An import from the upload on, checked."""
        file, job_id = sample(rows, edition), f"job-{edition}"
        self.aws.s3.objects[upload_key(job_id)] = file.to_csv()
        self.create_job(job_id, scenario)
        self.stage(job_id)
        self.apply_and_finish(job_id)
        self.check(job_id, file.contents, scenario)


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    os.environ.update(CLIENT_ENVIRONMENT)
    try:
        endpoint = dynamodb_local_endpoint()
    except UnavailableError as error:
        raise LeftOut(f"no DynamoDB Local: {error}") from error
    print(f"DynamoDB Local of the npm package {PACKAGE}, tables in memory")
    yield from store_figures(endpoint, arguments.contacts)
    yield from import_figures(endpoint, arguments.rows)
    yield from store_units(endpoint, min(arguments.contacts, 200))
    yield from import_units(endpoint, min(arguments.rows, 2_000))


def store_figures(endpoint: str, count: int) -> Iterator[Figure]:
    """Rates of the contact store beside the loop's."""
    tenant = _tenant(endpoint)
    for _, action in StoreSteps(_tenant(endpoint), 200).main_steps():
        action()  # fills the SDK's caches and lets Java compile
    loop = _put_item_loop(endpoint, 200)
    loop()
    loop_seconds = timed(_put_item_loop(endpoint, LOOP_CONTACTS))
    for name, action in StoreSteps(tenant, count).main_steps():
        yield from _rates(f"{NAMED}, store, {name}", "contacts", count, timed(action), loop_seconds)


def import_figures(endpoint: str, rows: int) -> Iterator[Figure]:
    """Whole imports, staging included."""
    bench = LocalBench(endpoint)
    loop_seconds = timed(_put_item_loop(endpoint, LOOP_CONTACTS))
    for number, scenario in enumerate(IMPORTS):
        seconds = timed(lambda scenario=scenario, number=number: bench.run(scenario, rows, str(number)))
        yield from _rates(f"{NAMED}, import, {scenario.name}", "rows", rows, seconds, loop_seconds)


def store_units(endpoint: str, count: int) -> Iterator[Figure]:
    """What the stand-in counts beside what DynamoDB Local reports, for each kind of write and read."""
    client = dynamodb_client(endpoint)
    prefix = f"{uuid.uuid4().hex[:8]}-"
    names = create_tables(client, prefix)
    create_tables(client, MIRROR + prefix)
    tables = {names[name]: table for name, table in tables_of_template().items()}
    comparison = CapacityComparison(endpoint, MeteredDynamoDB(tables))
    comparison.attach(client)
    tenant = _tenant(endpoint, client, names["ContactsTable"])
    steps = StoreSteps(tenant, count)
    for some in (steps.main_steps(), steps.further_steps()):
        for name, action in some:
            comparison.reset()
            action()
            yield from _units(f"store, {name}", comparison)


def import_units(endpoint: str, rows: int) -> Iterator[Figure]:
    """The same for whole imports, jobs and segments included."""
    bench = LocalBench(endpoint)
    create_tables(dynamodb_client(endpoint), MIRROR)
    comparison = CapacityComparison(endpoint, MeteredDynamoDB(tables_of_template()))
    comparison.attach(clients.dynamodb(), clients.dynamodb_sending_once())
    for number, scenario in enumerate(IMPORTS):
        comparison.reset()
        bench.run(scenario, rows, str(number))
        yield from _units(f"import, {scenario.name}", comparison)


def tables_of_template() -> dict[str, Table]:
    """The stand-in's tables, empty."""
    return {
        name: Table([Index.from_template(index) for index in properties.get("GlobalSecondaryIndexes", ())])
        for name, properties in table_properties().items()
    }


def _tenant(endpoint: str, client: Any = None, table: str = "") -> TenantContacts:
    """A new tenant, on a table of its own where none is given."""
    client = client or dynamodb_client(endpoint)
    table = table or create_tables(client, f"{uuid.uuid4().hex[:8]}-")["ContactsTable"]
    clock = FakeClock()
    return TenantContacts(DynamoContactStore(reads=client, writes=client, table=table, clock=clock), clock)


def _put_item_loop(endpoint: str, count: int) -> Callable[[], None]:
    """What everybody writes first: boto3's resource as it comes, one conditional put a contact."""
    resource = boto3.resource("dynamodb", endpoint_url=endpoint)
    name = create_tables(dynamodb_client(endpoint), f"{uuid.uuid4().hex[:8]}-")["ContactsTable"]
    table = resource.Table(name)

    def loop() -> None:
        for number in range(count):
            item = {"pk": "tenant", "sk": f"{number:08}", "email": f"person{number}@example.com", **VALUES}
            table.put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")

    return loop


def _rates(
    subject: str, what: str, count: int, seconds: tuple[float, float], loop_seconds: tuple[float, float]
) -> Iterator[Figure]:
    for name, taken, loop in zip(
        (f"{what}/s on the clock", f"{what} a client CPU-second"), seconds, loop_seconds, strict=True
    ):
        yield Figure(subject=subject, name=name, value=count / taken, baseline=LOOP_CONTACTS / loop, against=LOOP)


def _units(subject: str, comparison: CapacityComparison) -> Iterator[Figure]:
    for line in differences(comparison):
        print(f"{subject}: {line}")
    for kind in ("write", "read"):
        units = comparison.total(kind)
        if units.reported or units.counted:
            yield Figure(
                subject="units counted by the stand-in",
                name=f"{subject}: {kind} units",
                value=units.counted,
                baseline=units.reported,
                against=f"{NAMED} reports",
                at_most=1,
                at_least=1,
                of_ratio=True,
            )


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--contacts", type=int, default=2_000, help="of the store's figures")
    parser.add_argument("--rows", type=int, default=10_000, help="of the imports")


if __name__ == "__main__":
    sys.exit(run(__doc__, measure, _add_arguments))
