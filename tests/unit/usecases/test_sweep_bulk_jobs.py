"""What the sweeper does for bulk jobs that a crash left behind: in the end every one ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contacts.domain.bulk_job import BulkCounts, BulkKind, BulkStatus
from contacts.domain.errors import NotFound
from contacts.domain.object_keys import bulk_entries_key
from contacts.usecases.dispatch_slices import MAX_SENDINGS
from contacts.usecases.finish_bulk_job import COLLECTION_NOT_FILLED
from contacts.usecases.own_bulk_job import Caller
from contacts.usecases.sweep_jobs import GIVE_UP_AFTER, GIVE_UP_TRIES
from tests.support.bulk_faults import broken, given_up_after_a_day
from tests.support.bulk_scenarios import crashing_at
from tests.support.bulk_world import TENANT, USER, BulkWorld, small_slices
from tests.support.port_faults import PortFaults, When
from tests.support.sweep_reports import swept

FIVE = ["a@x.io", "b@x.io", "c@x.io", "d@x.io", "e@x.io"]


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


class TestJobsThatNobodyClosed:
    @pytest.mark.parametrize("kind", BulkKind)
    def test_are_closed_when_all_their_slices_are_done(self, kind):
        world = BulkWorld()
        world.add_collection(USER)
        job = world.create(*FIVE, collection_id="friends")
        if kind is BulkKind.DELETE:
            world.work()
            job = world.delete(job)
        crashing_at(world, "bulk_jobs.close_job", When.BEFORE, world.work)
        assert world.job(job).is_open
        world.queue.messages.clear()
        world.clock.advance(minutes=3)
        assert world.sweep() == swept(closed=1)
        ended = world.job(job)
        assert (ended.status, ended.counts) == (BulkStatus.COMPLETED, BulkCounts(succeeded=5))
        assert (world.deletions(job) is not None) is (kind is BulkKind.DELETE)

    def done_but_open(self):
        """All slices done; the collection can't be reached."""
        world = BulkWorld()
        world.add_collection(USER)
        job = world.create("a@x.io", collection_id="friends")
        broken(world, "collections", "put_items")
        with pytest.raises(ConnectionError):
            world.work()
        assert world.job(job).is_done
        return world, job

    def test_are_tried_again_for_a_day(self):
        world, job = self.done_but_open()
        world.clock.advance(hours=23)
        assert world.sweep() == swept(failed=[job.id])
        assert world.job(job).is_open
        world.wire()
        assert world.sweep() == swept(closed=1)
        assert world.job(job).status is BulkStatus.COMPLETED
        assert len(world.collected()) == 1

    def test_and_then_end_with_a_problem(self):
        world, job = self.done_but_open()
        world.clock.advance(minutes=3)
        given_up_after_a_day(world, job)
        ended = world.job(job)
        assert (ended.status, ended.counts) == (BulkStatus.PARTIAL, BulkCounts(succeeded=1))
        assert ended.collection_problem.code == COLLECTION_NOT_FILLED


class TestASweepOfManyJobsOfOneTenant:
    def test_looks_at_the_tenants_line_once(self):
        world = BulkWorld()
        jobs = [world.create(f"{number}@x.io") for number in range(20)]
        other = world.create("a@x.io", tenant="other")
        world.clock.advance(minutes=3)
        faults = PortFaults()
        world.wire(faults.wrap)
        assert world.sweep() == swept()
        # Once to look what is overdue, once to send; for each tenant.
        assert faults.calls.count("bulk_jobs.line") == 4
        assert faults.calls.count("bulk_jobs.find_job") == len([*jobs, other])


class TestOneJobsTrouble:
    def test_keeps_no_other_tenant_from_being_mended(self):
        world = BulkWorld()
        jobs = [world.create("a@x.io", tenant=tenant) for tenant in ("one", "two", "three")]
        world.queue.messages.clear()
        broken(world, "bulk_jobs", "line", lambda tenant, _limit: tenant == "two")
        assert world.sweep_later() == swept(started=2, failed=[jobs[1].id])
        assert [job_id for _, job_id, _ in world.queue.messages] == [jobs[0].id, jobs[2].id]

    def test_keeps_no_other_slice_of_the_line_from_being_mended(self):
        """The first one can't be closed; the one behind it has got lost, and the next waits for a place."""
        world = BulkWorld()
        poison = self.with_a_slice_that_can_not_be_closed(world)
        lost = world.create("b@x.io")
        waiting = world.create("c@x.io")
        assert world.queue.messages == world.messages_of(lost)
        world.queue.messages.clear()
        report = world.sweep_later()
        assert poison.id in report.failed
        assert world.queue.messages == world.messages_of(lost)
        world.work()
        assert world.job(lost).status is world.job(waiting).status is BulkStatus.COMPLETED
        assert world.job(poison).is_open

    def test_gives_no_other_job_up(self):
        """A job that waits behind one that can't be closed goes on, and only that one is given up."""
        world = BulkWorld(in_flight=1)
        poison = self.with_a_slice_that_can_not_be_closed(world)
        waiting = world.create("b@x.io")
        # The sweeper meets the one that waits before the one in its way.
        world.bulk_jobs.jobs[waiting.id] = replace(waiting, changed_at="2026-01-01T00:00:00.000Z")
        for _ in range(GIVE_UP_TRIES + 2):
            assert world.job(poison).is_open
            world.clock.now += GIVE_UP_AFTER / GIVE_UP_TRIES
            world.clock.advance(minutes=1)
            world.sweep()
            world.work()
        assert world.job(poison).status is BulkStatus.FAILED
        assert world.job(waiting).status is BulkStatus.COMPLETED

    def with_a_slice_that_can_not_be_closed(self, world):
        poison = world.create("a@x.io")
        del world.files.versions[bulk_entries_key(TENANT, poison.id)]
        for _ in range(MAX_SENDINGS - 1):
            assert world.sweep_later() == swept(started=1)
        world.queue.messages.clear()
        return poison


def test_jobs_that_go_on_are_left_alone():
    world = BulkWorld()
    world.create(*FIVE)
    before = world.all_jobs(), list(world.queue.messages)
    world.clock.advance(minutes=20)
    assert world.sweep() == swept()
    assert (world.all_jobs(), world.queue.messages) == before


def test_a_job_that_has_expired_meanwhile_is_passed_over():
    world = BulkWorld()
    world.create("a@x.io")
    world.clock.advance(minutes=3)
    listed = list(world.jobs.open_jobs("9999"))
    world.bulk_jobs.jobs.clear()
    world.jobs.open_jobs = lambda _before: iter(listed)
    assert world.sweep() == swept()


def test_a_job_is_shown_for_as_long_as_it_waits():
    world = BulkWorld()
    job = world.create("a@x.io")
    world.clock.advance(days=3)
    caller = Caller(tenant=TENANT, user=USER, is_admin=False)
    assert world.get_job.create_job(caller, job.id).job.status is BulkStatus.QUEUED


def test_an_ended_job_is_not_shown_for_ever():
    world = BulkWorld()
    job = world.created("a@x.io")
    caller = Caller(tenant=TENANT, user=USER, is_admin=False)
    world.clock.advance(hours=23, minutes=59)
    assert world.get_job.create_job(caller, job.id).job.status is BulkStatus.COMPLETED
    world.clock.advance(minutes=1)
    with pytest.raises(NotFound):
        world.get_job.create_job(caller, job.id)
