"""Invariants 1, 3 and 4: whoever dies at any call of any port and is run again leads to the same end as any other."""

from __future__ import annotations

import random
from functools import partial

import pytest

from contacts.domain.bulk_job import BulkCounts, BulkKind, BulkStatus
from contacts.domain.rows import Outcome
from tests.support.bulk_end_state import end_state, work_to_the_end
from tests.support.bulk_scenarios import (
    COUNTS,
    CREATED,
    EMAILS,
    clean_up,
    clean_up_some,
    create,
    created_world,
    deliver_everything_again,
    empty_world,
    fill,
    insisting,
    silent_world,
    sweep,
    the_job,
    three_times,
    unfilled_world,
)
from tests.support.bulk_world import small_slices
from tests.support.memory_contact_store import Lost
from tests.support.port_faults import Crash, PortFaults, When


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


SCENARIOS = {
    "create": (empty_world, create),
    "delete": (created_world, clean_up),
    "delete these": (created_world, clean_up_some),
    "dry run": (created_world, partial(clean_up, dry_run=True)),
    "fill the collection": (unfilled_world, fill),
    "sweep": (silent_world, sweep),
}
scenarios = pytest.mark.parametrize("scenario", SCENARIOS)
#: Without the sweeper, who after so many tries closes a slice instead of sending it.
repeated = pytest.mark.parametrize("scenario", [scenario for scenario in SCENARIOS if scenario != "sweep"])


def clean_run(scenario):
    make, act = SCENARIOS[scenario]
    world = make()
    faults = PortFaults()
    world.wire(faults.wrap)
    act(world)
    return faults.calls, end_state(world)


def test_what_there_is_to_break():
    calls, state = clean_run("create")
    assert {
        "files.put_if_absent",
        "bulk_jobs.create_job",
        "bulk_jobs.mark_sent",
        "queue.send",
        "bulk_jobs.start_job",
        "contacts.write",
        "contacts.settle",
        "events.publish",
        "bulk_jobs.record_slice",
        "collections.put_items",
        "bulk_jobs.close_job",
    } <= set(calls)
    (job,) = state["jobs"].values()
    assert (job.status, job.counts, job.total, job.slices_done) == (BulkStatus.PARTIAL, COUNTS, len(EMAILS), 4)
    (items,) = state["items"].values()
    assert [item.index for item in items if item.outcome is Outcome.CREATED] == CREATED
    assert len(state["contacts"]) == 1 + len(CREATED)
    *_, collected = state["collections"]["friends"]
    assert len(collected) == len(CREATED)
    assert sorted(each for _, _, ids in state["events"] for each in ids) == collected
    assert state["line"] == []

    _, state = clean_run("delete")
    counts = [job.counts for job in state["jobs"].values() if job.kind is BulkKind.DELETE]
    assert counts == [BulkCounts(succeeded=5, not_found=1)]
    _, state = clean_run("delete these")
    counts = [job.counts for job in state["jobs"].values() if job.kind is BulkKind.DELETE]
    assert counts == [BulkCounts(succeeded=4, not_found=1, forbidden=1)]
    calls, state = clean_run("dry run")
    assert "contacts.write" not in calls
    counts = [job.counts for job in state["jobs"].values() if job.kind is BulkKind.DELETE]
    assert counts == [BulkCounts(succeeded=5, not_found=1)]


@pytest.mark.parametrize("when", When)
@scenarios
def test_one_crash_at_any_call(scenario, when):
    make, act = SCENARIOS[scenario]
    calls, expected = clean_run(scenario)
    for number, call in enumerate(calls):
        world = make()
        faults = PortFaults({number: when})
        world.wire(faults.wrap)
        act(world, insisting(world, faults))
        assert len(faults.calls) > number
        assert end_state(world) == expected, f"after a crash {when.value} call {number}, {call}"
        deliver_everything_again(world)
        assert end_state(world) == expected, f"delivered again, after a crash {when.value} call {number}, {call}"


@repeated
def test_three_crashes_at_any_calls(scenario):
    make, act = SCENARIOS[scenario]
    calls, expected = clean_run(scenario)
    chance = random.Random(scenario)
    for _ in range(60):
        start = chance.randrange(len(calls))
        near = [start, start + chance.randrange(1, 6), start + chance.randrange(6, 12)]
        world = make()
        faults = PortFaults({number: chance.choice(list(When)) for number in near})
        world.wire(faults.wrap)
        act(world, insisting(world, faults))
        assert end_state(world) == expected, f"after crashes at {faults.crashes}"


