"""What every `ExportJobStore` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from contacts.domain.errors import Problem
from contacts.domain.export_job import ExportFile, ExportFormat, ExportJob, ExportOptions, ExportStatus
from contacts.export_ports import ExportJobStore
from tests.support.client_wrappers import FailsFirst, SendsTwice, SmallPages, client_error
from tests.support.fake_clock import FakeClock
from tests.support.job_stores import JOB, LATER, JobStores, job_stores, make_bulk_job, make_export_job, make_job
from tests.support.jobs_table import JobsTable

FILE = ExportFile("exports/a/job-1/attempt-0001/contacts.csv", 2**40, "ab" * 32)
OTHER_FILE = replace(FILE, key="exports/a/job-1/attempt-0002/contacts.csv")
PROBLEM = Problem("EXPORT_FAILED", "It failed.")

MakeStore = Callable[..., ExportJobStore]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stores(memory_or_table: JobsTable | None, clock: FakeClock) -> JobStores:
    return job_stores(memory_or_table.emptied() if memory_or_table else None, clock)


@pytest.fixture
def store(stores: JobStores) -> ExportJobStore:
    return stores.exports


@pytest.fixture
def dynamo(table: JobsTable, clock: FakeClock) -> MakeStore:
    """Makes stores on one empty table; `wrap` puts something between the store and the client."""
    table.emptied()
    return lambda *wrap, **options: job_stores(table, clock, *wrap, **options).exports


def created(store: ExportJobStore, **fields: object) -> ExportJob:
    job = make_export_job(**fields)
    assert store.create_export(job)
    return job


def begun(store: ExportJobStore, clock: FakeClock, **fields: object) -> ExportJob:
    """A job at its first try."""
    job = store.begin_attempt(created(store, **fields).id, clock())
    assert job is not None
    return job


def ended(store: ExportJobStore, clock: FakeClock, **fields: object) -> ExportJob:
    """A job that has completed."""
    job = store.complete_export(begun(store, clock, **fields).id, 1, FILE, 3, clock())
    assert job is not None
    return job


class TestCreating:
    @pytest.mark.parametrize(
        "options",
        [
            ExportOptions(format=ExportFormat.CSV),
            ExportOptions(
                format=ExportFormat.JSONL,
                filters={"and": [{"field": "score", "gt": 0.1}, {"not": {"field": "ÿ", "in": [1, None, True]}}]},
                segment_id="seg-1",
                collection_id="c",
                selected_fields=("phone", "email"),
                include_custom_fields=True,
                include_engagement_metrics=True,
                byte_order_mark=True,
            ),
            ExportOptions(format=ExportFormat.XLSX, filters={}, selected_fields=()),
        ],
        ids=["plain", "all", "empty"],
    )
    def test_a_job_comes_back_as_it_went_in(self, store: ExportJobStore, options: ExportOptions) -> None:
        job = created(store, options=options, workspace="w")
        assert store.find_export(job.id) == job

    def test_an_id_that_is_taken_is_refused_and_its_job_stays(self, store: ExportJobStore) -> None:
        job = created(store)
        assert not store.create_export(replace(job, tenant="b"))
        assert store.find_export(job.id) == job

    @pytest.mark.parametrize("job_id", ["nobody", "", "x" * 5_000, "\ud800"])
    def test_there_is_no_job_of_an_id_that_a_caller_made_up(self, store: ExportJobStore, job_id: str) -> None:
        assert store.find_export(job_id) is None


class TestAttempts:
    def test_each_try_counts_and_starts_from_no_contact(self, store: ExportJobStore, clock: FakeClock) -> None:
        job = created(store)
        at = clock.advance(minutes=1)
        first = store.begin_attempt(job.id, at)
        assert first == replace(job, status=ExportStatus.PROCESSING, attempt=1, started_at=at, changed_at=at)
        assert store.report_progress(job.id, 1, 10, clock())
        later = clock.advance(minutes=1)
        second = store.begin_attempt(job.id, later)
        assert second == replace(first, attempt=2, processed=0, changed_at=later), "it started when it first did"
        assert store.find_export(job.id) == second

    def test_tries_at_once_are_tries_of_their_own(self, store: ExportJobStore, clock: FakeClock) -> None:
        created(store)
        with ThreadPoolExecutor(8) as pool:
            jobs = list(pool.map(lambda _: store.begin_attempt(JOB, clock()), range(8)))
        assert sorted(job.attempt for job in jobs if job) == list(range(1, 9))

    def test_a_job_that_ended_or_never_was_is_not_tried(self, store: ExportJobStore, clock: FakeClock) -> None:
        job = ended(store, clock)
        assert store.begin_attempt(job.id, clock.advance(minutes=1)) is None
        assert store.find_export(job.id) == job
        assert store.begin_attempt("nobody", clock()) is None
        assert store.find_export("nobody") is None

    def test_progress_is_that_of_the_latest_try(self, store: ExportJobStore, clock: FakeClock) -> None:
        job = created(store)
        assert not store.report_progress(job.id, 0, 5, clock.advance(minutes=1)), "nobody is at it"
        assert store.find_export(job.id) == job
        store.begin_attempt(job.id, clock())
        assert store.report_progress(job.id, 1, 10, clock())
        store.begin_attempt(job.id, clock())
        at = clock.advance(minutes=1)
        assert store.report_progress(job.id, 2, 4, at)
        assert not store.report_progress(job.id, 1, 20, clock.advance(minutes=1))
        assert not store.report_progress(job.id, 3, 20, clock())
        found = store.find_export(job.id)
        assert found is not None
        assert (found.processed, found.changed_at) == (4, at)
        store.fail_export(job.id, PROBLEM, clock())
        assert not store.report_progress(job.id, 2, 30, clock())


class TestEnding:
    def test_the_latest_try_completes_the_job(self, store: ExportJobStore, clock: FakeClock) -> None:
        job = begun(store, clock)
        store.report_progress(job.id, 1, 2, clock())
        at = clock.advance(minutes=1)
        done = store.complete_export(job.id, 1, FILE, 3, at)
        assert done == replace(
            job, status=ExportStatus.COMPLETED, file=FILE, total=3, processed=3, completed_at=at, changed_at=at
        )
        assert store.find_export(job.id) == done

    def test_an_older_try_completes_nothing(self, store: ExportJobStore, clock: FakeClock) -> None:
        begun(store, clock)
        job = store.begin_attempt(JOB, clock())
        assert store.complete_export(JOB, 1, FILE, 3, clock()) is None
        assert store.find_export(JOB) == job
        assert store.complete_export(JOB, 2, OTHER_FILE, 3, clock()) is not None
        assert store.complete_export(JOB, 1, FILE, 3, clock()) is None
        found = store.find_export(JOB)
        assert found is not None
        assert found.file == OTHER_FILE

    def test_a_try_that_completes_the_job_again_gets_it_as_it_is(self, store: ExportJobStore, clock: FakeClock) -> None:
        job = ended(store, clock)
        assert store.complete_export(job.id, 1, FILE, 3, clock.advance(minutes=1)) == job
        assert store.complete_export(job.id, 1, OTHER_FILE, 3, clock()) is None, "that is another file"
        assert store.find_export(job.id) == job

    def test_a_job_that_nobody_tried_or_that_never_was_is_not_completed(
        self, store: ExportJobStore, clock: FakeClock
    ) -> None:
        job = created(store)
        assert store.complete_export(job.id, 0, FILE, 3, clock()) is None
        assert store.complete_export(job.id, 1, FILE, 3, clock()) is None
        assert store.find_export(job.id) == job
        assert store.complete_export("nobody", 1, FILE, 3, clock()) is None

    def test_where_old_and_new_tries_end_at_once_the_new_one_counts(
        self, store: ExportJobStore, clock: FakeClock
    ) -> None:
        begun(store, clock)
        with ThreadPoolExecutor(6) as pool:
            older = [pool.submit(store.complete_export, JOB, 1, FILE, 1, clock()) for _ in range(3)]
            newer = pool.submit(store.begin_attempt, JOB, clock())
        completed = [each.result() for each in older if each.result() is not None]
        begun_again = newer.result()
        found = store.find_export(JOB)
        assert found is not None
        if begun_again is None:
            assert completed
            assert found.file == FILE
        else:
            assert completed == []
            assert found == begun_again

    @pytest.mark.parametrize("tries", [0, 1])
    def test_a_job_fails_once(self, store: ExportJobStore, clock: FakeClock, tries: int) -> None:
        job = begun(store, clock) if tries else created(store)
        at = clock.advance(minutes=1)
        failed = store.fail_export(job.id, PROBLEM, at)
        assert failed == replace(job, status=ExportStatus.FAILED, problem=PROBLEM, completed_at=at, changed_at=at)
        assert store.fail_export(job.id, Problem("X", "x"), clock.advance(minutes=1)) is None
        assert store.complete_export(job.id, tries, FILE, 3, clock()) is None
        assert store.find_export(job.id) == failed

    def test_a_job_that_completed_or_never_was_does_not_fail(self, store: ExportJobStore, clock: FakeClock) -> None:
        job = ended(store, clock)
        assert store.fail_export(job.id, PROBLEM, clock()) is None
        assert store.find_export(job.id) == job
        assert store.fail_export("nobody", PROBLEM, clock()) is None
        assert store.find_export("nobody") is None

    def test_the_sweeper_sees_a_job_until_its_end_is_announced(
        self, stores: JobStores, store: ExportJobStore, clock: FakeClock
    ) -> None:
        def watched() -> list[tuple[str, str]]:
            return [(each.job_id, each.kind) for each in stores.imports.open_jobs(LATER)]

        begun(store, clock)
        store.mark_export_announced(JOB, clock())
        assert watched() == [(JOB, "export")], "a job that runs has nothing to announce"
        failed = store.fail_export(JOB, PROBLEM, clock())
        assert watched() == [(JOB, "export")]
        assert failed is not None
        at = clock.advance(minutes=1)
        store.mark_export_announced(JOB, at)
        store.mark_export_announced(JOB, clock.advance(minutes=1))
        assert watched() == []
        assert store.find_export(JOB) == replace(failed, announced=True, changed_at=at)
        store.mark_export_announced("nobody", clock())
        assert store.find_export("nobody") is None


class TestCleaningUp:
    def test_expired_jobs_come_oldest_first_whatever_became_of_them(
        self, stores: JobStores, store: ExportJobStore, clock: FakeClock
    ) -> None:
        for number, day in ((1, "03"), (2, "01"), (3, "02"), (4, "04")):
            created(store, id_=f"job-{number}", expires_at=f"2026-02-{day}T00:00:00.000Z")
        store.begin_attempt("job-1", clock())
        store.fail_export("job-2", PROBLEM, clock())
        store.mark_export_announced("job-2", clock())
        stores.imports.create_import(make_job("import"))
        stores.bulk.create_job(make_bulk_job("bulk"))
        assert list(store.expired_exports("2026-02-03T00:00:00.000Z")) == ["job-2", "job-3", "job-1"]
        assert list(store.expired_exports("2026-02-02T23:59:59.999Z")) == ["job-2", "job-3"]
        assert list(store.expired_exports("2026-01-31T23:59:59.999Z")) == []

    def test_an_expired_job_that_has_ended_is_removed_once(
        self, stores: JobStores, store: ExportJobStore, clock: FakeClock
    ) -> None:
        job = ended(store, clock)
        assert not store.remove_export(job.id, "2026-01-07T23:59:59.999Z")
        assert store.find_export(job.id) == job
        assert store.remove_export(job.id, job.expires_at)
        assert not store.remove_export(job.id, job.expires_at)
        assert store.find_export(job.id) is None
        assert list(store.expired_exports(LATER)) == []
        assert list(stores.imports.open_jobs(LATER)) == []
        assert stores.imports.list_jobs("a", limit=5).items == []

    @pytest.mark.parametrize("tries", [0, 1])
    def test_a_job_that_runs_is_never_removed(self, store: ExportJobStore, clock: FakeClock, tries: int) -> None:
        job = begun(store, clock) if tries else created(store)
        assert not store.remove_export(job.id, LATER)
        assert store.find_export(job.id) == job

    def test_nothing_else_is_removed(self, stores: JobStores, store: ExportJobStore, clock: FakeClock) -> None:
        stores.imports.create_import(make_job("import"))
        assert not store.remove_export("import", LATER)
        assert not store.remove_export("nobody", LATER)
        assert stores.imports.find_import("import") is not None

    def test_a_job_that_no_clean_up_removed_is_gone_a_week_after_its_expiry(
        self, stores: JobStores, store: ExportJobStore, clock: FakeClock
    ) -> None:
        begun(store, clock)
        clock.advance(days=13)
        assert store.fail_export(JOB, PROBLEM, clock()) is not None, "expired, but there"
        clock.advance(days=1, seconds=-1)
        assert store.find_export(JOB) is not None
        clock.advance(seconds=1)
        assert store.find_export(JOB) is None, "its last change gave it no more time"
        assert stores.imports.list_jobs("a", limit=5).items == []
        assert store.create_export(make_export_job(at=clock())), "its id is free again"


class TestTheNetworkOfDynamoDB:
    """What can go wrong between the store and the table; the in-memory one has nothing of the kind."""

    def test_a_completion_that_went_out_twice_is_known_as_our_own(self, dynamo: MakeStore, clock: FakeClock) -> None:
        begun(dynamo(), clock)
        store = dynamo(lambda client: SendsTwice(client, "update_item"))
        done = store.complete_export(JOB, 1, FILE, 3, clock())
        assert done is not None
        assert done.file == FILE

    def test_more_expired_jobs_than_one_answer_holds_are_all_found(self, dynamo: MakeStore) -> None:
        store = dynamo(SmallPages)
        ids = [created(store, id_=f"job-{number}").id for number in range(5)]
        assert sorted(store.expired_exports(LATER)) == ids

    @pytest.mark.parametrize(
        ("method", "call"),
        [
            ("put_item", lambda store, at: store.create_export(make_export_job("job-2"))),
            ("update_item", lambda store, at: store.begin_attempt(JOB, at)),
            ("update_item", lambda store, at: store.report_progress(JOB, 1, 3, at)),
            ("update_item", lambda store, at: store.complete_export(JOB, 1, FILE, 3, at)),
            ("update_item", lambda store, at: store.fail_export(JOB, PROBLEM, at)),
            ("update_item", lambda store, at: store.mark_export_announced(JOB, at)),
            ("delete_item", lambda store, at: store.remove_export(JOB, at)),
        ],
        ids=["create", "begin", "progress", "complete", "fail", "announce", "remove"],
    )
    def test_trouble_is_never_taken_for_an_answer(
        self, dynamo: MakeStore, clock: FakeClock, method: str, call: Callable[[ExportJobStore, str], object]
    ) -> None:
        begun(dynamo(), clock)
        denied = client_error("AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            call(dynamo(lambda client: FailsFirst(client, method, denied)), clock())
