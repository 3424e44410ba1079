"""Rollbacks in DynamoDB when answers are lost and others change the same job between two calls: the in-memory job store
has nothing of the kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from contacts.adapters.backoff import Backoff
from contacts.domain.import_job import ImportStatus
from contacts.domain.rollback import Rollback, RollbackCounts, RollbackMode, RollbackPart, RollbackStatus
from contacts.ports import JobStore
from tests.support.aws_clients import DYNAMODB_ENGINES
from tests.support.client_wrappers import FailsFirst, LosesAnswers, MeetsOthers, client_error
from tests.support.fake_clock import FakeClock
from tests.support.job_stores import (
    ABORT,
    DRY,
    JOB,
    MakeStore,
    begun,
    ended,
    found,
    is_watched,
    make_rollback,
    rolling,
    started,
    store_maker,
)
from tests.support.jobs_table import JobsTable, jobs_table_on

WRITE = RollbackMode.WRITE
RUNNING, COMPLETED, FAILED = RollbackStatus.RUNNING, RollbackStatus.COMPLETED, RollbackStatus.FAILED
COUNTS = RollbackCounts(deleted=5, restored=4, kept=3, unchanged=2, errors=1)
PART = RollbackPart(1, WRITE, 0, COUNTS)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module", params=DYNAMODB_ENGINES)
def table(request: pytest.FixtureRequest) -> Iterator[JobsTable | None]:
    with jobs_table_on(request.param) as table:
        yield table


@pytest.fixture
def dynamo(table: JobsTable, clock: FakeClock) -> MakeStore:
    """Makes stores on one empty table; `wrap` puts something between the store and the client."""
    return store_maker(table.emptied(), clock)


def meeting(dynamo: MakeStore, action: Callable[[], object]) -> JobStore:
    """A store that looks at the job right before somebody else does something to it."""
    return dynamo(lambda client: MeetsOthers(client, "update_item", action))


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_start_whose_answer_was_lost_is_found_on_the_next_try(
    dynamo: MakeStore, clock: FakeClock, attempt: int
) -> None:
    ended(dynamo(), clock)
    if attempt == 2:
        begun(dynamo(), clock, make_rollback(request="seed-0"))
        dynamo().end_rollback(JOB, 1, FAILED, clock())
    store = dynamo(lambda client: LosesAnswers(client, "update_item"))
    rollback = make_rollback(attempt=attempt)
    with pytest.raises(ReadTimeoutError):
        store.start_rollback(JOB, rollback, clock())
    assert store.start_rollback(JOB, rollback, clock.advance(seconds=1)) == found(store)
    assert (found(store).rollback.status, found(store).rollback.attempt) == (RUNNING, attempt)


def test_going_to_write_with_a_lost_answer_is_found_on_the_next_try(dynamo: MakeStore, clock: FakeClock) -> None:
    rolling(dynamo(), clock, ABORT)
    store = dynamo(lambda client: LosesAnswers(client, "update_item"))
    with pytest.raises(ReadTimeoutError):
        store.start_rollback_writes(JOB, 1, clock())
    dynamo().record_rollback_part(JOB, PART, clock())
    assert store.start_rollback_writes(JOB, 1, clock())
    assert found(store).rollback.counts == COUNTS


def test_a_part_whose_answer_was_lost_counts_once(dynamo: MakeStore, clock: FakeClock) -> None:
    rolling(dynamo(), clock)
    store = dynamo(lambda client: LosesAnswers(client, "transact_write_items"))
    with pytest.raises(ReadTimeoutError):
        store.record_rollback_part(JOB, PART, clock())
    assert not store.record_rollback_part(JOB, PART, clock.advance(seconds=1))
    assert found(store).rollback.counts == COUNTS


def test_an_end_whose_answer_was_lost_stands(dynamo: MakeStore, clock: FakeClock) -> None:
    rolling(dynamo(), clock)
    store = dynamo(lambda client: LosesAnswers(client, "update_item"))
    at = clock()
    with pytest.raises(ReadTimeoutError):
        store.end_rollback(JOB, 1, COMPLETED, at)
    assert store.end_rollback(JOB, 1, FAILED, clock.advance(seconds=1)) is None
    assert (found(store).status, found(store).rolled_back_at) == (ImportStatus.ROLLED_BACK, at)
    assert not is_watched(store)


def test_announcing_while_a_rollback_begins_keeps_the_job_in_the_sweepers_list(
    dynamo: MakeStore, clock: FakeClock
) -> None:
    started(dynamo(), clock)
    dynamo().close_import(JOB, ImportStatus.COMPLETED, clock())
    meeting(dynamo, lambda: begun(dynamo(), clock, DRY)).mark_announced(JOB, clock())
    assert found(dynamo()).announced
    assert is_watched(dynamo())


@pytest.mark.parametrize("rollback", [DRY, make_rollback()], ids=["dry", "written"])
def test_announcing_while_a_rollback_ends_takes_the_job_from_the_sweepers_list(
    dynamo: MakeStore, clock: FakeClock, rollback: Rollback
) -> None:
    started(dynamo(), clock)
    dynamo().close_import(JOB, ImportStatus.COMPLETED, clock())
    begun(dynamo(), clock, rollback)
    meeting(dynamo, lambda: dynamo().end_rollback(JOB, 1, COMPLETED, clock())).mark_announced(JOB, clock())
    assert found(dynamo()).announced
    assert not is_watched(dynamo())


def test_ending_while_the_job_is_announced_takes_it_from_the_sweepers_list(dynamo: MakeStore, clock: FakeClock) -> None:
    started(dynamo(), clock)
    dynamo().close_import(JOB, ImportStatus.COMPLETED, clock())
    begun(dynamo(), clock, DRY)
    store = meeting(dynamo, lambda: dynamo().mark_announced(JOB, clock()))
    assert store.end_rollback(JOB, 1, COMPLETED, clock()) is not None
    assert found(store).announced
    assert not is_watched(store)


def test_ending_while_the_run_goes_from_looking_to_writing_rolls_the_job_back(
    dynamo: MakeStore, clock: FakeClock
) -> None:
    rolling(dynamo(), clock, ABORT)
    store = meeting(dynamo, lambda: dynamo().start_rollback_writes(JOB, 1, clock()))
    job = store.end_rollback(JOB, 1, COMPLETED, clock())
    assert (job.status, job.rollback.mode) == (ImportStatus.ROLLED_BACK, WRITE)


def test_others_that_never_give_way_are_an_error(dynamo: MakeStore, clock: FakeClock) -> None:
    rolling(dynamo(), clock)
    refused, time = client_error("ConditionalCheckFailedException"), iter(range(1_000))
    store = dynamo(
        lambda client: FailsFirst(client, "update_item", *[refused] * 100),
        backoff=Backoff(deadline_seconds=20, sleep=lambda _: None, monotonic=lambda: next(time)),
    )
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        store.end_rollback(JOB, 1, COMPLETED, clock())


@pytest.mark.parametrize("code", ["TransactionConflictException", "ThrottlingException"])
def test_what_met_a_transaction_is_tried_again(dynamo: MakeStore, clock: FakeClock, code: str) -> None:
    ended(dynamo(), clock)

    def busy() -> JobStore:
        return dynamo(
            lambda client: FailsFirst(client, "update_item", client_error(code), client_error(code)),
            backoff=Backoff(sleep=lambda _: None),
        )

    assert busy().start_rollback(JOB, ABORT, clock()) is not None
    assert busy().start_rollback_writes(JOB, 1, clock())
    assert busy().end_rollback(JOB, 1, COMPLETED, clock()) is not None


def test_a_part_that_met_others_is_tried_again(dynamo: MakeStore, clock: FakeClock) -> None:
    rolling(dynamo(), clock)
    conflict = client_error("TransactionCanceledException", reasons=("None", "TransactionConflict"))
    store = dynamo(
        lambda client: FailsFirst(client, "transact_write_items", conflict, conflict),
        backoff=Backoff(sleep=lambda _: None),
    )
    assert store.record_rollback_part(JOB, PART, clock())


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("update_item", lambda store, at: store.start_rollback(JOB, make_rollback(run=2), at)),
        ("update_item", lambda store, at: store.start_rollback_writes(JOB, 1, at)),
        ("transact_write_items", lambda store, at: store.record_rollback_part(JOB, PART, at)),
        ("get_item", lambda store, at: store.end_rollback(JOB, 1, COMPLETED, at)),
        ("update_item", lambda store, at: store.end_rollback(JOB, 1, COMPLETED, at)),
        ("get_item", lambda store, at: store.has_rollback_part(JOB, 1, WRITE, 0)),
    ],
    ids=["start", "write", "part", "read for end", "end", "has part"],
)
def test_trouble_is_never_taken_for_an_answer(
    dynamo: MakeStore, clock: FakeClock, method: str, call: Callable[[JobStore, str], object]
) -> None:
    rolling(dynamo(), clock)
    denied = client_error("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        call(dynamo(lambda client: FailsFirst(client, method, denied)), clock())
