"""Imports on metered tables, checked and measured; see `import_cost`."""

from __future__ import annotations

import cProfile
import os
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import orjson

from contacts.domain.import_job import DuplicateStrategy, ImportJob, ImportOptions, ImportStatus
from contacts.domain.object_keys import manifest_key
from contacts.runtime import clients
from contacts.runtime.import_steps import apply_import_part, finish_import
from contacts.runtime.settings import Settings
from contacts.runtime.staging import stage_import
from contacts.runtime.wiring import Wiring
from tests.benchmarks.capacity import Index, lambda_price
from tests.benchmarks.import_sample import MAPPING, Contents, Sample
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table
from tests.benchmarks.metered_s3 import MeteredS3
from tests.benchmarks.specification_loop import CONTACTS as LOOP_CONTACTS
from tests.support.dynamodb_tables import table_properties

TENANT = "acme"
TAGS = ("import", "2026")
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
    contacts' table alone, because the job is written whatever becomes of the rows. `has_loop` says whether the
    specification's loop does the same.
    """

    name: str
    strategy: DuplicateStrategy
    segment: str | None = None
    all_exist: bool = False
    has_loop: bool = True
    max_requests: float | None = 0.06
    max_write_units: float | None = None
    max_contact_units: int | None = None
    min_rate: int | None = None
    min_ratio: float | None = None

    def contacts(self, contents: Contents) -> int:
        """How many contacts a file is about: with strategy create, every row is about one of its own."""
        return contents.valid if self.strategy is DuplicateStrategy.CREATE else contents.people


#: Fills empty tables, for imports that find everybody there.
EARLIER = Scenario("earlier", DuplicateStrategy.SKIP)


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
    def metered(cls, aws: MeteredAws, cpu_seconds: float, contents: Contents, scenario: Scenario) -> Cost:
        return cls(
            rows=contents.valid,
            contacts=scenario.contacts(contents),
            cpu_seconds=cpu_seconds,
            requests=aws.requests.total(),
            write_units=aws.dynamodb.write_units,
            contact_units=aws.dynamodb.written[SETTINGS.contacts_table] + aws.dynamodb.written[LOOP_CONTACTS],
            read_units=aws.dynamodb.read_units,
            price=aws.price(),
        )

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    @property
    def rate(self) -> float:
        return self.rows / self.cpu_seconds

    @property
    def requests_a_row(self) -> float:
        return self.requests / self.rows

    @property
    def write_units_a_contact(self) -> float:
        return self.write_units / self.contacts

    @property
    def contact_units_a_contact(self) -> float:
        return self.contact_units / self.contacts

    @property
    def read_units_a_row(self) -> float:
        return self.read_units / self.rows

    @property
    def dollars_a_million(self) -> float:
        """Of contacts, for requests."""
        return self.price / self.contacts * 1_000_000

    @property
    def compute_dollars_a_million(self) -> float:
        """Of contacts, if Lambda were paid by CPU time."""
        return lambda_price(self.cpu_seconds) / self.contacts * 1_000_000


class Bench:
    """One tenant's empty tables and bucket, and the functions' use cases on them."""

    def __init__(self, new_table: Callable[[Sequence[Index]], Table] = Table, s3: MeteredS3 | None = None) -> None:
        tables = {
            name: new_table([Index.from_template(index) for index in properties.get("GlobalSecondaryIndexes", ())])
            for name, properties in table_properties().items()
        }
        self.aws = MeteredAws(MeteredDynamoDB(tables), s3 or MeteredS3())
        for client in (clients.dynamodb, clients.dynamodb_sending_once, clients.s3, clients.events):
            client.cache_clear()
            self.aws.attach(client())
        self.wiring = Wiring(SETTINGS)

    def import_file(
        self, job_id: str, file: Sample, scenario: Scenario, profile: cProfile.Profile | None = None
    ) -> Cost:
        """Stage the file, then measure the rest."""
        self.aws.s3.objects[upload_key(job_id)] = file.to_csv()
        self.create_job(job_id, scenario)
        self.stage(job_id)
        self.aws.reset()
        if profile:
            profile.enable()
        self.apply_and_finish(job_id)
        if profile:
            profile.disable()
        cost = Cost.metered(self.aws, self.aws.cpu_seconds(), file.contents, scenario)
        self.check(job_id, file.contents, scenario)
        return cost

    def create_job(self, job_id: str, scenario: Scenario) -> None:
        """Of the file under `upload_key`."""
        now = self.wiring.clock()
        job = ImportJob(
            id=job_id,
            tenant=TENANT,
            created_by="user",
            created_at=now,
            changed_at=now,
            file_name="people.csv",
            file_key=upload_key(job_id),
            file_url=f"s3://files/{upload_key(job_id)}",
            field_mapping=MAPPING,
            options=ImportOptions(
                duplicate_strategy=scenario.strategy, tags=TAGS, segment_name=scenario.segment, validate_email=True
            ),
        )
        self.wiring.jobs.create_import(job)

    def stage(self, job_id: str) -> None:
        stage_import(self.wiring)(job_id)

    def apply_and_finish(self, job_id: str) -> None:
        apply, finish = apply_import_part(self.wiring), finish_import(self.wiring)
        for entry in orjson.loads(self.aws.s3.objects[manifest_key(TENANT, job_id)]):
            apply(job_id, entry["part"])
        finish(job_id)

    def check(self, job_id: str, contents: Contents, scenario: Scenario) -> None:
        """A benchmark of an import that does not import shows nothing."""
        job = self.wiring.jobs.find_import(job_id)
        if job is None:
            raise RuntimeError("the job is gone")
        updated = contents.valid if scenario.strategy is DuplicateStrategy.UPDATE else 0
        creates = scenario.strategy is DuplicateStrategy.CREATE or not scenario.all_exist
        created = scenario.contacts(contents) if creates else 0
        found = (job.status, job.counts.created, job.counts.updated, job.counts.processed, job.announced)
        if found != (ImportStatus.COMPLETED, created, updated, contents.rows, True):
            raise RuntimeError(f"{scenario.name} went wrong: {found}")


def upload_key(job_id: str) -> str:
    return f"uploads/{TENANT}/{job_id}"
