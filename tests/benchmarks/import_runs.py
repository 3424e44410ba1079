"""Imports and the specification's loop on metered tables, checked and measured; see `import_cost`."""

from __future__ import annotations

import cProfile
import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import boto3
import orjson

from contacts.domain.import_job import DuplicateStrategy, ImportJob, ImportOptions, ImportStatus
from contacts.domain.object_keys import manifest_key
from contacts.runtime import clients
from contacts.runtime.import_steps import apply_import_part, finish_import
from contacts.runtime.settings import Settings
from contacts.runtime.staging import stage_import
from contacts.runtime.wiring import Wiring
from tests.benchmarks.capacity import Index
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table
from tests.benchmarks.metered_s3 import MeteredS3
from tests.benchmarks.specification_loop import CONTACTS as LOOP_CONTACTS
from tests.benchmarks.specification_loop import SpecificationLoop, loop_tables
from tests.support.dynamodb_tables import table_properties

TENANT = "acme"
TAGS = ("import", "2026")
MAPPING = {
    "E-mail": "email",
    "First name": "firstName",
    "Last name": "lastName",
    "Company": "company",
    "Phone": "phone",
    "Title": "title",
    "Zip": "customFields.zip",
}
WARM_UP_ROWS = 2_000
CLIENT_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
SETTINGS = Settings(
    {
        "CONTACTS_TABLE": "ContactsTable",
        "JOBS_TABLE": "JobsTable",
        "FILES_BUCKET": "files",
        "EVENT_BUS_NAME": "events",
        "MAX_FILE_BYTES": str(10**9),
        "MAX_ROWS": str(10**7),
        "DEFAULT_PHONE_REGION": "DE",
        "JOB_RETENTION_DAYS": "90",
    }
)


@dataclass(frozen=True)
class Scenario:
    """A kind of import, and its budgets; None where there is none. `min_ratio` is to the loop's rows a CPU-second.

    Write units include indexes, members of the segment, the job and its parts; `max_contact_units` looks at the
    contacts' table alone, because the job is written whatever becomes of the rows.
    """

    name: str
    strategy: DuplicateStrategy
    segment: str | None = None
    all_exist: bool = False
    max_requests: float = 0.06
    max_write_units: float | None = None
    max_contact_units: int | None = None
    min_rate: int | None = None
    min_ratio: float | None = None


#: Fills empty tables, for imports that find everybody there.
EARLIER = Scenario("earlier", DuplicateStrategy.SKIP)


@dataclass(frozen=True)
class Sample:
    """A file: `valid` rows of it can be imported, of `people` different e-mails."""

    rows: Sequence[Mapping[str, str]]
    valid: int
    people: int

    def to_csv(self) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(MAPPING))
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue().encode()


@dataclass(frozen=True)
class Cost:
    """What importing so many valid rows, and writing so many contacts, took."""

    rows: int
    contacts: int
    cpu_seconds: float
    requests: int
    write_units: float
    contact_units: int
    read_units: float
    price: float

    @classmethod
    def metered(cls, aws: MeteredAws, cpu_seconds: float, sample: Sample) -> Cost:
        return cls(
            rows=sample.valid,
            contacts=sample.people,
            cpu_seconds=cpu_seconds,
            requests=aws.requests.total(),
            write_units=aws.dynamodb.write_units,
            contact_units=aws.dynamodb.written[SETTINGS.contacts_table] + aws.dynamodb.written[LOOP_CONTACTS],
            read_units=aws.dynamodb.read_units,
            price=aws.price(),
        )

    @property
    def rate(self) -> float:
        return self.rows / self.cpu_seconds

    @property
    def requests_a_row(self) -> float:
        return self.requests / self.rows

    @property
    def write_units_a_contact(self) -> float:
        return self.write_units / self.contacts


def sample(count: int, edition: str) -> Sample:
    """Two files of different editions hold the same people with other companies, phones and titles."""
    rows = []
    for n in range(count):
        person = n - 7 if n % 20 == 19 else n
        rows.append(
            {
                "E-mail": "no e-mail" if n % 50 == 24 else f"Person.{person}@Example.com",
                "First name": f"First{person % 1000}",
                "Last name": f"Last{person % 3000}",
                "Company": f"Company {edition} {n % 500}, Inc.",
                "Phone": f"+49{edition}17{n:08}",
                "Title": f"Engineer {edition}",
                "Zip": f"{n % 99999:05}",
            }
        )
    valid = [row["E-mail"] for row in rows if "@" in row["E-mail"]]
    return Sample(rows, len(valid), len(set(valid)))


