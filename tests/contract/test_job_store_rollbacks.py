"""What every `JobStore` does with rollbacks: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from contacts.domain.import_job import ImportJob, ImportStatus, PartRecord, RowCounts
from contacts.domain.rollback import OnConflict, Rollback, RollbackCounts, RollbackMode, RollbackPart, RollbackStatus
from contacts.ports import JobStore
from tests.support.fake_clock import FakeClock
from tests.support.job_stores import (
    ABORT,
    DRY,
    JOB,
    RETENTION_DAYS,
    begun,
    ended,
    found,
    is_watched,
    make_job,
    make_rollback,
    rolling,
    started,
    store_maker,
)
from tests.support.jobs_table import JobsTable
from tests.support.memory_job_store import MemoryJobStore

LOOK, WRITE = RollbackMode.LOOK, RollbackMode.WRITE
RUNNING, COMPLETED = RollbackStatus.RUNNING, RollbackStatus.COMPLETED
ABORTED, FAILED = RollbackStatus.ABORTED, RollbackStatus.FAILED
COUNTS = RollbackCounts(deleted=5, restored=4, kept=3, unchanged=2, errors=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(memory_or_table: JobsTable | None, clock: FakeClock) -> JobStore:
    if memory_or_table is None:
        return MemoryJobStore(clock=clock, retention_days=RETENTION_DAYS)
    return store_maker(memory_or_table.emptied(), clock)()


class TestBeginning:
    @pytest.mark.parametrize("status", [ImportStatus.COMPLETED, ImportStatus.FAILED])
    @pytest.mark.parametrize(
        ("rollback", "mode"),
        [
            (make_rollback(), WRITE),
            (make_rollback(on_conflict=OnConflict.FORCE), WRITE),
            (ABORT, LOOK),
            (DRY, LOOK),
            (make_rollback(dry_run=True, on_conflict=OnConflict.FORCE), LOOK),
        ],
        ids=["keep", "force", "abort", "dry", "dry force"],
    )
    def test_one_that_writes_at_once_moves_the_job_and_one_that_looks_does_not(
        self, store: JobStore, clock: FakeClock, status: ImportStatus, rollback: Rollback, mode: RollbackMode
    ) -> None:
        job = ended(store, clock, status)
        at = clock.advance(minutes=1)
        expected = replace(
            job,
            status=ImportStatus.ROLLING_BACK if mode is WRITE else status,
            rollback=replace(rollback, mode=mode),
            changed_at=at,
        )
        assert store.start_rollback(JOB, rollback, at) == expected
        assert found(store) == expected
        assert store.list_jobs("a", limit=1).items == [expected]

    def test_a_new_run_begins_from_zero_whatever_its_caller_hands_in(self, store: JobStore, clock: FakeClock) -> None:
        ended(store, clock)
        odd = replace(DRY, mode=WRITE, counts=COUNTS, status=FAILED, ended_at=clock())
        assert begun(store, clock, odd) == replace(DRY, mode=LOOK)

    def test_an_import_that_runs_or_never_was_is_not_rolled_back(self, store: JobStore, clock: FakeClock) -> None:
        assert store.start_rollback(JOB, make_rollback(), clock()) is None
        assert store.find_import(JOB) is None
        store.create_import(make_job())
        assert store.start_rollback(JOB, make_rollback(), clock()) is None
        store.start_processing(JOB, clock())
        processing = found(store)
        assert store.start_rollback(JOB, make_rollback(), clock()) is None
        assert found(store) == processing

    @pytest.mark.parametrize("last", [DRY, make_rollback()], ids=["looking", "writing"])
    @pytest.mark.parametrize(
        "fields", [{"run": 1}, {"run": 2}, {"run": 1, "attempt": 2}], ids=["same run", "next run", "next attempt"]
    )
    def test_while_one_runs_no_other_begins(
        self, store: JobStore, clock: FakeClock, last: Rollback, fields: dict[str, int]
    ) -> None:
        rolling(store, clock, last)
        before = found(store)
        other = make_rollback(request="seed-2", dry_run=True, **fields)
        assert store.start_rollback(JOB, other, clock.advance(minutes=1)) is None
        assert found(store) == before

    @pytest.mark.parametrize("status", [COMPLETED, ABORTED, FAILED])
    def test_a_look_that_ended_makes_room_for_the_next_run(
        self, store: JobStore, clock: FakeClock, status: RollbackStatus
    ) -> None:
        rolling(store, clock, ABORT)
        store.record_rollback_part(JOB, RollbackPart(1, LOOK, 0, COUNTS), clock())
        store.end_rollback(JOB, 1, status, clock(), errors=7)
        job = found(store)
        for run in (1, 3):  # as of somebody who read the job before others began, or never
            assert store.start_rollback(JOB, make_rollback(run=run, request="seed-2"), clock()) is None
        assert store.start_rollback(JOB, make_rollback(attempt=2, request="seed-2"), clock()) is None
        assert found(store) == job
        second = make_rollback(run=2, request="seed-2")
        assert begun(store, clock, second) == replace(second, mode=WRITE)
        assert list(store.rollback_parts(JOB, 2, LOOK)) == []

    def test_the_first_run_is_number_one(self, store: JobStore, clock: FakeClock) -> None:
        job = ended(store, clock)
        assert store.start_rollback(JOB, make_rollback(run=2), clock()) is None
        assert store.start_rollback(JOB, make_rollback(attempt=2), clock()) is None
        assert found(store) == job

    def test_what_is_rolled_back_stays_so(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock)
        store.end_rollback(JOB, 1, COMPLETED, clock())
        job = found(store)
        for again in (make_rollback(run=2, request="2"), make_rollback(attempt=2, request="2")):
            assert store.start_rollback(JOB, again, clock()) is None
        assert found(store) == job

    def test_the_same_request_again_finds_what_it_began(self, store: JobStore, clock: FakeClock) -> None:
        first = rolling(store, clock)
        store.record_rollback_part(JOB, RollbackPart(1, WRITE, 0, COUNTS), clock.advance(minutes=1))
        again = store.start_rollback(JOB, make_rollback(), clock.advance(minutes=1))
        assert again == found(store)
        assert again.rollback == replace(first, counts=COUNTS)

    @pytest.mark.parametrize("same", [False, True], ids=["of others", "of one"])
    def test_of_many_requests_at_once_one_begins(self, store: JobStore, clock: FakeClock, same: bool) -> None:
        ended(store, clock)
        barrier = Barrier(8)

        def start(number: int) -> ImportJob | None:
            barrier.wait()
            return store.start_rollback(JOB, make_rollback(request="seed" if same else f"seed-{number}"), clock())

        with ThreadPoolExecutor(8) as pool:
            answers = [job for job in pool.map(start, range(8)) if job is not None]
        assert len(answers) == (8 if same else 1)
        assert {job.rollback.request for job in answers if job.rollback} == {found(store).rollback.request}


class TestGoingOn:
    @pytest.fixture
    def failed(self, store: JobStore, clock: FakeClock) -> ImportJob:
        """A rollback that looked, wrote one part, and failed."""
        rolling(store, clock, ABORT)
        store.start_rollback_writes(JOB, 1, clock())
        store.record_rollback_part(JOB, RollbackPart(1, WRITE, 0, RollbackCounts(deleted=5, kept=1)), clock())
        job = store.end_rollback(JOB, 1, FAILED, clock.advance(minutes=1), errors=9)
        assert job is not None
        return job

    def test_a_failed_run_goes_on_where_it_stood(self, store: JobStore, clock: FakeClock, failed: ImportJob) -> None:
        assert failed.rollback is not None
        next_ = make_rollback(attempt=2, requested_by="other", request="seed-2", on_conflict=OnConflict.ABORT)
        at = clock.advance(minutes=1)
        job = store.start_rollback(JOB, next_, at)
        expected = replace(
            failed.rollback,
            attempt=2,
            requested_by="other",
            request="seed-2",
            status=RUNNING,
            mode=WRITE,
            counts=RollbackCounts(deleted=5, kept=1),
            ended_at=None,
        )
        assert job == replace(failed, rollback=expected, changed_at=at)
        assert found(store) == job
        assert store.has_rollback_part(JOB, 1, WRITE, 0)
        assert is_watched(store)

    def test_what_it_began_it_ends_in_the_same_way(self, store: JobStore, clock: FakeClock, failed: ImportJob) -> None:
        other = make_rollback(
            attempt=2, request="seed-2", on_conflict=OnConflict.FORCE, dry_run=True, started_at=clock(), counts=COUNTS
        )
        rollback = begun(store, clock, other)
        assert (rollback.on_conflict, rollback.dry_run) == (OnConflict.ABORT, False)
        assert rollback.started_at == failed.rollback.started_at
        assert rollback.counts == RollbackCounts(deleted=5, kept=1)

    @pytest.mark.parametrize(
        "fields",
        [{"attempt": 1}, {"attempt": 3}, {"run": 2, "attempt": 2}, {"run": 2, "attempt": 1}],
        ids=["attempt before", "attempt after", "other run", "new run"],
    )
    def test_only_the_next_attempt_of_this_run_goes_on(
        self, store: JobStore, clock: FakeClock, failed: ImportJob, fields: dict[str, int]
    ) -> None:
        assert store.start_rollback(JOB, make_rollback(request="seed-2", **fields), clock()) is None
        assert found(store) == failed

    def test_of_two_at_once_one_goes_on(self, store: JobStore, clock: FakeClock, failed: ImportJob) -> None:
        barrier = Barrier(2)

        def start(number: int) -> ImportJob | None:
            barrier.wait()
            return store.start_rollback(JOB, make_rollback(attempt=2, request=f"other-{number}"), clock())

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(start, range(2)))
        assert sum(job is not None for job in answers) == 1
        assert found(store).rollback.attempt == 2

    def test_a_failed_look_does_not_go_on(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock, ABORT)
        store.end_rollback(JOB, 1, FAILED, clock())
        assert store.start_rollback(JOB, make_rollback(attempt=2, request="seed-2"), clock()) is None


class TestFromLookingToWriting:
    def test_the_job_is_rolling_back_and_counts_from_zero(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock, ABORT)
        store.record_rollback_part(JOB, RollbackPart(1, LOOK, 0, COUNTS), clock())
        before, at = found(store), clock.advance(minutes=1)
        assert store.start_rollback_writes(JOB, 1, at)
        expected = replace(before.rollback, mode=WRITE, counts=RollbackCounts())
        assert found(store) == replace(before, status=ImportStatus.ROLLING_BACK, rollback=expected, changed_at=at)

    def test_once_it_writes_the_same_again_changes_nothing(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock, ABORT)
        assert store.start_rollback_writes(JOB, 1, clock())
        store.record_rollback_part(JOB, RollbackPart(1, WRITE, 0, COUNTS), clock())
        before = found(store)
        assert store.start_rollback_writes(JOB, 1, clock.advance(minutes=1))
        assert found(store) == before

    def test_only_a_run_that_runs(self, store: JobStore, clock: FakeClock) -> None:
        assert not store.start_rollback_writes(JOB, 1, clock())
        ended(store, clock)
        assert not store.start_rollback_writes(JOB, 1, clock())
        begun(store, clock, ABORT)
        assert not store.start_rollback_writes(JOB, 2, clock())
        store.end_rollback(JOB, 1, ABORTED, clock())
        before = found(store)
        assert not store.start_rollback_writes(JOB, 1, clock())
        assert found(store) == before

    def test_one_that_ended_after_writing_does_not_write_again(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock)
        store.end_rollback(JOB, 1, COMPLETED, clock())
        assert not store.start_rollback_writes(JOB, 1, clock())


class TestParts:
    @pytest.mark.parametrize(("rollback", "mode"), [(DRY, LOOK), (make_rollback(), WRITE)], ids=["look", "write"])
    def test_each_part_counts_once_however_often_it_is_recorded(
        self, store: JobStore, clock: FakeClock, rollback: Rollback, mode: RollbackMode
    ) -> None:
        rolling(store, clock, rollback)
        before, at = found(store), clock.advance(minutes=1)
        first, second = RollbackPart(1, mode, 0, COUNTS), RollbackPart(1, mode, 1, RollbackCounts(kept=2))
        assert store.record_rollback_part(JOB, first, at)
        assert not store.record_rollback_part(JOB, replace(first, counts=COUNTS + COUNTS), clock.advance(minutes=1))
        assert store.record_rollback_part(JOB, second, at)
        counted = replace(before.rollback, counts=COUNTS + RollbackCounts(kept=2))
        assert found(store) == replace(before, rollback=counted, changed_at=at)
        assert list(store.rollback_parts(JOB, 1, mode)) == [first, second]
        assert [store.has_rollback_part(JOB, 1, mode, part) for part in (0, 1, 2)] == [True, True, False]

    def test_parts_come_in_the_order_of_their_numbers_and_of_one_pass(self, store: JobStore, clock: FakeClock) -> None:
        started(store, clock)
        store.record_part(JOB, PartRecord(5, RowCounts(created=1)), clock())
        store.close_import(JOB, ImportStatus.COMPLETED, clock())
        begun(store, clock, ABORT)
        store.record_rollback_part(JOB, RollbackPart(1, LOOK, 7, COUNTS), clock())
        store.start_rollback_writes(JOB, 1, clock())
        numbers = [10, 2, 0, 1, 99, 100, 9]
        for number in numbers:
            part = RollbackPart(1, WRITE, number, RollbackCounts(deleted=number))
            assert store.record_rollback_part(JOB, part, clock())
        written = [RollbackPart(1, WRITE, number, RollbackCounts(deleted=number)) for number in sorted(numbers)]
        assert list(store.rollback_parts(JOB, 1, WRITE)) == written
        assert list(store.rollback_parts(JOB, 1, LOOK)) == [RollbackPart(1, LOOK, 7, COUNTS)]
        assert list(store.rollback_parts(JOB, 2, WRITE)) == []
        assert list(store.rollback_parts("job", 1, WRITE)) == []
        assert list(store.parts(JOB)) == [PartRecord(5, RowCounts(created=1))]
        assert not store.has_part(JOB, 7)
        assert not store.has_rollback_part(JOB, 1, WRITE, 5)

    def test_a_part_of_another_run_or_pass_leaves_no_trace(self, store: JobStore, clock: FakeClock) -> None:
        assert not store.record_rollback_part(JOB, RollbackPart(1, LOOK, 0, COUNTS), clock())
        ended(store, clock)
        assert not store.record_rollback_part(JOB, RollbackPart(1, LOOK, 0, COUNTS), clock())
        begun(store, clock, ABORT)
        before = found(store)
        for part in (RollbackPart(1, WRITE, 0, COUNTS), RollbackPart(2, LOOK, 0, COUNTS)):
            assert not store.record_rollback_part(JOB, part, clock.advance(minutes=1))
            assert not store.has_rollback_part(JOB, part.run, part.mode, 0)
        assert found(store) == before
        store.start_rollback_writes(JOB, 1, clock())
        assert not store.record_rollback_part(JOB, RollbackPart(1, LOOK, 0, COUNTS), clock())
        store.end_rollback(JOB, 1, FAILED, clock())
        assert not store.record_rollback_part(JOB, RollbackPart(1, WRITE, 0, COUNTS), clock())
        assert list(store.rollback_parts(JOB, 1, WRITE)) == []

    def test_workers_at_the_same_parts_at_once_count_each_part_once(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock)
        numbers = [number for number in range(8) for _ in range(3)]

        def record(number: int) -> tuple[int, bool]:
            return number, store.record_rollback_part(JOB, RollbackPart(1, WRITE, number, COUNTS), clock())

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(record, numbers))
        assert sorted(number for number, counted in answers if counted) == list(range(8))
        counts = RollbackCounts(deleted=40, restored=32, kept=24, unchanged=16, errors=8)
        assert found(store).rollback.counts == counts
        assert len(list(store.rollback_parts(JOB, 1, WRITE))) == 8

    def test_of_parts_and_the_end_at_once_what_is_counted_is_recorded(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock)
        barrier = Barrier(7)

        def record(number: int) -> bool:
            barrier.wait()
            return store.record_rollback_part(JOB, RollbackPart(1, WRITE, number, RollbackCounts(deleted=1)), clock())

        def end() -> ImportJob | None:
            barrier.wait()
            return store.end_rollback(JOB, 1, FAILED, clock())

        with ThreadPoolExecutor(7) as pool:
            ending = pool.submit(end)
            recorded = list(pool.map(record, range(6)))
            assert ending.result() is not None
        assert found(store).rollback.status is FAILED
        assert found(store).rollback.counts.deleted == sum(recorded) == len(list(store.rollback_parts(JOB, 1, WRITE)))


class TestEnding:
    @pytest.mark.parametrize(
        ("rollback", "status", "job_status"),
        [
            (make_rollback(), COMPLETED, ImportStatus.ROLLED_BACK),
            (make_rollback(), FAILED, ImportStatus.ROLLING_BACK),
            (DRY, COMPLETED, ImportStatus.FAILED),
            (DRY, FAILED, ImportStatus.FAILED),
            (ABORT, ABORTED, ImportStatus.FAILED),
        ],
        ids=["written", "failed in writing", "looked", "failed in looking", "aborted"],
    )
    def test_only_one_that_completed_after_writing_makes_the_job_rolled_back(
        self, store: JobStore, clock: FakeClock, rollback: Rollback, status: RollbackStatus, job_status: ImportStatus
    ) -> None:
        ended(store, clock, ImportStatus.FAILED)
        mode = begun(store, clock, rollback).mode
        store.record_rollback_part(JOB, RollbackPart(1, mode, 0, COUNTS), clock())
        before, at = found(store), clock.advance(minutes=1)
        job = store.end_rollback(JOB, 1, status, at, errors=6)
        ended_rollback = replace(before.rollback, status=status, counts=replace(COUNTS, errors=6), ended_at=at)
        assert job == replace(
            before,
            status=job_status,
            rollback=ended_rollback,
            rolled_back_at=at if job_status is ImportStatus.ROLLED_BACK else None,
            changed_at=at,
        )
        assert found(store) == job
        assert store.end_rollback(JOB, 1, COMPLETED, clock.advance(minutes=1)) is None
        assert found(store) == job

    def test_errors_are_none_unless_told(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock)
        store.record_rollback_part(JOB, RollbackPart(1, WRITE, 0, COUNTS), clock())
        job = store.end_rollback(JOB, 1, COMPLETED, clock())
        assert job.rollback.counts == replace(COUNTS, errors=0)

    def test_one_that_is_not_running_does_not_end(self, store: JobStore, clock: FakeClock) -> None:
        assert store.end_rollback(JOB, 1, COMPLETED, clock()) is None
        ended(store, clock)
        assert store.end_rollback(JOB, 1, COMPLETED, clock()) is None
        begun(store, clock, make_rollback())
        before = found(store)
        assert store.end_rollback(JOB, 2, COMPLETED, clock()) is None
        assert found(store) == before

    def test_of_many_that_end_it_at_once_one_does(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: store.end_rollback(JOB, 1, COMPLETED, clock()), range(16)))
        assert sum(job is not None for job in answers) == 1


class TestTheSweepersList:
    def test_a_job_is_in_it_while_its_rollback_runs(self, store: JobStore, clock: FakeClock) -> None:
        ended(store, clock)
        assert not is_watched(store)
        begun(store, clock, ABORT)
        assert is_watched(store)
        assert found(store).announced
        store.start_rollback_writes(JOB, 1, clock())
        store.record_rollback_part(JOB, RollbackPart(1, WRITE, 0, COUNTS), clock())
        assert is_watched(store)
        store.end_rollback(JOB, 1, FAILED, clock())
        assert not is_watched(store)
        begun(store, clock, make_rollback(attempt=2, request="seed-2"))
        assert is_watched(store)
        store.end_rollback(JOB, 1, COMPLETED, clock())
        assert not is_watched(store)
        assert found(store).announced

    @pytest.mark.parametrize("announced_first", [True, False])
    def test_a_job_leaves_it_with_the_later_of_its_announcement_and_its_rollbacks_end(
        self, store: JobStore, clock: FakeClock, announced_first: bool
    ) -> None:
        started(store, clock)
        store.close_import(JOB, ImportStatus.COMPLETED, clock())
        begun(store, clock, DRY)
        steps: list[Callable[[], object]] = [
            lambda: store.mark_announced(JOB, clock()),
            lambda: store.end_rollback(JOB, 1, COMPLETED, clock()),
        ]
        first, second = steps if announced_first else reversed(steps)
        first()
        assert is_watched(store)
        assert found(store).announced == announced_first
        second()
        assert not is_watched(store)
        assert found(store).announced
        assert found(store).rollback.status is COMPLETED

    def test_announcing_counts_as_a_change_and_happens_once(self, store: JobStore, clock: FakeClock) -> None:
        started(store, clock)
        store.close_import(JOB, ImportStatus.COMPLETED, clock())
        begun(store, clock, DRY)
        at = clock.advance(minutes=1)
        store.mark_announced(JOB, at)
        job = found(store)
        assert (job.announced, job.changed_at) == (True, at)
        store.mark_announced(JOB, clock.advance(minutes=1))
        assert found(store) == job

    @pytest.mark.parametrize("_", range(5))
    def test_announcement_and_end_at_once_lose_neither(self, store: JobStore, clock: FakeClock, _: int) -> None:
        started(store, clock)
        store.close_import(JOB, ImportStatus.COMPLETED, clock())
        begun(store, clock, DRY)
        with ThreadPoolExecutor(2) as pool:
            for done in (
                pool.submit(store.mark_announced, JOB, clock()),
                pool.submit(store.end_rollback, JOB, 1, COMPLETED, clock()),
            ):
                done.result()
        assert (found(store).announced, found(store).rollback.status) == (True, COMPLETED)
        assert not is_watched(store)


class TestExpiry:
    def test_parts_go_when_their_time_is_over(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock)
        store.record_rollback_part(JOB, RollbackPart(1, WRITE, 0, COUNTS), clock())
        clock.advance(days=RETENTION_DAYS - 1)
        assert store.has_rollback_part(JOB, 1, WRITE, 0)
        # What happens to the job keeps the job, and not what lies beside it.
        assert store.record_rollback_part(JOB, RollbackPart(1, WRITE, 1, COUNTS), clock())
        clock.advance(days=1)
        assert not store.has_rollback_part(JOB, 1, WRITE, 0)
        assert list(store.rollback_parts(JOB, 1, WRITE)) == [RollbackPart(1, WRITE, 1, COUNTS)]
        assert store.record_rollback_part(JOB, RollbackPart(1, WRITE, 0, COUNTS), clock()), "its place is free again"

    def test_nothing_can_be_done_to_a_job_that_is_gone(self, store: JobStore, clock: FakeClock) -> None:
        rolling(store, clock)
        clock.advance(days=RETENTION_DAYS)
        assert store.start_rollback(JOB, make_rollback(), clock()) is None
        assert not store.start_rollback_writes(JOB, 1, clock())
        assert not store.record_rollback_part(JOB, RollbackPart(1, WRITE, 0, COUNTS), clock())
        assert store.end_rollback(JOB, 1, COMPLETED, clock()) is None

    @pytest.mark.parametrize(
        "change",
        [
            lambda store, at: store.start_rollback_writes(JOB, 1, at),
            lambda store, at: store.record_rollback_part(JOB, RollbackPart(1, LOOK, 0, COUNTS), at),
            lambda store, at: store.end_rollback(JOB, 1, COMPLETED, at),
        ],
        ids=["write", "part", "end"],
    )
    def test_every_change_gives_the_job_its_full_time(
        self, store: JobStore, clock: FakeClock, change: Callable[[JobStore, str], object]
    ) -> None:
        ended(store, clock)
        begun(store, clock, ABORT)
        change(store, clock.advance(days=60))
        clock.advance(days=60)
        assert store.find_import(JOB) is not None

    def test_so_does_its_beginning(self, store: JobStore, clock: FakeClock) -> None:
        ended(store, clock)
        clock.advance(days=60)
        begun(store, clock, ABORT)
        clock.advance(days=60)
        assert store.find_import(JOB) is not None
