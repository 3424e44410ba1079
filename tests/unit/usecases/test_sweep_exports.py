from __future__ import annotations

import pytest

from contacts.domain.export_job import ExportStatus
from contacts.ports import ExecutionState
from contacts.usecases.mend_import import WORKER_GRACE
from contacts.usecases.sweep_jobs import START_GRACE
from tests.support.export_world import ExportWorld, check_whole
from tests.support.sweep_reports import swept

COLUMNS = {"selected_fields": ("id",)}
GRACE_MINUTES = WORKER_GRACE.total_seconds() / 60
START_MINUTES = START_GRACE.total_seconds() / 60


def world_with(state):
    """A world with a job whose execution is in this state."""
    world = ExportWorld()
    world.add_contact("a@x.io")
    job = world.start(**COLUMNS)
    world.runner.started.clear()
    world.runner.states.clear()
    if state is not ExecutionState.MISSING:
        world.runner.states[job.id] = state
    return world, job.id


@pytest.mark.parametrize(("minutes", "started"), [(START_MINUTES - 0.1, 0), (START_MINUTES + 0.1, 1)])
def test_one_that_never_started_is_started_after_a_while(minutes, started):
    world, job_id = world_with(ExecutionState.MISSING)
    world.clock.advance(minutes=minutes)
    assert world.sweep() == swept(started=started)
    assert world.runner.started == [job_id] * started
    assert world.sweep() == swept()


def test_one_that_is_under_way_is_left_alone_however_long_it_takes():
    world, job_id = world_with(ExecutionState.RUNNING)
    before = world.exports.begin_attempt(job_id, world.clock())
    world.clock.advance(days=2)
    assert world.sweep() == swept()
    assert world.job(job_id) == before


@pytest.mark.parametrize(("minutes", "closed"), [(GRACE_MINUTES - 0.1, 0), (GRACE_MINUTES + 0.1, 1)])
def test_a_dead_one_fails_when_no_worker_can_be_writing(minutes, closed):
    world, job_id = world_with(ExecutionState.ENDED)
    world.clock.advance(minutes=30)
    world.exports.begin_attempt(job_id, world.clock())
    world.clock.advance(minutes=minutes)
    assert world.sweep() == swept(closed=closed)
    assert world.job(job_id).status is (ExportStatus.FAILED if closed else ExportStatus.PROCESSING)
    assert [kind for kind, _ in world.events.published] == ["ContactsExportFailed"] * closed


def test_progress_keeps_the_grace_from_running_out():
    world, job_id = world_with(ExecutionState.ENDED)
    world.exports.begin_attempt(job_id, world.clock())
    world.clock.advance(minutes=GRACE_MINUTES - 1)
    assert world.exports.report_progress(job_id, 1, 5_000, world.clock())
    world.clock.advance(minutes=GRACE_MINUTES - 1)
    assert world.sweep() == swept()


def test_one_that_ended_is_announced_once():
    world, job_id = world_with(ExecutionState.RUNNING)
    publish, world.events.publish = world.events.publish, None
    with pytest.raises(TypeError):
        world.write(job_id)
    world.events.publish = publish
    world.die(job_id)
    world.clock.advance(minutes=START_MINUTES + 0.1)
    assert world.sweep() == swept(announced=1)
    check_whole(world, world.job(job_id))
    assert [kind for kind, _ in world.events.published] == ["ContactsExportCompleted"]
    world.clock.advance(minutes=30)
    assert world.sweep() == swept()
