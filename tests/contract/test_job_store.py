"""What every `JobStore` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.job_lists import MAX_QUERIES
from contacts.domain.column_mapping import MAX_HEADER_BYTES, MAX_MAPPING_BYTES
from contacts.domain.contact_fields import MAX_TAG_CHARS, MAX_TAGS
from contacts.domain.errors import InvalidRequest
from contacts.domain.import_job import (
    BlankValues,
    DuplicateStrategy,
    FileError,
    ImportOptions,
    ImportStatus,
    PartRecord,
    RowCounts,
    StagedFile,
)
from contacts.ports import JobStore, OpenJob
from tests.support.client_wrappers import CountsPages, FailsFirst, LosesAnswers, client_error
from tests.support.fake_clock import FakeClock
from tests.support.job_stores import RETENTION_DAYS, MakeStore, make_job, started, store_maker
from tests.support.jobs_table import JobsTable
from tests.support.memory_job_store import MemoryJobStore

STAGED = StagedFile("v1", "csv", 1234, ("E-Mail", "", "Straße"), 3, 10, RowCounts(skipped=4, errors=4))
COUNTS = RowCounts(created=3, updated=2, skipped=4, errors=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(memory_or_table: JobsTable | None, clock: FakeClock) -> JobStore:
    if memory_or_table is None:
        return MemoryJobStore(clock=clock, retention_days=RETENTION_DAYS)
    return store_maker(memory_or_table.emptied(), clock)()


@pytest.fixture
def dynamo(table: JobsTable, clock: FakeClock) -> MakeStore:
    """Makes stores on one empty table; `wrap` puts something between the store and the client."""
    return store_maker(table.emptied(), clock)


class TestCreating:
    def test_a_job_comes_back_as_it_went_in(self, store: JobStore) -> None:
        job = make_job(
            workspace="w",
            field_mapping={"E-Mail": "email", "Größe, cm": "customFields.size"},
            options=ImportOptions(
                file_type="xlsx",
                duplicate_strategy=DuplicateStrategy.UPDATE,
                tags=("x", "ÿ"),
                segment_name="Fair 2026",
                validate_email=False,
                validate_phone=True,
                blank_values=BlankValues.CLEAR,
                sheet="Sheet 2",
            ),
        )
        assert store.create_import(job)
        assert store.find_import(job.id) == job

    def test_the_longest_mapping_header_tags_and_error_fit_into_a_job(self, store: JobStore, clock: FakeClock) -> None:
        """DynamoDB takes 400 KB an item; an unknown target is named in the error once more."""
        mapping = {f"{column:0256}": "é" * 128 for column in range(MAX_MAPPING_BYTES // 512)}
        tags = tuple(f"{tag:04}" + "𐍈" * (MAX_TAG_CHARS - 4) for tag in range(MAX_TAGS))
        job = started(store, clock, field_mapping=mapping, options=ImportOptions(tags=tags))
        assert store.record_staged(job.id, replace(STAGED, header=("",) * MAX_HEADER_BYTES), clock())
        error = FileError("UNKNOWN_MAPPING_TARGET", ", ".join(mapping.values()), "é" * 1_024)
        assert store.close_import(job.id, ImportStatus.FAILED, clock(), error) is not None

    def test_an_id_that_is_taken_is_refused_and_its_job_stays(self, store: JobStore) -> None:
        first = make_job()
        assert store.create_import(first)
        assert not store.create_import(replace(first, tenant="b"))
        assert store.find_import(first.id) == first

    @pytest.mark.parametrize("job_id", ["nobody", "", "x" * 5_000, "\ud800"])
    def test_there_is_no_job_of_an_id_that_a_caller_made_up(self, store: JobStore, job_id: str) -> None:
        assert store.find_import(job_id) is None


class TestProcessing:
    def test_a_pending_job_starts_once(self, store: JobStore, clock: FakeClock) -> None:
        store.create_import(make_job())
        at = clock.advance(minutes=1)
        first = store.start_processing("job-1", at)
        assert first == make_job(status=ImportStatus.PROCESSING, started_at=at, changed_at=at)
        assert store.start_processing("job-1", clock.advance(minutes=1)) == first
        assert store.find_import("job-1") == first

    @pytest.mark.parametrize("status", [ImportStatus.COMPLETED, ImportStatus.FAILED])
    def test_a_job_that_ended_never_starts_again(self, store: JobStore, clock: FakeClock, status: ImportStatus) -> None:
        started(store, clock)
        closed = store.close_import("job-1", status, clock())
        assert store.start_processing("job-1", clock()) is None
        assert store.find_import("job-1") == closed

    def test_a_job_that_never_was_does_not_start(self, store: JobStore, clock: FakeClock) -> None:
        assert store.start_processing("nobody", clock()) is None
        assert store.find_import("nobody") is None

    def test_staging_is_recorded_once_with_the_rows_it_rejected(self, store: JobStore, clock: FakeClock) -> None:
        job = started(store, clock)
        at = clock.advance(minutes=1)
        assert store.record_staged(job.id, STAGED, at)
        expected = replace(job, staged=STAGED, counts=STAGED.rejected, changed_at=at)
        assert store.find_import(job.id) == expected
        assert not store.record_staged(job.id, replace(STAGED, total_rows=11), clock.advance(minutes=1))
        assert store.find_import(job.id) == expected

    def test_staging_a_job_that_ended_changes_nothing(self, store: JobStore, clock: FakeClock) -> None:
        started(store, clock)
        closed = store.close_import("job-1", ImportStatus.FAILED, clock())
        assert not store.record_staged("job-1", STAGED, clock.advance(minutes=1))
        assert store.find_import("job-1") == closed


class TestParts:
    def test_each_part_counts_once_however_often_it_is_recorded(self, store: JobStore, clock: FakeClock) -> None:
        job = started(store, clock)
        store.record_staged(job.id, STAGED, clock())
        at = clock.advance(minutes=1)
        assert store.record_part(job.id, PartRecord(0, COUNTS), at)
        assert not store.record_part(job.id, PartRecord(0, COUNTS + COUNTS), clock.advance(minutes=1))
        assert store.record_part(job.id, PartRecord(1, RowCounts()), at)
        found = store.find_import(job.id)
        assert found is not None
        assert found.counts == STAGED.rejected + COUNTS
        assert found.changed_at == at
        assert list(store.parts(job.id)) == [PartRecord(0, COUNTS), PartRecord(1, RowCounts())]

    def test_parts_come_in_the_order_of_their_numbers_and_of_one_job(self, store: JobStore, clock: FakeClock) -> None:
        started(store, clock)
        started(store, clock, id_="job-2")
        numbers = [10, 2, 0, 1, 99, 100, 9]
        for number in numbers:
            assert store.record_part("job-1", PartRecord(number, RowCounts(created=number), reconciled=True), clock())
        store.record_part("job-2", PartRecord(3, COUNTS), clock())
        assert list(store.parts("job-1")) == [
            PartRecord(number, RowCounts(created=number), reconciled=True) for number in sorted(numbers)
        ]
        assert [store.has_part("job-1", number) for number in (0, 3, 100)] == [True, False, True]

    def test_a_part_of_a_job_that_ended_leaves_no_trace(self, store: JobStore, clock: FakeClock) -> None:
        started(store, clock)
        closed = store.close_import("job-1", ImportStatus.FAILED, clock())
        assert not store.record_part("job-1", PartRecord(0, COUNTS), clock())
        assert not store.record_part("nobody", PartRecord(0, COUNTS), clock())
        assert not store.has_part("job-1", 0)
        assert list(store.parts("job-1")) == []
        assert store.find_import("job-1") == closed

    def test_workers_at_the_same_parts_at_once_count_each_part_once(self, store: JobStore, clock: FakeClock) -> None:
        started(store, clock)
        numbers = [number for number in range(8) for _ in range(3)]

        def record(number: int) -> tuple[int, bool]:
            return number, store.record_part("job-1", PartRecord(number, COUNTS), clock())

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(record, numbers))
        assert sorted(number for number, counted in answers if counted) == list(range(8))
        job = store.find_import("job-1")
        assert job is not None
        assert job.counts == RowCounts(created=24, updated=16, skipped=32, errors=8)
        assert len(list(store.parts("job-1"))) == 8


class TestClosing:
    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (ImportStatus.COMPLETED, None),
            (ImportStatus.FAILED, FileError("FILE_REJECTED", "The quote in row 3 never ends.", "Straße")),
            (ImportStatus.FAILED, FileError("IMPORT_FAILED", "It failed.")),
        ],
    )
    def test_a_job_ends_once(
        self, store: JobStore, clock: FakeClock, status: ImportStatus, error: FileError | None
    ) -> None:
        job = started(store, clock)
        at = clock.advance(minutes=1)
        closed = store.close_import(job.id, status, at, error)
        assert closed == replace(job, status=status, completed_at=at, changed_at=at, file_error=error)
        assert store.close_import(job.id, ImportStatus.FAILED, clock.advance(minutes=1), FileError("X", "x")) is None
        assert store.close_import(job.id, ImportStatus.COMPLETED, clock()) is None
        assert store.find_import(job.id) == closed

    def test_a_job_that_never_started_can_be_closed(self, store: JobStore, clock: FakeClock) -> None:
        store.create_import(make_job())
        closed = store.close_import("job-1", ImportStatus.FAILED, clock())
        assert closed is not None
        assert closed.started_at is None

    def test_a_job_that_never_was_is_not_closed(self, store: JobStore, clock: FakeClock) -> None:
        assert store.close_import("nobody", ImportStatus.FAILED, clock()) is None
        assert store.find_import("nobody") is None

    def test_of_many_that_close_a_job_at_once_one_does(self, store: JobStore, clock: FakeClock) -> None:
        started(store, clock)
        with ThreadPoolExecutor(8) as pool:
            closed = list(pool.map(lambda _: store.close_import("job-1", ImportStatus.FAILED, clock()), range(16)))
        assert sum(job is not None for job in closed) == 1


class TestOpenJobs:
    def test_a_job_is_open_until_it_has_ended_and_been_announced(self, store: JobStore, clock: FakeClock) -> None:
        def open_ids() -> list[str]:
            return [job.job_id for job in store.open_jobs("2026-02-01T00:00:00.000Z")]

        store.create_import(make_job())
        assert open_ids() == ["job-1"]
        store.start_processing("job-1", clock())
        store.mark_announced("job-1", clock())
        assert open_ids() == ["job-1"], "a job that runs has nothing to announce"
        closed = store.close_import("job-1", ImportStatus.COMPLETED, clock())
        assert open_ids() == ["job-1"]
        assert closed is not None
        assert not closed.announced
        at = clock.advance(minutes=1)
        store.mark_announced("job-1", at)
        store.mark_announced("job-1", clock.advance(minutes=1))
        assert open_ids() == []
        assert store.find_import("job-1") == replace(closed, announced=True, changed_at=at)

    def test_announcing_a_job_that_never_was_makes_none(self, store: JobStore, clock: FakeClock) -> None:
        store.mark_announced("nobody", clock())
        assert store.find_import("nobody") is None
        assert list(store.open_jobs("2027-01-01T00:00:00.000Z")) == []

    def test_only_jobs_that_have_not_changed_since_are_shown_longest_first(
        self, store: JobStore, clock: FakeClock
    ) -> None:
        for number in (3, 1, 2):
            store.create_import(make_job(f"job-{number}", at=f"2026-01-01T00:0{number}:00.000Z"))
        assert list(store.open_jobs("2026-01-01T00:03:00.000Z")) == [
            OpenJob("job-1", "2026-01-01T00:01:00.000Z", "import"),
            OpenJob("job-2", "2026-01-01T00:02:00.000Z", "import"),
        ]
        store.start_processing("job-1", "2026-01-01T00:05:00.000Z")
        assert [job.job_id for job in store.open_jobs("2026-01-01T00:04:00.000Z")] == ["job-2", "job-3"]
        store.record_part("job-1", PartRecord(0, COUNTS), "2026-01-01T00:06:00.000Z")
        assert [job.job_id for job in store.open_jobs("2026-01-01T00:06:00.000Z")] == ["job-2", "job-3"]


class TestListing:
    def test_pages_show_each_job_once_newest_first(self, store: JobStore) -> None:
        # Two of each moment: the id decides between them.
        jobs = [make_job(f"job-{number}", at=f"2026-01-01T00:0{number // 2}:00.000Z") for number in range(7)]
        for job in jobs[::2] + jobs[1::2]:
            store.create_import(job)
        newest_first = jobs[::-1]
        for limit in (1, 2, 3, 6, 7, 8):
            seen, position = [], None
            while True:
                page = store.list_jobs("a", limit=limit, position=position)
                seen.append(list(page.items))
                position = page.next_position
                if position is None:
                    break
            assert seen == [newest_first[start : start + limit] for start in range(0, 7, limit)]

    def test_filters_look_past_what_does_not_match(self, store: JobStore, clock: FakeClock) -> None:
        for number in range(130):  # more than the store reads at a time
            store.create_import(make_job(f"job-{number:03d}", at=f"2026-01-01T00:00:00.{number:03d}Z"))
        for number in (1, 2, 120):
            store.start_processing(f"job-{number:03d}", clock())
        first = store.list_jobs("a", limit=2, status="processing", kind="import")
        assert [job.id for job in first.items] == ["job-120", "job-002"]
        assert first.next_position is not None
        second = store.list_jobs("a", limit=2, position=first.next_position, status="processing")
        assert [job.id for job in second.items] == ["job-001"]
        assert second.next_position is None
        assert store.list_jobs("a", limit=2, status="failed").items == []
        assert store.list_jobs("a", limit=2, kind="export").items == []

    # Names that would reach into each other's keys if they were joined without care.
    TENANTS = ("a", "a#", "a#b", "a/b", "a%23b", "A", "á", "TENANT#a", "2026-01-01T00:00:00.000Z#job", " ", "..")

    def test_each_tenant_sees_its_own(self, store: JobStore) -> None:
        for number, tenant in enumerate(self.TENANTS):
            store.create_import(make_job(f"job-{number}", tenant))
        for number, tenant in enumerate(self.TENANTS):
            assert [job.id for job in store.list_jobs(tenant, limit=50).items] == [f"job-{number}"]

    def test_a_position_of_one_tenant_shows_another_only_its_own(self, store: JobStore) -> None:
        for number in range(4):
            store.create_import(make_job(f"job-a{number}", "a", f"2026-01-01T00:0{number}:00.000Z"))
            store.create_import(make_job(f"job-b{number}", "b", f"2026-01-01T00:0{number}:30.000Z"))
        position = store.list_jobs("a", limit=2).next_position
        assert position is not None
        assert [job.id for job in store.list_jobs("b", limit=50, position=position).items] == ["job-b1", "job-b0"]


class TestExpiry:
    def test_a_job_is_gone_when_its_time_is_over_though_it_may_still_lie_there(
        self, store: JobStore, clock: FakeClock
    ) -> None:
        job = started(store, clock)
        store.record_part(job.id, PartRecord(0, COUNTS), clock())
        clock.advance(days=RETENTION_DAYS, seconds=-1)
        assert store.find_import(job.id) is not None
        clock.advance(seconds=1)
        assert store.find_import(job.id) is None
        assert store.list_jobs("a", limit=5).items == []
        assert not store.has_part(job.id, 0)
        assert list(store.parts(job.id)) == []
        assert store.start_processing(job.id, clock()) is None
        assert not store.record_part(job.id, PartRecord(1, COUNTS), clock())
        assert store.close_import(job.id, ImportStatus.FAILED, clock()) is None
        assert store.create_import(make_job(at=clock())), "its id is free again"

    @pytest.mark.parametrize(
        "change",
        [
            lambda store, at: store.start_processing("job-1", at),
            lambda store, at: store.close_import("job-1", ImportStatus.FAILED, at),
        ],
        ids=["start", "close"],
    )
    def test_every_change_of_a_pending_job_gives_it_its_full_time(
        self, store: JobStore, clock: FakeClock, change: Callable[[JobStore, str], object]
    ) -> None:
        store.create_import(make_job())
        change(store, clock.advance(days=60))
        clock.advance(days=60)
        assert store.find_import("job-1") is not None

    @pytest.mark.parametrize(
        "change",
        [
            lambda store, at: store.record_staged("job-1", STAGED, at),
            lambda store, at: store.record_part("job-1", PartRecord(0, COUNTS), at),
        ],
        ids=["stage", "part"],
    )
    def test_every_change_of_a_running_job_gives_it_its_full_time(
        self, store: JobStore, clock: FakeClock, change: Callable[[JobStore, str], object]
    ) -> None:
        started(store, clock)
        change(store, clock.advance(days=60))
        clock.advance(days=60)
        assert store.find_import("job-1") is not None


CONFLICT = client_error("TransactionCanceledException", reasons=("None", "TransactionConflict"))
THROTTLED = client_error("TransactionCanceledException", reasons=("ThrottlingError", "None"))
SINGLE_CONFLICT = client_error("TransactionConflictException")


class TestTheNetworkOfDynamoDB:
    """What can go wrong between the store and the table; the in-memory one has nothing of the kind."""

    def test_a_part_whose_answer_was_lost_counts_once(self, dynamo: MakeStore, clock: FakeClock) -> None:
        started(dynamo(), clock)
        store = dynamo(lambda client: LosesAnswers(client, "transact_write_items"))
        with pytest.raises(ReadTimeoutError):
            store.record_part("job-1", PartRecord(0, COUNTS), clock())
        assert not store.record_part("job-1", PartRecord(0, COUNTS), clock.advance(seconds=1))
        job = store.find_import("job-1")
        assert job is not None
        assert job.counts == COUNTS

    def test_a_start_whose_answer_was_lost_is_found_on_the_next_try(self, dynamo: MakeStore, clock: FakeClock) -> None:
        store = dynamo(lambda client: LosesAnswers(client, "update_item"))
        store.create_import(make_job())
        at = clock()
        with pytest.raises(ReadTimeoutError):
            store.start_processing("job-1", at)
        job = store.start_processing("job-1", clock.advance(seconds=1))
        assert job is not None
        assert job.started_at == at

    @pytest.mark.parametrize("errors", [[CONFLICT] * 3, [THROTTLED], [client_error("ThrottlingException")]])
    def test_a_part_that_met_others_is_tried_again(
        self, dynamo: MakeStore, clock: FakeClock, errors: list[Exception]
    ) -> None:
        started(dynamo(), clock)
        pauses: list[float] = []
        store = dynamo(
            lambda client: FailsFirst(client, "transact_write_items", *errors), backoff=Backoff(sleep=pauses.append)
        )
        assert store.record_part("job-1", PartRecord(0, COUNTS), clock())
        assert len(pauses) == len(errors)

    def test_a_close_that_met_a_transaction_is_tried_again(self, dynamo: MakeStore, clock: FakeClock) -> None:
        started(dynamo(), clock)
        store = dynamo(
            lambda client: FailsFirst(client, "update_item", SINGLE_CONFLICT, SINGLE_CONFLICT),
            backoff=Backoff(sleep=lambda _: None),
        )
        assert store.close_import("job-1", ImportStatus.COMPLETED, clock()) is not None

    def test_conflicts_that_do_not_end_are_raised(self, dynamo: MakeStore, clock: FakeClock) -> None:
        started(dynamo(), clock)
        time = iter(range(1_000))
        store = dynamo(
            lambda client: FailsFirst(client, "transact_write_items", *[CONFLICT] * 100),
            backoff=Backoff(deadline_seconds=20, sleep=lambda _: None, monotonic=lambda: next(time)),
        )
        with pytest.raises(ClientError, match="TransactionCanceled"):
            store.record_part("job-1", PartRecord(0, COUNTS), clock())
        assert not dynamo().has_part("job-1", 0)

    def test_a_filter_that_hardly_anything_fits_is_answered_in_pages_of_few_requests(
        self, dynamo: MakeStore, clock: FakeClock
    ) -> None:
        clients: list[CountsPages] = []
        store = dynamo(lambda client: clients.append(CountsPages(client, size=1)) or clients[0])
        jobs = [f"job-{number:02}" for number in range(2 * MAX_QUERIES + 2)]
        for number, job in enumerate(jobs):
            store.create_import(make_job(job, at=f"2026-01-01T00:00:00.{number:03d}Z"))
        for job in (jobs[1], jobs[-1]):
            store.start_processing(job, clock())
        pages, position = [], None
        while True:
            clients[0].pages = 0
            page = store.list_jobs("a", limit=2, position=position, status="processing")
            assert clients[0].pages <= MAX_QUERIES
            pages.append([job.id for job in page.items])
            position = page.next_position
            if position is None:
                break
        assert pages == [[jobs[-1]], [], [jobs[1]]]

    @pytest.mark.parametrize(
        "error",
        [
            client_error("TransactionCanceledException", reasons=("ValidationError", "TransactionConflict")),
            client_error("AccessDeniedException"),
            client_error("ResourceNotFoundException"),
        ],
        ids=["invalid", "denied", "no-table"],
    )
    def test_any_other_error_is_raised_at_once(self, dynamo: MakeStore, clock: FakeClock, error: ClientError) -> None:
        started(dynamo(), clock)
        wrapper: list[FailsFirst] = []

        def wrap(client: object) -> FailsFirst:
            wrapper.append(FailsFirst(client, "transact_write_items", error))
            return wrapper[0]

        with pytest.raises(ClientError) as raised:
            dynamo(wrap).record_part("job-1", PartRecord(0, COUNTS), clock())
        assert raised.value is error
        assert len(wrapper[0].requests) == 1

    @pytest.mark.parametrize("method", ["put_item", "update_item"])
    def test_trouble_is_never_taken_for_an_answer(self, dynamo: MakeStore, clock: FakeClock, method: str) -> None:
        started(dynamo(), clock)
        denied = client_error("AccessDeniedException")
        calls: list[Callable[[JobStore], object]] = {
            "put_item": [lambda store: store.create_import(make_job("job-2"))],
            "update_item": [
                lambda store: store.start_processing("job-1", clock()),
                lambda store: store.record_staged("job-1", STAGED, clock()),
                lambda store: store.close_import("job-1", ImportStatus.FAILED, clock()),
            ],
        }[method]
        for call in calls:
            with pytest.raises(ClientError, match="AccessDenied"):
                call(dynamo(lambda client: FailsFirst(client, method, denied)))

    @pytest.mark.parametrize("method", ["get_item", "update_item"])
    def test_trouble_in_announcing_is_raised(self, dynamo: MakeStore, clock: FakeClock, method: str) -> None:
        started(dynamo(), clock)
        dynamo().close_import("job-1", ImportStatus.COMPLETED, clock())
        denied = client_error("AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            dynamo(lambda client: FailsFirst(client, method, denied)).mark_announced("job-1", clock())

    @pytest.mark.parametrize("position", ["", "x" * 2_000, "\ud800"])
    def test_a_position_that_no_list_gave_is_refused(self, dynamo: MakeStore, position: str) -> None:
        with pytest.raises(InvalidRequest) as refused:
            dynamo().list_jobs("a", limit=1, position=position)
        assert refused.value.code == "CURSOR_INVALID"
