"""What every `BulkJobStore` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from contacts.adapters.backoff import Backoff
from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_job import (
    BulkCounts,
    BulkJob,
    BulkKind,
    BulkStatus,
    SliceRecord,
    WaitingSlice,
    line_of,
)
from contacts.domain.errors import Problem
from tests.support.client_wrappers import FailsFirst, LosesAnswers, SendsTwice, SmallPages, client_error
from tests.support.fake_clock import FakeClock
from tests.support.job_stores import LATER, JobStores, job_stores, make_bulk_job
from tests.support.jobs_table import JobsTable

COUNTS = BulkCounts(succeeded=400, skipped=50, failed=30, not_found=15, forbidden=5)
PROBLEM = Problem("COLLECTION_FORBIDDEN", "You may not.", "collectionId")
ENDED = [BulkStatus.COMPLETED, BulkStatus.PARTIAL, BulkStatus.FAILED]

MakeStore = Callable[..., BulkJobStore]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stores(memory_or_table: JobsTable | None, clock: FakeClock) -> JobStores:
    return job_stores(memory_or_table.emptied() if memory_or_table else None, clock)


@pytest.fixture
def store(stores: JobStores) -> BulkJobStore:
    return stores.bulk


@pytest.fixture
def dynamo(table: JobsTable, clock: FakeClock) -> MakeStore:
    """Makes stores on one empty table; `wrap` puts something between the store and the client."""
    table.emptied()
    return lambda *wrap, **options: job_stores(table, clock, *wrap, **options).bulk


def created(store: BulkJobStore, **fields: object) -> BulkJob:
    job = make_bulk_job(**fields)
    assert store.create_job(job)
    return job


def found(store: BulkJobStore, job: BulkJob) -> BulkJob:
    current = store.find_job(job.kind, job.id)
    assert current is not None
    return current


def line(store: BulkJobStore, tenant: str = "a", limit: int = 100) -> list[WaitingSlice]:
    return list(store.line(tenant, limit))


class TestCreating:
    @pytest.mark.parametrize(
        "job",
        [
            make_bulk_job(),
            make_bulk_job(client_source="ios", client_reference_id="r#1", collection_id="c", collection_editor=True),
            make_bulk_job(kind=BulkKind.DELETE, create_job_id="job-0", dry_run=True, total=0),
        ],
        ids=["plain", "create", "delete"],
    )
    def test_a_job_comes_back_as_it_went_in(self, store: BulkJobStore, job: BulkJob) -> None:
        assert store.create_job(job)
        assert found(store, job) == job

    def test_it_is_found_by_its_own_kind_alone(self, store: BulkJobStore) -> None:
        job = created(store)
        assert store.find_job(BulkKind.DELETE, job.id) is None

    @pytest.mark.parametrize("job_id", ["nobody", "", "x" * 5_000, "\ud800"])
    def test_there_is_no_job_of_an_id_that_a_caller_made_up(self, store: BulkJobStore, job_id: str) -> None:
        assert store.find_job(BulkKind.CREATE, job_id) is None

    def test_an_id_that_is_taken_is_refused_and_nothing_joins_a_line(self, store: BulkJobStore) -> None:
        job = created(store)
        assert not store.create_job(replace(job, tenant="b", total=5_000))
        assert found(store, job) == job
        assert line(store, "b") == []
        assert line(store) == list(line_of(job))

    def test_its_slices_join_the_line_behind_those_of_earlier_jobs(self, store: BulkJobStore) -> None:
        later = created(store, id_="a-job", at="2026-01-01T00:00:01.000Z", total=5_000)
        first = created(store, id_="job-2", kind=BulkKind.DELETE)
        assert line(store) == [*line_of(first), *line_of(later)]
        assert [each.slice for each in line(store, limit=5)] == [0, 1, 2, 0, 1]

    def test_of_many_starts_at_once_one_makes_the_job(self, store: BulkJobStore) -> None:
        job = make_bulk_job()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: store.create_job(job), range(16)))
        assert sum(answers) == 1
        assert line(store) == list(line_of(job))


class TestStarting:
    def test_a_queued_job_starts_once(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store)
        at = clock.advance(minutes=1)
        store.start_job(job.id, at)
        started = replace(job, status=BulkStatus.PROCESSING, started_at=at, changed_at=at)
        assert found(store, job) == started
        store.start_job(job.id, clock.advance(minutes=1))
        assert found(store, job) == started

    @pytest.mark.parametrize("status", ENDED)
    def test_a_job_that_ended_never_starts_again(
        self, store: BulkJobStore, clock: FakeClock, status: BulkStatus
    ) -> None:
        job = created(store)
        closed = store.close_job(job.id, status, clock())
        store.start_job(job.id, clock.advance(minutes=1))
        assert found(store, job) == closed

    def test_a_job_that_never_was_does_not_start(self, store: BulkJobStore, clock: FakeClock) -> None:
        store.start_job("nobody", clock())
        assert store.find_job(BulkKind.CREATE, "nobody") is None


class TestSlices:
    def test_each_slice_counts_once_however_often_it_is_recorded(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store)
        at = clock.advance(minutes=1)
        assert store.record_slice(job, SliceRecord(1, COUNTS), at)
        assert not store.record_slice(job, SliceRecord(1, BulkCounts(failed=1)), clock.advance(minutes=1))
        assert found(store, job) == replace(job, counts=COUNTS, slices_done=1, changed_at=at)
        assert store.record_slice(job, SliceRecord(0, COUNTS, reconciled=True), clock())
        doubled = BulkCounts(succeeded=800, skipped=100, failed=60, not_found=30, forbidden=10)
        assert found(store, job).counts == doubled
        assert found(store, job).slices_done == 2

    def test_a_slice_that_is_done_leaves_the_line(self, store: BulkJobStore, clock: FakeClock) -> None:
        job, other = created(store), created(store, id_="job-2")
        store.record_slice(job, SliceRecord(1, COUNTS), clock())
        assert [(each.job_id, each.slice) for each in line(store)] == [
            ("job-1", 0),
            ("job-1", 2),
            *((other.id, slice_) for slice_ in range(3)),
        ]

    def test_a_slice_that_left_the_line_before_is_recorded_all_the_same(
        self, store: BulkJobStore, clock: FakeClock
    ) -> None:
        job = created(store)
        store.leave_line(line(store)[0])
        assert store.record_slice(job, SliceRecord(0, COUNTS), clock())

    def test_the_numbers_of_slices_come_in_order_and_of_one_job(self, store: BulkJobStore, clock: FakeClock) -> None:
        job, other = created(store, total=5_000), created(store, id_="job-10", total=5_000)
        for slice_ in (9, 0, 3):
            assert store.record_slice(job, SliceRecord(slice_, BulkCounts()), clock())
        store.record_slice(other, SliceRecord(5, BulkCounts()), clock())
        assert list(store.slices(job.id)) == [0, 3, 9]
        assert [store.has_slice(job.id, slice_) for slice_ in (0, 1, 9, 5)] == [True, False, True, False]
        assert list(store.slices("nobody")) == []

    @pytest.mark.parametrize("status", ENDED)
    def test_a_slice_of_a_job_that_ended_leaves_no_trace(
        self, store: BulkJobStore, clock: FakeClock, status: BulkStatus
    ) -> None:
        job = created(store)
        closed = store.close_job(job.id, status, clock())
        assert not store.record_slice(job, SliceRecord(0, COUNTS), clock())
        assert found(store, job) == closed
        assert not store.has_slice(job.id, 0)
        assert len(line(store)) == 3

    def test_a_slice_of_a_job_that_never_was_is_none(self, store: BulkJobStore, clock: FakeClock) -> None:
        assert not store.record_slice(make_bulk_job("nobody"), SliceRecord(0, COUNTS), clock())
        assert not store.has_slice("nobody", 0)
        assert store.find_job(BulkKind.CREATE, "nobody") is None

    def test_workers_at_the_same_slices_at_once_count_each_once(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store, total=4_000)
        numbers = [number for number in range(8) for _ in range(3)]

        def record(number: int) -> tuple[int, bool]:
            return number, store.record_slice(job, SliceRecord(number, BulkCounts(succeeded=500)), clock())

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(record, numbers))
        assert sorted(number for number, counted in answers if counted) == list(range(8))
        assert found(store, job).counts == BulkCounts(succeeded=4_000)
        assert found(store, job).is_done
        assert line(store) == []

    def test_a_slice_is_counted_or_comes_too_late_where_others_close_the_job(
        self, store: BulkJobStore, clock: FakeClock
    ) -> None:
        job = created(store, total=4_000)

        def record(number: int) -> bool:
            return store.record_slice(job, SliceRecord(number, BulkCounts(succeeded=500)), clock())

        with ThreadPoolExecutor(9) as pool:
            closing = pool.submit(store.close_job, job.id, BulkStatus.FAILED, clock())
            recorded = sum(pool.map(record, range(8)))
        closed = closing.result()
        assert closed is not None
        assert found(store, job) == closed, "nothing is counted after the end"
        assert closed.counts.succeeded == recorded * 500
        assert closed.slices_done == recorded == len(store.slices(job.id)) == 8 - len(line(store))


class TestClosing:
    @pytest.mark.parametrize("status", ENDED)
    @pytest.mark.parametrize("problem", [None, PROBLEM, Problem("X", "x")])
    def test_a_job_ends_once(
        self, store: BulkJobStore, clock: FakeClock, status: BulkStatus, problem: Problem | None
    ) -> None:
        job = created(store)
        store.record_slice(job, SliceRecord(0, COUNTS), clock())
        at = clock.advance(minutes=1)
        closed = store.close_job(job.id, status, at, problem=problem, lost=7)
        counts = replace(COUNTS, failed=COUNTS.failed + 7)
        assert closed == replace(
            job,
            status=status,
            counts=counts,
            slices_done=1,
            completed_at=at,
            changed_at=at,
            collection_problem=problem,
        )
        assert store.close_job(job.id, BulkStatus.FAILED, clock.advance(minutes=1), lost=1) is None
        assert found(store, job) == closed

    def test_a_job_is_given_up_once_and_is_open_still(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store)
        assert job.is_workable
        first = clock.advance(minutes=1)
        store.give_up_job(job.id, first)
        last = clock.advance(minutes=1)
        store.give_up_job(job.id, last)
        given_up = found(store, job)
        assert given_up == replace(job, given_up_at=first, changed_at=last)
        assert given_up.is_open
        assert not given_up.is_workable
        closed = store.close_job(job.id, BulkStatus.FAILED, last, lost=job.total)
        assert closed is not None
        store.give_up_job(job.id, clock.advance(minutes=1))
        assert found(store, job) == closed

    def test_one_that_ended_or_never_was_is_not_given_up(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store)
        closed = store.close_job(job.id, BulkStatus.COMPLETED, clock())
        store.give_up_job(job.id, clock.advance(minutes=1))
        store.give_up_job("nobody", clock())
        assert found(store, job) == closed
        assert store.find_job(BulkKind.CREATE, "nobody") is None

    def test_a_job_that_never_was_is_not_closed(self, store: BulkJobStore, clock: FakeClock) -> None:
        assert store.close_job("nobody", BulkStatus.FAILED, clock(), lost=3) is None
        assert store.find_job(BulkKind.CREATE, "nobody") is None

    def test_of_many_that_close_a_job_at_once_one_does(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store)
        with ThreadPoolExecutor(8) as pool:
            closed = list(pool.map(lambda _: store.close_job(job.id, BulkStatus.FAILED, clock(), lost=10), range(16)))
        assert sum(each is not None for each in closed) == 1
        assert found(store, job).counts == BulkCounts(failed=10)

    def test_the_sweeper_sees_a_job_until_it_has_ended(
        self, stores: JobStores, store: BulkJobStore, clock: FakeClock
    ) -> None:
        job = created(store)
        store.start_job(job.id, clock())
        store.record_slice(job, SliceRecord(0, COUNTS), clock())
        assert [(each.job_id, each.kind) for each in stores.imports.open_jobs(LATER)] == [(job.id, "bulk_create")]
        store.close_job(job.id, BulkStatus.COMPLETED, clock())
        assert list(stores.imports.open_jobs(LATER)) == []


class TestCollectionProblems:
    def test_a_problem_is_settled_once(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store, collection_id="c")
        closed = store.close_job(job.id, BulkStatus.PARTIAL, clock(), problem=PROBLEM)
        assert closed is not None
        at = clock.advance(minutes=1)
        settled = replace(closed, status=BulkStatus.COMPLETED, collection_problem=None, changed_at=at)
        assert store.settle_collection(job.id, BulkStatus.COMPLETED, at) == settled
        assert store.settle_collection(job.id, BulkStatus.PARTIAL, clock.advance(minutes=1)) is None
        assert found(store, job) == settled

    def test_a_job_without_a_problem_stays_as_it_is(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store)
        assert store.settle_collection(job.id, BulkStatus.COMPLETED, clock()) is None
        assert found(store, job) == job, "it still runs"
        closed = store.close_job(job.id, BulkStatus.PARTIAL, clock())
        assert store.settle_collection(job.id, BulkStatus.COMPLETED, clock.advance(minutes=1)) is None
        assert found(store, job) == closed
        assert store.settle_collection("nobody", BulkStatus.COMPLETED, clock()) is None

    def test_settling_does_not_end_a_job(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store, collection_id="c", collection_problem=PROBLEM)
        assert store.settle_collection(job.id, BulkStatus.COMPLETED, clock()) is None
        assert found(store, job) == job


class TestTheLine:
    def test_a_slice_that_is_sent_says_so(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store)
        first, second, third = line(store)
        at = clock.advance(seconds=1)
        assert store.mark_sent(second, at)
        sent = replace(second, sendings=1, sent_at=at)
        assert line(store) == [first, sent, third]
        assert not store.mark_sent(second, clock.advance(seconds=1)), "it was sent since it was read"
        assert line(store) == [first, sent, third]
        again = clock.advance(seconds=1)
        assert store.mark_sent(sent, again)
        assert line(store) == [first, replace(sent, sendings=2, sent_at=again), third]
        assert found(store, job) == job

    def test_a_mark_is_taken_back(self, store: BulkJobStore, clock: FakeClock) -> None:
        created(store)
        before = line(store)
        first = before[0]
        at = clock.advance(seconds=1)
        assert store.mark_sent(first, at)
        store.unmark_sent(first, at)
        assert line(store) == before
        assert store.mark_sent(first, at)
        sent = line(store)[0]
        again = clock.advance(seconds=1)
        assert store.mark_sent(sent, again)
        store.unmark_sent(sent, again)
        store.unmark_sent(sent, again)
        assert line(store)[0] == sent == replace(first, sendings=1, sent_at=at)

    def test_a_mark_that_is_no_longer_ones_own_stays(self, store: BulkJobStore, clock: FakeClock) -> None:
        created(store)
        first, second, third = line(store)
        at = clock.advance(seconds=1)
        store.unmark_sent(first, at)
        assert line(store)[0] == first
        assert store.mark_sent(first, at)
        sent = line(store)[0]
        store.unmark_sent(first, clock.advance(seconds=1))
        assert line(store)[0] == sent, "somebody else's, from another time"
        assert store.mark_sent(sent, clock())
        twice = line(store)[0]
        store.unmark_sent(first, at)
        store.unmark_sent(first, clock())
        assert line(store)[0] == twice, "it was sent again since"
        store.mark_sent(second, at)
        store.leave_line(second)
        store.unmark_sent(second, at)
        assert line(store) == [twice, third]

    def test_of_many_that_send_a_slice_at_once_one_does(self, store: BulkJobStore, clock: FakeClock) -> None:
        created(store)
        waiting = line(store)[0]
        with ThreadPoolExecutor(8) as pool:
            marked = list(pool.map(lambda _: store.mark_sent(waiting, clock()), range(16)))
        assert sum(marked) == 1
        assert line(store)[0].sendings == 1

    def test_a_slice_that_has_left_the_line_is_not_sent_and_does_not_come_back(
        self, store: BulkJobStore, clock: FakeClock
    ) -> None:
        job = created(store)
        first, second, third = line(store)
        store.record_slice(job, SliceRecord(0, COUNTS), clock())
        store.leave_line(second)
        store.leave_line(second)
        assert not store.mark_sent(first, clock())
        assert not store.mark_sent(second, clock())
        assert line(store) == [third]

    def test_a_slice_that_is_sent_and_done_at_once_is_gone(self, store: BulkJobStore, clock: FakeClock) -> None:
        job = created(store, total=4_000)
        waiting = line(store)
        with ThreadPoolExecutor(16) as pool:
            marks = [pool.submit(store.mark_sent, each, clock()) for each in waiting]
            records = [
                pool.submit(store.record_slice, job, SliceRecord(number, COUNTS), clock()) for number in range(8)
            ]
        assert all(each.result() for each in records)
        assert {each.result() for each in marks} <= {True, False}
        assert line(store) == []

    # Names that would reach into each other's keys if they were joined without care.
    TENANTS = ("a", "a#", "a#b", "a/b", "a%23b", "A", "á", "LINE#a", "2026-01-01T00:00:00.000Z#job", " ", "..")

    def test_each_tenant_has_a_line_of_its_own(self, store: BulkJobStore, clock: FakeClock) -> None:
        jobs = [created(store, id_=f"job-{number}", tenant=tenant) for number, tenant in enumerate(self.TENANTS)]
        for job in jobs:
            assert line(store, job.tenant) == list(line_of(job))
            assert store.record_slice(job, SliceRecord(0, COUNTS), clock())
            assert store.mark_sent(line(store, job.tenant)[0], clock())
        for job in jobs:
            assert [(each.slice, each.sendings) for each in line(store, job.tenant)] == [(1, 1), (2, 0)]
        assert line(store, "nobody") == []


class TestExpiry:
    def test_a_job_is_gone_when_its_time_is_over_though_it_may_still_lie_there(
        self, stores: JobStores, store: BulkJobStore, clock: FakeClock
    ) -> None:
        job = created(store)
        store.record_slice(job, SliceRecord(0, COUNTS), clock())
        clock.advance(days=90, seconds=-1)
        assert store.find_job(job.kind, job.id) is not None
        assert len(line(store)) == 2
        clock.advance(seconds=1)
        assert store.find_job(job.kind, job.id) is None
        assert stores.imports.list_jobs("a", limit=5).items == []
        assert not store.has_slice(job.id, 0)
        assert list(store.slices(job.id)) == []
        assert line(store) == []
        assert not store.record_slice(job, SliceRecord(1, COUNTS), clock())
        assert store.close_job(job.id, BulkStatus.FAILED, clock()) is None
        store.start_job(job.id, clock())
        assert store.find_job(job.kind, job.id) is None
        assert store.create_job(make_bulk_job(at=clock())), "its id is free again"

    @pytest.mark.parametrize(
        "change",
        [
            lambda store, job, at: store.start_job(job.id, at),
            lambda store, job, at: store.record_slice(job, SliceRecord(0, COUNTS), at),
            lambda store, job, at: store.close_job(job.id, BulkStatus.COMPLETED, at),
        ],
        ids=["start", "record", "close"],
    )
    def test_every_change_gives_a_job_its_full_time(
        self, store: BulkJobStore, clock: FakeClock, change: Callable[[BulkJobStore, BulkJob, str], object]
    ) -> None:
        job = created(store)
        change(store, job, clock.advance(days=60))
        clock.advance(days=60)
        assert store.find_job(job.kind, job.id) is not None


CONFLICT = client_error("TransactionCanceledException", reasons=("None", "TransactionConflict", "None"))
SINGLE_CONFLICT = client_error("TransactionConflictException")


class TestTheNetworkOfDynamoDB:
    """What can go wrong between the store and the table; the in-memory one has nothing of the kind."""

    def test_a_slice_whose_answer_was_lost_counts_once(self, dynamo: MakeStore, clock: FakeClock) -> None:
        job = created(dynamo())
        store = dynamo(lambda client: LosesAnswers(client, "transact_write_items"))
        with pytest.raises(ReadTimeoutError):
            store.record_slice(job, SliceRecord(0, COUNTS), clock())
        assert not store.record_slice(job, SliceRecord(0, COUNTS), clock.advance(seconds=1))
        assert found(store, job).counts == COUNTS

    def test_a_mark_that_went_out_twice_is_known_as_our_own(self, dynamo: MakeStore, clock: FakeClock) -> None:
        created(dynamo())
        store = dynamo(lambda client: SendsTwice(client, "update_item"))
        waiting = line(store)[0]
        assert store.mark_sent(waiting, clock())
        assert not store.mark_sent(waiting, clock())
        assert line(store)[0].sendings == 1

    def test_lists_longer_than_one_answer_are_whole(self, dynamo: MakeStore, clock: FakeClock) -> None:
        job = created(dynamo(), total=5_000)
        store = dynamo(SmallPages)
        assert line(store) == list(line_of(job))
        assert line(store, limit=5) == list(line_of(job))[:5]
        for slice_ in range(10):
            store.record_slice(job, SliceRecord(slice_, COUNTS), clock())
        assert list(store.slices(job.id)) == list(range(10))

    def test_a_slice_that_met_others_is_tried_again(self, dynamo: MakeStore, clock: FakeClock) -> None:
        job = created(dynamo())
        pauses: list[float] = []
        store = dynamo(
            lambda client: FailsFirst(client, "transact_write_items", CONFLICT, CONFLICT),
            backoff=Backoff(sleep=pauses.append),
        )
        assert store.record_slice(job, SliceRecord(0, COUNTS), clock())
        assert len(pauses) == 2

    @pytest.mark.parametrize(
        ("method", "call"),
        [
            ("update_item", lambda store, job, at: store.mark_sent(line(store)[0], at)),
            ("update_item", lambda store, job, at: store.unmark_sent(line(store)[0], at)),
            ("update_item", lambda store, job, at: store.close_job(job.id, BulkStatus.FAILED, at)),
            ("delete_item", lambda store, job, at: store.leave_line(line(store)[0])),
        ],
        ids=["mark", "unmark", "close", "leave"],
    )
    def test_a_write_that_met_a_transaction_is_tried_again(
        self,
        dynamo: MakeStore,
        clock: FakeClock,
        method: str,
        call: Callable[[BulkJobStore, BulkJob, str], object],
    ) -> None:
        job = created(dynamo())
        pauses: list[float] = []
        store = dynamo(lambda client: FailsFirst(client, method, SINGLE_CONFLICT), backoff=Backoff(sleep=pauses.append))
        assert call(store, job, clock()) is not False
        assert len(pauses) == 1

    @pytest.mark.parametrize(
        ("method", "call"),
        [
            ("transact_write_items", lambda store, job, at: store.create_job(make_bulk_job("job-2"))),
            ("transact_write_items", lambda store, job, at: store.record_slice(job, SliceRecord(0, COUNTS), at)),
            ("update_item", lambda store, job, at: store.start_job(job.id, at)),
            ("update_item", lambda store, job, at: store.close_job(job.id, BulkStatus.FAILED, at)),
            ("update_item", lambda store, job, at: store.settle_collection(job.id, BulkStatus.COMPLETED, at)),
            ("update_item", lambda store, job, at: store.mark_sent(line(store)[0], at)),
            ("update_item", lambda store, job, at: store.unmark_sent(line(store)[0], at)),
            ("delete_item", lambda store, job, at: store.leave_line(line(store)[0])),
        ],
        ids=["create", "record", "start", "close", "settle", "mark", "unmark", "leave"],
    )
    def test_trouble_is_never_taken_for_an_answer(
        self,
        dynamo: MakeStore,
        clock: FakeClock,
        method: str,
        call: Callable[[BulkJobStore, BulkJob, str], object],
    ) -> None:
        job = created(dynamo())
        denied = client_error("AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            call(dynamo(lambda client: FailsFirst(client, method, denied)), job, clock())