class Bench:
    """One tenant's empty tables and bucket, and the functions' use cases on them."""

    def __init__(self) -> None:
        tables = {
            name: Table([Index.from_template(index) for index in properties.get("GlobalSecondaryIndexes", ())])
            for name, properties in table_properties().items()
        }
        self.aws = MeteredAws(MeteredDynamoDB({**tables, **loop_tables()}), MeteredS3())
        for client in (clients.dynamodb, clients.dynamodb_sending_once, clients.s3, clients.events):
            client.cache_clear()
            self.aws.attach(client())
        self.wiring = Wiring(SETTINGS)

    def import_file(
        self, job_id: str, file: Sample, scenario: Scenario, profile: cProfile.Profile | None = None
    ) -> Cost:
        """Stage the file, then measure the rest."""
        self._stage(job_id, file, scenario)
        parts = [entry["part"] for entry in orjson.loads(self.aws.s3.objects[manifest_key(TENANT, job_id)])]
        apply, finish = apply_import_part(self.wiring), finish_import(self.wiring)
        self.aws.reset()
        if profile:
            profile.enable()
        for part in parts:
            apply(job_id, part)
        finish(job_id)
        if profile:
            profile.disable()
        cost = Cost.metered(self.aws, self.aws.cpu_seconds(), file)
        self._check(job_id, file, scenario)
        return cost

    def loop_over(self, file: Sample, scenario: Scenario) -> Cost:
        """The specification's loop over the same rows."""
        resource = boto3.resource("dynamodb")
        self.aws.attach(resource.meta.client)
        loop = SpecificationLoop(resource, strategy=scenario.strategy, tags=TAGS, segment=scenario.segment)
        self.aws.reset()
        result = loop(file.rows, MAPPING)
        cost = Cost.metered(self.aws, self.aws.cpu_seconds(), file)
        if result.created + result.updated + result.skipped != len(file.rows):
            raise SystemExit(f"the loop went wrong: {result.created} created, {result.updated} updated")
        return cost

    def _stage(self, job_id: str, file: Sample, scenario: Scenario) -> None:
        now = self.wiring.clock()
        key = f"uploads/{TENANT}/{job_id}"
        self.aws.s3.objects[key] = file.to_csv()
        job = ImportJob(
            id=job_id,
            tenant=TENANT,
            created_by="user",
            created_at=now,
            changed_at=now,
            file_name="people.csv",
            file_key=key,
            file_url=f"s3://files/{key}",
            field_mapping=MAPPING,
            options=ImportOptions(
                duplicate_strategy=scenario.strategy, tags=TAGS, segment_name=scenario.segment, validate_email=True
            ),
        )
        self.wiring.jobs.create_import(job)
        stage_import(self.wiring)(job_id)

    def _check(self, job_id: str, file: Sample, scenario: Scenario) -> None:
        """A benchmark of an import that does not import shows nothing."""
        job = self.wiring.jobs.find_import(job_id)
        if job is None:
            raise SystemExit("the job is gone")
        updated = file.valid if scenario.strategy is DuplicateStrategy.UPDATE else 0
        created = 0 if scenario.all_exist else file.people
        found = (job.status, job.counts.created, job.counts.updated, job.counts.processed, job.announced)
        if found != (ImportStatus.COMPLETED, created, updated, len(file.rows), True):
            raise SystemExit(f"{scenario.name} went wrong: {found}")


def measure(scenario: Scenario, rows: int, profile: cProfile.Profile | None = None) -> Cost:
    bench = Bench()
    # Fills caches of the SDK, and of ours, as the earlier parts of an import do.
    bench.import_file("warm-up", sample(min(rows, WARM_UP_ROWS), "0"), EARLIER)
    bench = Bench()
    if scenario.all_exist:
        bench.import_file("earlier", sample(rows, "1"), EARLIER)
    return bench.import_file("job", sample(rows, "2"), scenario, profile)


def measure_loop(scenario: Scenario, rows: int) -> Cost:
    bench = Bench()
    if scenario.all_exist:
        bench.loop_over(sample(rows, "1"), EARLIER)
    return bench.loop_over(sample(rows, "2"), scenario)
