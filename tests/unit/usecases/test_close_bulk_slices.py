"""What the dead-letter queue's consumer does with a slice that no worker could end."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain.bulk_entries import NOT_CREATED, NOT_DELETED
from contacts.domain.bulk_job import BulkCounts, BulkKind, BulkStatus
from contacts.domain.object_keys import bulk_outcomes_key
from contacts.domain.rows import Outcome
from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE
from contacts.usecases.finish_bulk_job import COLLECTION_NOT_FILLED
from contacts.usecases.unit_of_work import UnitStillWrittenError
from tests.support.bulk_end_state import end_state, work_to_the_end
from tests.support.bulk_scenarios import (
    EMAILS,
    crashing_at,
    created_world,
    deliver_everything_again,
    empty_world,
    fill,
    insisting,
    the_job,
)
from tests.support.bulk_world import BulkWorld, small_slices
from tests.support.port_faults import Crash, PortFaults, When, wrap_calls
from tests.support.turns import Turns

choices = st.lists(st.integers(0, 1), max_size=40)
racing = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


def broken(crashes):
    """A world whose first slice broke off."""
    world = empty_world()
    world.create(*EMAILS, seed="create", collection_id="friends")
    message = world.queue.messages.pop(0)
    faults = PortFaults(crashes)
    world.wire(faults.wrap)
    if crashes:
        with pytest.raises(Crash):
            world.deliver(message)
    else:
        world.deliver(message)
    world.wire()
    return world, message, faults.calls


@pytest.mark.parametrize("when", When)
def test_what_was_written_counts_and_the_rest_has_failed(when):
    _, _, calls = broken({})
    seen = set()
    for number in range(len(calls)):
        world, message, _ = broken({number: when})
        recorded = world.bulk_jobs.has_slice(message[1], 0)
        written = {contact.created_by.row for contact in world.contacts_of(the_job(world))}
        assert world.close(message) is not recorded
        work_to_the_end(world)
        job = the_job(world)
        items = world.create_items(job)
        assert [item.index for item in items] == list(range(len(EMAILS)))
        by_row = {contact.created_by.row: contact.id for contact in world.contacts_of(job)}
        assert {item.index: item.contact_id for item in items if item.outcome is Outcome.CREATED} == by_row
        assert {row for row in by_row if row < 3} == written
        lost = {0, 1} - written
        assert {item.index for item in items if item.code == NOT_CREATED} == lost
        assert job.counts.processed == job.total == len(EMAILS)
        assert (job.counts.succeeded, job.counts.failed) == (len(by_row), 1 + len(lost))
        assert job.status is BulkStatus.PARTIAL
        assert world.collected() == sorted(by_row.values())
        told = {each for _, detail in world.events.published for each in detail["contactIds"]}
        assert told == set(by_row.values())
        seen.add(len(written))
        state = end_state(world)
        deliver_everything_again(world)
        assert end_state(world) == state
    assert seen == {0, 1, 2}


def test_a_crash_of_the_consumer_at_any_call():
    _, _, calls = broken({})
    # The first one is refused, because the e-mail is held; the last one makes the twin.
    last_write = [number for number, call in enumerate(calls) if call == "contacts.write"][2]

    def closed(crashes):
        world, message, _ = broken({last_write: When.BEFORE})
        faults = PortFaults(crashes)
        world.wire(faults.wrap)
        insisting(world, faults)(partial(world.close, message))
        world.wire()
        work_to_the_end(world)
        return faults.calls, end_state(world)

    calls, expected = closed({})
    assert {"contacts.settle", "events.publish", "bulk_jobs.record_slice"} <= set(calls)
    assert "contacts.write" not in calls
    for number, call in enumerate(calls):
        for when in When:
            assert closed({number: when})[1] == expected, f"after a crash {when.value} call {number}, {call}"


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("when", When)
def test_a_clean_up(when, dry_run):
    def broken(crashes):
        world = created_world()
        world.delete(the_job(world), seed="delete", dry_run=dry_run)
        message = world.queue.messages.pop(0)
        faults = PortFaults(crashes)
        world.wire(faults.wrap)
        ends = False
        try:
            world.deliver(message)
            ends = True
        except Crash:
            world.wire()
        assert ends is (not crashes)
        return world, message, faults.calls

    _, _, calls = broken({})
    before = {contact.id for contact in created_world().all_contacts()}
    seen = set()
    for number in range(len(calls)):
        world, message, _ = broken({number: when})
        world.close(message)
        work_to_the_end(world)
        job = the_job(world, BulkKind.DELETE)
        items = world.delete_items(job)
        gone = before - {contact.id for contact in world.all_contacts()}
        assert {item.contact_id for item in items if item.outcome is Outcome.DELETED} == gone
        assert {item.outcome for item in items if item.code == NOT_DELETED} <= {Outcome.ERROR}
        found = Counter(item.outcome for item in items)
        assert job.counts.processed == job.total == len(items) == 6
        assert job.counts.succeeded == found[Outcome.DELETED] + found[Outcome.CANDIDATE]
        assert (job.counts.failed, job.counts.not_found) == (found[Outcome.ERROR], found[Outcome.NOT_FOUND])
        deletions = world.deletions(job)
        assert [each["contactId"] for each in deletions["items"]] == [item.contact_id for item in items]
        seen.add(job.counts.failed)
        assert not gone or not dry_run
    assert {0, 3} <= seen


def test_a_job_none_of_whose_contacts_was_written_has_failed():
    world = empty_world()
    world.create("a@x.io", "b@x.io", collection_id="friends")
    (message,) = world.queue.messages
    assert world.close(message)
    job = the_job(world)
    assert (job.status, job.counts) == (BulkStatus.FAILED, BulkCounts(failed=2))
    assert world.events.published == []
    assert [record.reconciled for record, _ in world.bulk_jobs.records.values()] == [True]


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("call", ["files.put_if_absent", "events.publish", "bulk_jobs.record_slice"])
def test_a_worker_that_comes_after_a_consumer_which_broke_off(call, when):
    """Once the slice is sealed nobody creates what is not created; once there is a list the next one records it."""
    world = empty_world()
    world.create("a@x.io", "b@x.io", seed="create")
    message = world.queue.messages.pop(0)
    crashing_at(world, "contacts.write", When.BEFORE, lambda: world.deliver(message), nth=1)
    # The first object that a consumer puts is the seal, the second one the list.
    is_list = call == "files.put_if_absent"
    crashing_at(world, call, when, lambda: world.close(message), nth=1 if is_list else 0)
    is_listed = not is_list or when is When.AFTER
    world.deliver(message)
    assert the_job(world).is_open is not is_listed
    if not is_listed:
        world.close(message)
    job = the_job(world)
    assert job.counts == BulkCounts(succeeded=1, failed=1)
    items = world.create_items(job)
    created = [item.contact_id for item in items if item.outcome is Outcome.CREATED]
    assert created == [contact.id for contact in world.contacts_of(job)]
    assert len(created) == job.counts.succeeded
    assert {tuple(detail["contactIds"]) for _, detail in world.events.published} == {tuple(created)}
    assert [record.reconciled for record, _ in world.bulk_jobs.records.values()] == [True]


def started(kind):
    """A world with a slice of three contacts to create or to delete, and the message that names it."""
    world = BulkWorld()
    job = world.create("a@x.io", "b@x.io", "c@x.io")
    if kind is BulkKind.DELETE:
        world.work()
        job = world.delete(job)
    return world, job, world.queue.messages.pop(0)


def check_list_says_what_is_there(world, job):
    """Invariant 3, read off the table."""
    job = world.job(job)
    there = {contact.id for contact in world.all_contacts()}
    if job.kind is BulkKind.CREATE:
        listed = {item.contact_id for item in world.create_items(job) if item.outcome is Outcome.CREATED}
        assert listed == there
    else:
        items = world.delete_items(job)
        listed = {item.contact_id for item in items if item.outcome is Outcome.DELETED}
        assert listed == {item.contact_id for item in items} - there
    assert job.counts.succeeded == len(listed)
    assert job.counts.processed == job.total == 3


@pytest.mark.parametrize("kind", BulkKind)
@racing
@given(choices=choices)
def test_a_worker_at_the_same_time_as_the_consumer(kind, choices):
    """The worker lives as long as workers do: it comes to its end before the consumer comes a second time."""
    world, job, message = started(kind)
    turns = Turns(choices)
    world.wire(turns.wrap)
    waits = []

    def consumer():
        try:
            world.workers[kind].close(job.id, 0)
        except UnitStillWrittenError:
            waits.append(message)

    turns.run({"worker": lambda: world.deliver(message), "consumer": consumer})
    world.wire()
    if waits:
        world.clock.now += SLICE_WORKER_LIFE
        world.close(message)
    assert not world.job(job).is_open
    check_list_says_what_is_there(world, job)


@pytest.mark.parametrize("kind", BulkKind)
def test_a_worker_that_is_slow_is_waited_for_and_one_that_comes_late_writes_nothing(kind):
    """The slow one has stored its plan before the consumer came, and writes all of it afterwards."""
    world, job, message = started(kind)
    close, kept = world.workers[kind].close, []

    def consumer_comes_first(name, port):
        def call(call_name, method, *args, **kwargs):
            if call_name == "contacts.write" and not kept:
                kept.append(call_name)
                with pytest.raises(UnitStillWrittenError):
                    close(job.id, 0)
            return method(*args, **kwargs)

        return wrap_calls(name, port, call)

    world.wire(consumer_comes_first)
    assert world.deliver(message)
    world.wire()
    assert kept
    world.close(message)
    assert world.job(job).counts == BulkCounts(succeeded=3)
    check_list_says_what_is_there(world, job)


@pytest.mark.parametrize("kind", BulkKind)
def test_a_worker_that_looked_before_the_consumer_came_and_plans_after_it_writes_nothing(kind):
    world, job, message = started(kind)
    close, closed = world.workers[kind].close, []

    def consumer_comes_first(name, port):
        def call(call_name, method, *args, **kwargs):
            if call_name == "files.put_if_absent" and not closed:
                closed.append(close(job.id, 0))
            return method(*args, **kwargs)

        return wrap_calls(name, port, call)

    before = world.all_contacts()
    world.wire(consumer_comes_first)
    assert not world.deliver(message)
    assert closed == [True], "without a plan nobody can have begun: there is nothing to wait for"
    assert world.all_contacts() == before
    assert world.job(job).counts == BulkCounts(failed=3)
    check_list_says_what_is_there(world, job)


@pytest.mark.parametrize("kind", BulkKind)
def test_a_slice_all_of_which_is_written_is_closed_at_once(kind):
    world, job, message = started(kind)
    crashing_at(world, "bulk_jobs.record_slice", When.BEFORE, lambda: world.deliver(message))
    world.files.delete([bulk_outcomes_key(job.tenant, job.id, 0)])
    assert world.workers[kind].close(job.id, 0)
    assert world.job(job).counts == BulkCounts(succeeded=3)


def test_the_seal_is_as_old_as_the_first_one_who_set_it():
    world, job, message = started(BulkKind.CREATE)
    crashing_at(world, "contacts.write", When.BEFORE, lambda: world.deliver(message))
    close = world.workers[BulkKind.CREATE].close
    with pytest.raises(UnitStillWrittenError):
        close(job.id, 0)
    world.clock.now += SLICE_WORKER_LIFE / 2
    with pytest.raises(UnitStillWrittenError):
        close(job.id, 0)
    world.clock.now += SLICE_WORKER_LIFE / 2
    assert close(job.id, 0)
    assert world.job(job).counts == BulkCounts(failed=3)


def test_a_collection_that_can_not_be_reached_keeps_no_job_open():
    """A worker tries again; who comes when nobody will try again ends the job with a problem."""
    world = empty_world()
    world.create("a@x.io", seed="create", collection_id="friends")
    message = world.queue.messages.pop(0)
    put_items = world.collections.put_items

    def no_answer(*_):
        raise ConnectionError

    world.collections.put_items = no_answer
    for _ in range(2):
        with pytest.raises(ConnectionError):
            world.deliver(message)
    assert the_job(world).is_open
    world.close(message)
    job = the_job(world)
    assert (job.status, job.counts) == (BulkStatus.PARTIAL, BulkCounts(succeeded=1))
    assert (job.collection_problem.code, job.collection_problem.field) == (COLLECTION_NOT_FILLED, "collectionId")
    assert [(job_id, type(error)) for job_id, error in world.errors] == [(job.id, ConnectionError)]
    world.collections.put_items = put_items
    fill(world)
    assert the_job(world).status is BulkStatus.COMPLETED


def test_a_job_without_a_collection_has_no_trouble_with_one():
    world = empty_world()
    world.create("a@x.io", seed="create")
    faults = PortFaults()
    world.wire(faults.wrap)
    world.close(world.queue.messages.pop(0))
    assert "bulk_jobs.slices" not in faults.calls
    assert the_job(world).collection_problem is None
