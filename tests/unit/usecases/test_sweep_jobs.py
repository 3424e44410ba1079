from __future__ import annotations

import pytest

from contacts.domain.import_job import ImportStatus
from contacts.ports import ExecutionState
from contacts.usecases.finish_import import NOT_ACCOUNTED_FOR, NOT_ALL_APPLIED
from contacts.usecases.sweep_jobs import GIVE_UP_TRIES
from tests.support.import_sweeps import ROWS, sweep, world_with
from tests.support.import_world import ImportWorld
from tests.support.port_faults import PortFaults
from tests.support.sweep_reports import swept


@pytest.mark.parametrize(("minutes", "started"), [(1.9, []), (2.1, ["job0"])])
def test_a_job_that_never_started_is_started_after_a_while(minutes, started):
    world = world_with(ExecutionState.MISSING)
    world.clock.advance(minutes=minutes)
    assert sweep(world) == swept(started=len(started))
    assert world.runner.started == started
    assert sweep(world) == swept()


def test_a_job_under_way_is_left_alone_however_long_it_takes():
    world = world_with(ExecutionState.RUNNING)
    world.stage("job0")
    before = world.jobs.jobs["job0"]
    world.clock.advance(days=2)
    assert sweep(world) == swept()
    assert world.jobs.jobs["job0"] == before


@pytest.mark.parametrize(("minutes", "closed"), [(15.9, 0), (16.1, 1)])
def test_a_job_whose_execution_died_is_closed_when_no_worker_can_be_running(minutes, closed):
    world = world_with(ExecutionState.ENDED)
    world.stage("job0")
    world.clock.advance(minutes=minutes)
    assert sweep(world) == swept(closed=closed)
    job = world.jobs.jobs["job0"]
    assert job.is_open is not bool(closed)
    if closed:
        assert (job.status, job.file_error, job.counts.errors) == (ImportStatus.FAILED, NOT_ALL_APPLIED, len(ROWS))
        assert job.announced


def test_the_grace_begins_with_the_last_change():
    world = world_with(ExecutionState.ENDED)
    world.clock.advance(minutes=10)
    world.stage("job0")
    world.clock.advance(minutes=10)
    assert sweep(world) == swept()


def test_a_closing_event_that_was_not_sent_is_sent_and_sent_once():
    world = world_with(ExecutionState.ENDED)
    world.jobs.close_import("job0", ImportStatus.COMPLETED, world.clock())
    world.clock.advance(minutes=3)
    assert sweep(world) == swept(announced=1)
    assert [detail["eventId"] for _, detail in world.events.published] == ["import-job0-completed"]
    world.clock.advance(minutes=3)
    assert sweep(world) == swept()
    assert len(world.events.published) == 1


def test_a_job_that_expired_meanwhile_is_passed_over():
    world = world_with(ExecutionState.MISSING)
    world.clock.advance(minutes=3)
    listed = list(world.jobs.open_jobs("9999"))
    world.jobs.jobs.clear()
    world.jobs.open_jobs = lambda _before: iter(listed)
    assert sweep(world) == swept()


class Unreachable:
    """A runner that can't say how one job's execution stands."""

    def __init__(self, runner, job_id):
        self._runner = runner
        self._job_id = job_id

    def import_state(self, job_id):
        if job_id == self._job_id:
            raise ConnectionError("no answer")
        return self._runner.import_state(job_id)

    def start_import(self, job_id):
        self._runner.start_import(job_id)


@pytest.mark.parametrize("failing", ["job0", "job1", "job2"])
def test_one_jobs_trouble_keeps_no_other_from_being_mended(failing):
    world = world_with(*[ExecutionState.MISSING] * 3)
    world.clock.advance(minutes=3)
    told = []
    report = sweep(
        world,
        lambda name, port: Unreachable(port, failing) if name == "runner" else port,
        lambda job_id, error: told.append((job_id, type(error))),
    )
    assert report == swept(started=2, failed=[failing])
    assert failing not in world.runner.started
    assert told == [(failing, ConnectionError)]


class TestJobThatCanNotBeClosed:
    def world(self):
        world = world_with(ExecutionState.ENDED)
        world.stage("job0")
        world.files.versions.clear()  # its manifest, too
        return world

    def tried(self, world, times, hours):
        for _ in range(times):
            assert sweep(world) == swept(failed=["job0"])
            assert world.jobs.jobs["job0"].is_open
            world.clock.advance(hours=hours / times)

    def test_it_is_tried_again_for_a_day(self):
        world = self.world()
        world.clock.advance(hours=1)
        self.tried(world, GIVE_UP_TRIES * 2, hours=23)
        assert sweep(world) == swept(failed=["job0"])
        assert world.jobs.jobs["job0"].is_open

    def test_and_then_ended_all_the_same(self):
        world = self.world()
        world.clock.advance(hours=1)
        self.tried(world, GIVE_UP_TRIES, hours=25)
        assert sweep(world) == swept(failed=["job0"])
        job = world.jobs.jobs["job0"]
        assert (job.status, job.file_error, job.announced) == (ImportStatus.FAILED, NOT_ACCOUNTED_FOR, True)
        world.clock.advance(hours=1)
        assert sweep(world) == swept()

    def test_one_failed_try_is_not_a_day_of_them(self):
        """Nobody swept in between."""
        world = self.world()
        world.clock.advance(days=3)
        self.tried(world, GIVE_UP_TRIES - 1, hours=50)
        assert sweep(world) == swept(failed=["job0"])
        assert world.jobs.jobs["job0"].is_open


def test_a_sweep_with_nothing_to_do_asks_once():
    faults = PortFaults()
    sweep(ImportWorld(), faults.wrap)
    assert faults.calls == ["jobs.open_jobs"]
