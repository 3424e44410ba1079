"""Invariant 5: a worker that dies at any call of any port, in the import or its rollback, leads to the same end."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from contacts.domain.import_job import ImportStatus
from contacts.domain.rollback import RollbackCounts, RollbackStatus
from tests.support.memory_contact_store import Lost
from tests.support.port_faults import Crash, PortFaults, When
from tests.support.rollback_scenarios import (
    CONFLICTS,
    STRATEGIES,
    clean_run,
    end_state,
    import_all,
    imported,
    insisting,
    live_on,
    world_of,
)


@pytest.mark.parametrize("on_conflict", CONFLICTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_there_is_something_to_break(strategy, on_conflict):
    calls, state = clean_run(strategy, on_conflict)
    assert {"jobs.start_rollback", "runner.start_rollback", "jobs.record_rollback_part", "jobs.end_rollback"} < {*calls}
    writes = {"contacts.write", "files.put_if_absent", "segments.remove_members", "segments.remove_if_empty"}
    assert (writes < {*calls}) is (on_conflict != "abort")
    counts = state["status"][-1]
    if on_conflict == "force":
        assert counts.deleted
    else:
        assert counts.kept
    assert bool(counts.unchanged) is (strategy == "update")


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("on_conflict", CONFLICTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_one_crash_at_any_call_of_the_rollback(strategy, on_conflict, when):
    calls, expected = clean_run(strategy, on_conflict)
    for number, call in enumerate(calls):
        world = imported(strategy)
        faults = PortFaults({number: when})
        world.wire(faults.wrap)
        world.roll_back(on_conflict=on_conflict, step=insisting(world, faults.wrap))
        assert len(faults.calls) > number
        assert end_state(world) == expected, f"after a crash {when.value} call {number}, {call}"


def test_an_abort_that_finds_nothing_to_keep_crashes_between_its_passes():
    def fresh():
        world = world_of("update")
        world.run()
        return world

    world = fresh()
    faults = PortFaults()
    world.wire(faults.wrap)
    world.roll_back(on_conflict="abort")
    calls, expected = faults.calls, end_state(world)
    assert "jobs.start_rollback_writes" in calls
    for number, call in enumerate(calls):
        for when in When:
            world = fresh()
            faults = PortFaults({number: when})
            world.wire(faults.wrap)
            world.roll_back(on_conflict="abort", step=insisting(world, faults.wrap))
            assert end_state(world) == expected, f"after a crash {when.value} call {number}, {call}"


@pytest.mark.parametrize("on_conflict", CONFLICTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_three_crashes_at_any_calls_of_the_rollback(strategy, on_conflict):
    calls, expected = clean_run(strategy, on_conflict)
    chance = random.Random(f"{strategy} {on_conflict}")
    for _ in range(60):
        start = chance.randrange(len(calls))
        near = [start, start + chance.randrange(1, 6), start + chance.randrange(6, 12)]
        world = imported(strategy)
        faults = PortFaults({number: chance.choice(list(When)) for number in near})
        world.wire(faults.wrap)
        world.roll_back(on_conflict=on_conflict, step=insisting(world, faults.wrap))
        assert end_state(world) == expected, f"after crashes at {faults.crashes}"


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_import_that_crashed_at_any_call_is_rolled_back_like_any_other(strategy, when):
    _, expected = clean_run(strategy, "keep")
    faults = PortFaults()
    world = world_of(strategy)
    world.wire(faults.wrap)
    import_all(world, insisting(world, faults.wrap))
    for number, call in enumerate(faults.calls):
        world = world_of(strategy)
        broken = PortFaults({number: when})
        world.wire(broken.wrap)
        import_all(world, insisting(world, broken.wrap))
        world.wire(lambda _name, port: port)
        live_on(world)
        world.roll_back()
        assert end_state(world) == expected, f"after a crash {when.value} call {number} of the import, {call}"


@pytest.mark.parametrize("lost", Lost)
@pytest.mark.parametrize("on_conflict", ["keep", "force"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_one_lost_answer_to_any_write(strategy, on_conflict, lost):
    calls, expected = clean_run(strategy, on_conflict)
    for number in range(calls.count("contacts.write")):
        world = imported(strategy)
        fates = iter([*[None] * number, lost])
        world.contacts.lose_answer = lambda _write, fates=fates: next(fates, None)
        world.roll_back(on_conflict=on_conflict)
        assert next(fates, None) is None
        assert end_state(world) == expected, f"the answer to write {number} was lost {lost.value}"


@pytest.mark.parametrize("on_conflict", ["keep", "force"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_step_delivered_three_times(strategy, on_conflict):
    _, expected = clean_run(strategy, on_conflict)
    world = imported(strategy)

    def three_times(step):
        first = step()
        for _ in range(2):
            step()
        return first

    world.roll_back(on_conflict=on_conflict, step=three_times)
    assert end_state(world) == expected
    assert len(world.runner.started) == 1


def test_a_part_delivered_again_touches_no_contact():
    world = imported("update")
    faults = PortFaults()
    world.wire(faults.wrap)
    run = world.request_rollback().rollback.run
    world.prepare_rollback("job", run)
    for part in world.rollback_parts():
        assert world.roll_back_part("job", run, world.rollback().mode, part)
        faults.calls.clear()
        assert not world.roll_back_part("job", run, world.rollback().mode, part)
        assert not [call for call in faults.calls if call.startswith(("contacts", "files"))]


@pytest.mark.parametrize("when", When)
def test_what_a_person_does_between_a_crash_and_the_retry_stands(when):
    """Whatever was already undone, was; a contact that somebody made or changed meanwhile stays as they left it."""
    world = world_of("update")
    world.run()
    faults = PortFaults()
    world.wire(faults.wrap)
    world.roll_back()
    for number in range(len(faults.calls)):
        world = world_of("update")
        world.run()
        broken = PortFaults({number: when})
        world.wire(broken.wrap)
        with pytest.raises(Crash):
            world.roll_back()
        world.wire(lambda _name, port: port)
        held = world.edit(world.holder("held@x.io"), title="By a person")
        made = world.holder("new@x.io")
        if made is None:
            again = world.add_contact("new@x.io", name="made anew")
        else:
            again = world.edit(made, title="By a person")
        if world.jobs.jobs["job"].rollback is None:
            world.request_rollback()
        world.carry_out()
        job = world.jobs.jobs["job"]
        assert (job.status, job.rollback.status) == (ImportStatus.ROLLED_BACK, RollbackStatus.COMPLETED)
        found = world.holder("held@x.io")
        assert found.id == held.id
        assert found.values == {"email": "held@x.io", "firstName": "Before", "tags": ["old"], "title": "By a person"}
        assert replace(world.holder("new@x.io"), segments=(), version=0, updated_at="", written_by=()) == replace(
            again, segments=(), version=0, updated_at="", written_by=()
        )
        assert world.holder("new@x.io").segments == ()
        total = RollbackCounts(restored=4, deleted=1 + (made is None), kept=int(made is not None))
        assert job.rollback.counts == total