@repeated
def test_every_step_three_times(scenario):
    make, act = SCENARIOS[scenario]
    _, expected = clean_run(scenario)
    world = make()
    act(world, three_times)
    assert end_state(world) == expected


@pytest.mark.parametrize("lost", Lost)
@pytest.mark.parametrize("scenario", ["create", "delete", "delete these"])
def test_one_lost_answer_to_any_write(scenario, lost):
    make, act = SCENARIOS[scenario]
    calls, expected = clean_run(scenario)
    assert calls.count("contacts.write") >= 4
    for number in range(calls.count("contacts.write")):
        world = make()
        fates = iter([*[None] * number, lost])
        world.contacts.lose_answer = lambda _write, fates=fates: next(fates, None)
        act(world)
        assert next(fates, None) is None
        assert end_state(world) == expected, f"the answer to write {number} was lost {lost.value}"


def test_a_slice_delivered_again_touches_nothing():
    world = empty_world()
    faults = PortFaults()
    world.wire(faults.wrap)
    job = world.create(*EMAILS)
    message = world.queue.messages.pop(0)
    assert world.deliver(message)
    faults.calls.clear()
    assert not world.deliver(message)
    assert not [call for call in faults.calls if call.startswith(("contacts", "files", "events"))]
    assert world.job(job).slices_done == 1


def test_a_message_that_comes_again_after_its_record_ends_the_job():
    """Without the sweeper, which would end it minutes later."""

    def created(crashes=None):
        world = empty_world()
        job = world.create("a@x.io")
        (message,) = world.queue.messages
        faults = PortFaults(crashes)
        world.wire(faults.wrap)
        return world, job, message, faults

    world, _, message, faults = created()
    assert world.deliver(message)
    world, job, message, _ = created({faults.calls.index("bulk_jobs.close_job"): When.BEFORE})
    with pytest.raises(Crash):
        world.deliver(message)
    world.wire()
    assert world.job(job).is_open
    assert not world.deliver(message)
    assert (world.job(job).status, world.job(job).counts.succeeded) == (BulkStatus.COMPLETED, 1)


def test_a_slice_of_a_job_that_has_ended_touches_nothing():
    world = created_world()
    clean_up(world)
    faults = PortFaults()
    world.wire(faults.wrap)
    for job in world.all_jobs():
        for message in world.messages_of(job):
            assert not world.deliver(message)
            assert not world.close(message)
    assert set(faults.calls) == {"bulk_jobs.find_job", "bulk_jobs.leave_line", "bulk_jobs.line"}


def test_nothing_comes_back_when_messages_are_delivered_after_the_clean_up():
    world = empty_world()
    create(world)
    before = {contact.id for contact in world.all_contacts()} - set(world.collected())
    clean_up(world)
    published = len(world.events.published)
    deliver_everything_again(world)
    world.create(*EMAILS, seed="create", collection_id="friends", client_source="ios")
    deliver_everything_again(world)
    assert {contact.id for contact in world.all_contacts()} == before
    assert len(world.events.published) == published


def test_an_unrecorded_slice_that_is_delivered_after_its_contacts_were_deleted_brings_none_back():
    """Its worker died between the last write and the record; a person has deleted what it wrote."""
    calls, _ = clean_run("create")
    number = calls.index("bulk_jobs.record_slice")
    world = empty_world()
    world.wire(PortFaults({number: When.BEFORE}).wrap)
    with pytest.raises(Crash):
        create(world)
    job = the_job(world)
    written = world.contacts_of(job)
    assert written
    for contact in written:
        world.remove(contact)
    world.wire()
    world.deliver((BulkKind.CREATE, job.id, 0))
    assert world.contacts_of(job) == []
    assert world.job(job).counts.succeeded == len(written)


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("kind", BulkKind)
def test_a_start_that_died_is_finished_by_the_same_request(kind, when):
    """Also where what the clean-up would find has changed: the job keeps what its first try found."""

    def start(world):
        if kind is BulkKind.CREATE:
            return world.create(*EMAILS, seed="start")
        return world.delete(the_job(world), seed="start")

    make = empty_world if kind is BulkKind.CREATE else created_world
    world = make()
    faults = PortFaults()
    world.wire(faults.wrap)
    expected = start(world)
    for number in range(len(faults.calls)):
        world = make()
        world.wire(PortFaults({number: when}).wrap)
        with pytest.raises(Crash):
            start(world)
        world.wire()
        answered = start(world)
        assert (answered.id, answered.total) == (expected.id, expected.total)
        work_to_the_end(world)
        assert start(world).total == expected.total
        work_to_the_end(world)
        job = world.job(answered)
        assert job.counts.processed == job.total == expected.total
        assert world.queue.messages == []
