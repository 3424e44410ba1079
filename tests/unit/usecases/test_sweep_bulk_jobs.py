"""What the sweeper does for bulk jobs that a crash left behind: in the end every one ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contacts.domain.bulk_job import BulkCounts, BulkKind, BulkStatus
from contacts.domain.errors import NotFound
from contacts.domain.object_keys import bulk_entries_key, bulk_outcomes_key
from contacts.usecases.finish_bulk_job import COLLECTION_NOT_FILLED
from contacts.usecases.mend_bulk_job import MAX_SENDINGS
from contacts.usecases.own_bulk_job import Caller
from tests.support.bulk_scenarios import crashing_at
from tests.support.bulk_world import IN_FLIGHT, TENANT, USER, BulkWorld, small_slices
from tests.support.port_faults import Crash, PortFaults, When
from tests.support.sweep_reports import swept

FIVE = ["a@x.io", "b@x.io", "c@x.io", "d@x.io", "e@x.io"]


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


class Broken:
    """A port one of whose methods fails for some calls."""

    def __init__(self, port, method, fails):
        self._port = port
        self._method = method
        self._fails = fails

    def __getattr__(self, name):
        method = getattr(self._port, name)

        def call(*args, **kwargs):
            if name == self._method and self._fails(*args):
                raise ConnectionError("no answer")
            return method(*args, **kwargs)

        return call


def broken(world, port_name, method, fails=lambda *_: True):
    world.wire(lambda name, port: Broken(port, method, fails) if name == port_name else port)


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
        world.clock.advance(hours=25)
        assert world.sweep() == swept(closed=1)
        ended = world.job(job)
        assert (ended.status, ended.counts) == (BulkStatus.PARTIAL, BulkCounts(succeeded=1))
        assert ended.collection_problem.code == COLLECTION_NOT_FILLED
        assert [type(error) for _, error in world.errors] == [ConnectionError]


class TestJobsThatCanNotBeClosed:
    def unreadable(self, world=None, *, collection_id=None):
        """One of its slices is done; what the other one was to create can't be read any more."""
        world = world or BulkWorld()
        job = world.create(*FIVE, collection_id=collection_id)
        world.deliver(world.queue.messages.pop(0))
        del world.files.versions[bulk_entries_key(TENANT, job.id)]
        with pytest.raises(FileNotFoundError):
            world.deliver(world.queue.messages.pop(0))
        for _ in range(MAX_SENDINGS - 1):
            assert world.sweep_later() == swept(started=1)
        world.queue.messages.clear()
        return world, job

    def test_are_tried_again_for_a_day(self):
        world, job = self.unreadable()
        for _ in range(3):
            assert world.sweep_later() == swept(failed=[job.id])
        assert world.job(job).is_open

    def test_are_given_up_after_a_day_and_leave_the_line(self):
        world, job = self.unreadable()
        world.clock.advance(days=1)
        assert world.sweep() == swept(failed=[job.id])
        ended = world.job(job)
        assert (ended.status, ended.counts) == (BulkStatus.PARTIAL, BulkCounts(succeeded=3, failed=2))
        assert ended.counts.processed == ended.total
        assert world.line() == []
        assert [type(error) for _, error in world.errors] == [FileNotFoundError]
        assert world.sweep_later() == swept()
        # Those who come next find no places taken.
        world.create(*FIVE)
        assert len(world.queue.messages) == IN_FLIGHT

    @pytest.mark.parametrize("when", When)
    @pytest.mark.parametrize("call", ["bulk_jobs.close_job", "bulk_jobs.leave_line"])
    def test_stand_in_nobodys_way_where_giving_them_up_breaks_off(self, call, when):
        world, job = self.unreadable()
        world.clock.advance(days=1)
        faults = PortFaults()
        world.wire(faults.wrap)
        world.sweep()
        number = faults.calls.index(call)
        world, job = self.unreadable()
        world.clock.advance(days=1)
        world.wire(PortFaults({number: when}).wrap)
        with pytest.raises(Crash):
            world.sweep()
        world.wire()
        other = world.create("f@x.io")
        for _ in range(3):
            world.sweep_later()
            world.work()
        assert world.job(other).status is BulkStatus.COMPLETED
        assert world.job(job).counts == BulkCounts(succeeded=3, failed=2)
        assert world.line() == []

    def test_late_messages_of_one_that_was_given_up_change_nothing(self):
        world, job = self.unreadable()
        world.clock.advance(days=1)
        world.sweep()
        before = world.job(job)
        for message in world.messages_of(job) * 2:
            assert not world.deliver(message)
            assert not world.close(message)
        assert world.job(job) == before

    def test_a_message_takes_a_slice_of_one_that_was_given_up_out_of_the_line(self):
        world, job = self.unreadable()
        world.bulk_jobs.close_job(job.id, BulkStatus.PARTIAL, world.clock(), lost=2)
        assert world.line() == [(job.id, 1)]
        assert not world.deliver((BulkKind.CREATE, job.id, 1))
        assert world.line() == []

    def test_the_sweeper_sends_nothing_of_one_that_was_given_up(self):
        world = BulkWorld()
        job = world.create(*FIVE)
        world.bulk_jobs.close_job(job.id, BulkStatus.FAILED, world.clock(), lost=5)
        world.queue.messages.clear()
        other = world.create("f@x.io")
        assert world.queue.messages == []
        world.sweep_later()
        assert world.queue.messages == world.messages_of(other)
        assert world.line() == [(other.id, 0)]

    def test_their_collection_can_still_be_filled_with_what_is_there(self):
        world = BulkWorld()
        world.add_collection(USER)
        world, job = self.unreadable(world, collection_id="friends")
        world.clock.advance(days=1)
        world.sweep()
        assert world.job(job).collection_problem.code == COLLECTION_NOT_FILLED
        caller = Caller(tenant=TENANT, user=USER, is_admin=False)
        lifted = world.retry_collection(caller, job.id)
        assert (lifted.status, lifted.collection_problem) == (BulkStatus.PARTIAL, None)
        assert len(world.collected()) == 3

    def test_what_was_recorded_in_the_last_try_is_not_lost(self):
        """The slice can be closed, but the job can't: its list can't be written."""
        world = BulkWorld()
        job = world.delete(world.created(*FIVE[:3]))
        for _ in range(MAX_SENDINGS - 1):
            assert world.sweep_later() == swept(started=1)
        world.queue.messages.clear()
        world.clock.advance(days=1)
        broken(world, "files", "put")
        assert world.sweep() == swept(failed=[job.id])
        assert (world.job(job).status, world.job(job).counts) == (BulkStatus.FAILED, BulkCounts(failed=3))

    def test_a_clean_up_whose_lists_are_gone(self):
        world = BulkWorld()
        job = world.delete(world.created(*FIVE))
        crashing_at(world, "bulk_jobs.close_job", When.BEFORE, world.work)
        del world.files.versions[bulk_outcomes_key(TENANT, job.id, 0)]
        world.clock.advance(hours=25)
        assert world.sweep() == swept(failed=[job.id])
        assert world.job(job).counts == BulkCounts(succeeded=5)
        assert not world.job(job).is_open


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
        """A job that waited for a day behind one that can't be closed goes on when that one is given up."""
        world = BulkWorld(in_flight=1)
        poison = self.with_a_slice_that_can_not_be_closed(world)
        waiting = world.create("b@x.io")
        # The sweeper was off; now it meets the one that waits before the one in its way.
        world.clock.advance(days=2)
        world.bulk_jobs.jobs[waiting.id] = replace(waiting, changed_at="2026-01-01T00:00:00.000Z")
        assert [each.job_id for each in world.jobs.open_jobs("9999")] == [waiting.id, poison.id]
        world.sweep()
        assert world.job(poison).status is BulkStatus.FAILED
        assert world.job(waiting).is_open
        world.work()
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


def test_an_ended_job_is_not_shown_for_ever():
    world = BulkWorld()
    job = world.created("a@x.io")
    caller = Caller(tenant=TENANT, user=USER, is_admin=False)
    world.clock.advance(hours=23, minutes=59)
    assert world.get_job.create_job(caller, job.id).job.status is BulkStatus.COMPLETED
    world.clock.advance(minutes=1)
    with pytest.raises(NotFound):
        world.get_job.create_job(caller, job.id)
