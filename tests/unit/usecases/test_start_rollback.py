"""Who may start a rollback, when, and what two starts at once or a retry come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contacts.domain.errors import Conflict, Forbidden, NotFound
from contacts.domain.import_job import ImportStatus
from contacts.domain.rollback import OnConflict, RollbackMode, RollbackStatus
from tests.support.import_world import TENANT
from tests.support.port_faults import Crash, PortFaults, When
from tests.support.rollback_world import ROLLBACK_DAYS, RollbackWorld

ROWS = [["a@x.io", "A", "", "", "", ""], ["b@x.io", "B", "", "", "", ""]]


def imported(**options):
    world = RollbackWorld()
    world.submit(ROWS, parts=2, **options)
    world.run()
    return world


def refused(world, *arguments, **options):
    """The code of the refusal; nothing is stored and nothing started."""
    before, started = dict(world.jobs.jobs), list(world.runner.started)
    with pytest.raises(Conflict) as refusal:
        world.request_rollback(*arguments, **options)
    assert (world.jobs.jobs, world.runner.started) == (before, started)
    return refusal.value.code


def fail(world):
    """A rollback that began to write ends with contacts left."""
    world.request_rollback()
    world.finish_rollback("job", 1, RollbackMode.WRITE)
    rollback = world.rollback()
    assert (rollback.status, rollback.counts.errors) == (RollbackStatus.FAILED, 2)


@pytest.mark.parametrize(
    ("on_conflict", "dry_run", "status"),
    [
        (None, False, ImportStatus.ROLLING_BACK),
        ("keep", False, ImportStatus.ROLLING_BACK),
        ("abort", False, ImportStatus.COMPLETED),
        ("keep", True, ImportStatus.COMPLETED),
        ("force", True, ImportStatus.COMPLETED),
    ],
)
def test_only_one_that_writes_at_once_moves_the_import(on_conflict, dry_run, status):
    world = imported()
    job = world.request_rollback("job", on_conflict, dry_run=dry_run)
    assert job == world.jobs.jobs["job"]
    assert (job.status, job.rollback.status) == (status, RollbackStatus.RUNNING)
    assert (job.rollback.run, job.rollback.attempt, job.rollback.dry_run) == (1, 1, dry_run)
    assert job.rollback.on_conflict is OnConflict(on_conflict or "keep")
    assert world.runner.started == ["job-rollback-1-1"]


def test_there_is_nothing_to_start_for_a_job_that_is_not_there_or_not_ones_own():
    world = imported()
    with pytest.raises(NotFound):
        world.request_rollback("no job")
    with pytest.raises(Forbidden):
        world.request_rollback(tenant="other")
    assert world.runner.started == []


def test_not_while_the_import_runs():
    world = RollbackWorld()
    world.submit(ROWS)
    assert refused(world) == "IMPORT_RUNNING"
    world.stage("job")
    assert refused(world) == "IMPORT_RUNNING"


def test_not_where_nothing_can_have_been_written():
    world = RollbackWorld()
    world.submit(ROWS)
    world.finish("job")
    assert refused(world) == "NOTHING_TO_ROLL_BACK"
    world.submit([["bad", "", "", "", "", ""]], job_id="errors")
    world.run("errors")
    assert refused(world, "errors") == "NOTHING_TO_ROLL_BACK"


@pytest.mark.parametrize(("days", "code"), [(ROLLBACK_DAYS - 0.01, None), (ROLLBACK_DAYS, "ROLLBACK_WINDOW_PASSED")])
def test_not_after_the_window(days, code):
    world = imported()
    world.clock.advance(days=days)
    if code:
        assert refused(world) == code
    else:
        assert world.roll_back().status is ImportStatus.ROLLED_BACK


@pytest.mark.parametrize("dry_run", [False, True])
def test_not_while_another_runs_not_even_a_dry_one(dry_run):
    world = imported()
    world.request_rollback(dry_run=dry_run)
    assert refused(world) == "ROLLBACK_RUNNING"
    assert refused(world, dry_run=True) == "ROLLBACK_RUNNING"


def test_not_twice():
    world = imported()
    world.roll_back()
    assert refused(world) == "ALREADY_ROLLED_BACK"
    assert refused(world, dry_run=True) == "ALREADY_ROLLED_BACK"


def test_after_a_dry_run_and_an_aborted_one_a_new_run_begins():
    world = imported()
    world.roll_back(dry_run=True)
    world.edit(world.holder("a@x.io"), title="Dr")
    assert world.roll_back(on_conflict="abort").rollback.status is RollbackStatus.ABORTED
    job = world.roll_back()
    assert (job.status, job.rollback.run, job.rollback.attempt) == (ImportStatus.ROLLED_BACK, 3, 1)
    assert world.runner.started == ["job-rollback-1-1", "job-rollback-2-1", "job-rollback-3-1"]


def test_one_that_failed_while_it_wrote_goes_on_after_the_window_too():
    world = imported()
    fail(world)
    world.clock.advance(days=ROLLBACK_DAYS + 1)
    job = world.request_rollback()
    assert (job.status, job.rollback.run, job.rollback.attempt) == (ImportStatus.ROLLING_BACK, 1, 2)
    assert (job.rollback.status, job.rollback.counts.errors) == (RollbackStatus.RUNNING, 0)
    assert world.runner.started == ["job-rollback-1-1", "job-rollback-1-2"]
    job = world.carry_out()
    assert (job.status, job.rollback.counts.deleted) == (ImportStatus.ROLLED_BACK, 2)


@pytest.mark.parametrize(("on_conflict", "dry_run"), [("force", False), ("abort", False), ("keep", True), (None, True)])
def test_it_goes_on_only_as_it_began(on_conflict, dry_run):
    world = imported()
    fail(world)
    assert refused(world, "job", on_conflict, dry_run=dry_run) == "ROLLBACK_UNFINISHED"
    assert world.request_rollback("job", "keep").rollback.attempt == 2


def test_one_that_failed_while_it_looked_begins_anew_and_may_change_its_mind():
    world = imported()
    world.request_rollback("job", "abort")
    world.finish_rollback("job", 1, RollbackMode.LOOK)
    job = world.jobs.jobs["job"]
    assert (job.status, job.rollback.status) == (ImportStatus.COMPLETED, RollbackStatus.FAILED)
    job = world.request_rollback("job", "force")
    assert (job.rollback.run, job.rollback.attempt, job.rollback.on_conflict) == (2, 1, OnConflict.FORCE)


def test_the_same_request_again_starts_nothing_twice():
    world = imported()
    first = world.request_rollback(seed="same")
    assert world.request_rollback(seed="same") == first
    world.carry_out()
    assert world.request_rollback(seed="same").status is ImportStatus.ROLLED_BACK
    assert world.runner.started == ["job-rollback-1-1"]


@pytest.mark.parametrize("when", When)
def test_the_same_request_finishes_what_a_crash_left_half_done(when):
    world = imported()
    faults = PortFaults()
    world.wire(faults.wrap)
    world.request_rollback(dry_run=True)
    for number in range(len(faults.calls)):
        world = imported()
        world.wire(PortFaults({number: when}).wrap)
        with pytest.raises(Crash):
            world.request_rollback(seed="same")
        world.wire(lambda _name, port: port)
        job = world.request_rollback(seed="same")
        assert (job.rollback.run, job.rollback.attempt, job.status) == (1, 1, ImportStatus.ROLLING_BACK)
        assert world.runner.started == ["job-rollback-1-1"]


class Behind:
    """A job store whose reader sees, once, how the job stood before somebody else's request."""

    def __init__(self, jobs, stale):
        self._jobs = jobs
        self._stale = [stale]

    def find_import(self, job_id):
        return self._stale.pop() if self._stale else self._jobs.find_import(job_id)

    def start_rollback(self, job_id, rollback, at):
        current = self._jobs.find_import(job_id).rollback
        # As a conditional write answers it: the run is there already, whoever began it.
        return None if current and current.run == rollback.run else self._jobs.start_rollback(job_id, rollback, at)


