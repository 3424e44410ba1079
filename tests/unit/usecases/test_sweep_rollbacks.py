"""What the sweeper does for rollbacks that a crash left behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contacts.domain.import_job import ImportStatus
from contacts.domain.object_keys import rollback_part_outcome_key
from contacts.domain.rollback import RollbackMode, RollbackStatus
from contacts.ports import ExecutionState
from contacts.usecases.sweep_jobs import GIVE_UP_TRIES, Mended
from tests.support.import_world import TENANT
from tests.support.port_faults import Crash, PortFaults, When
from tests.support.rollback_world import RollbackWorld
from tests.support.sweep_reports import swept

ROWS = [[f"person{number}@x.io", "P", "", "", "", ""] for number in range(12)]


def imported():
    world = RollbackWorld()
    world.submit(ROWS, parts=3)
    assert world.run().status is ImportStatus.COMPLETED
    return world


def started(world=None):
    """A rollback whose parts have not been looked at."""
    world = world or imported()
    world.request_rollback()
    world.prepare_rollback("job", 1)
    return world


def test_one_that_never_started_is_started_after_a_while():
    world = imported()
    world.wire(PortFaults({2: When.BEFORE}).wrap)
    with pytest.raises(Crash, match=r"before runner\.start_rollback"):
        world.request_rollback()
    world.wire(lambda _name, port: port)
    world.clock.advance(minutes=1.9)
    assert world.sweep() == swept()
    world.clock.advance(minutes=0.2)
    assert world.sweep() == swept(started=1)
    assert world.runner.started == ["job-rollback-1-1"]
    assert world.carry_out().status is ImportStatus.ROLLED_BACK


def test_one_under_way_is_left_alone_however_long_it_takes():
    world = started()
    before = world.jobs.jobs["job"]
    world.clock.advance(days=2)
    assert world.sweep() == swept()
    assert world.jobs.jobs["job"] == before


@pytest.mark.parametrize(("minutes", "closed"), [(15.9, 0), (16.1, 1)])
def test_one_whose_execution_died_is_failed_when_no_worker_can_be_running(minutes, closed):
    world = started()
    world.runner.states["job-rollback-1-1"] = ExecutionState.ENDED
    world.clock.advance(minutes=minutes)
    assert world.sweep() == swept(closed=closed)
    job = world.jobs.jobs["job"]
    assert job.status is ImportStatus.ROLLING_BACK
    assert (job.rollback.status is RollbackStatus.FAILED) is bool(closed)
    assert job.rollback.counts.errors == len(ROWS) * closed
    if closed:
        world.clock.advance(minutes=10)
        assert world.sweep() == swept()
        world.request_rollback()
        assert world.carry_out().status is ImportStatus.ROLLED_BACK


@pytest.mark.parametrize(("hours", "status"), [(23, RollbackStatus.RUNNING), (25, RollbackStatus.FAILED)])
def test_one_that_can_not_be_ended_is_failed_after_a_day_so_that_it_can_go_on(hours, status):
    world = started()
    for each in world.rollback_parts():
        world.roll_back_part("job", 1, RollbackMode.WRITE, each)
    part = world.rollback_parts()[0]
    lost = rollback_part_outcome_key(TENANT, "job", 1, "write", part)
    del world.files.versions[lost]
    world.runner.states["job-rollback-1-1"] = ExecutionState.ENDED
    world.clock.advance(hours=1)
    for _ in range(GIVE_UP_TRIES):
        assert world.sweep() == swept(failed=["job"])
        assert world.rollback().status is RollbackStatus.RUNNING
        world.clock.advance(hours=hours / GIVE_UP_TRIES)
    assert world.sweep() == swept(failed=["job"])
    assert world.rollback().status is status
    assert world.jobs.jobs["job"].status is ImportStatus.ROLLING_BACK


def test_an_event_that_was_not_sent_is_sent_beside_it():
    world = imported()
    world.jobs.jobs["job"] = replace(world.jobs.jobs["job"], announced=False)
    started(world)
    world.runner.states["job-rollback-1-1"] = ExecutionState.ENDED
    world.clock.advance(minutes=20)
    report = world.sweep()
    assert report.counts[Mended.ANNOUNCED] == 1
    assert world.jobs.jobs["job"].announced