def raced(seed):
    """Two starts at once: the one that comes second read the job before the first one wrote."""
    world = imported()
    stale = world.jobs.jobs["job"]
    world.request_rollback(seed="first")
    world.wire(lambda name, port: Behind(port, stale) if name == "jobs" else port)
    return world, lambda: world.request_rollback(seed=seed)


def test_of_two_starts_at_once_the_second_is_refused_with_the_state():
    world, second = raced("second")
    with pytest.raises(Conflict, match="rolling_back") as refusal:
        second()
    assert refusal.value.code == "ROLLBACK_RUNNING"
    assert world.rollback().request == "first"
    assert world.runner.started == ["job-rollback-1-1"]


def test_of_the_same_request_twice_at_once_both_get_the_same_job():
    world, second = raced("first")
    assert second() == world.jobs.jobs["job"]
    assert world.runner.started == ["job-rollback-1-1"]


def test_where_the_job_changed_and_is_free_again_the_caller_is_asked_to_try_again():
    world = imported()
    stale = world.jobs.jobs["job"]
    world.roll_back(dry_run=True)
    world.wire(lambda name, port: Behind(port, stale) if name == "jobs" else port)
    with pytest.raises(Conflict) as refusal:
        world.request_rollback()
    assert refusal.value.code == "JOB_CHANGED"
    assert world.rollback().run == 1


def test_whose_request_it_was_is_kept():
    world = imported()
    job = world.request_rollback(seed="mine")
    assert (job.rollback.requested_by, job.rollback.request) == ("user", "mine")
    assert job.tenant == TENANT
    assert replace(job, rollback=None, status=ImportStatus.COMPLETED, changed_at="") == replace(
        imported().jobs.jobs["job"], changed_at=""
    )
