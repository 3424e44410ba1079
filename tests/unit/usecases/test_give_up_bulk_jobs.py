"""Bulk jobs that can't be closed: when they are given up, and what comes between that and their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contacts.domain.bulk_job import BulkCounts, BulkKind, BulkStatus
from contacts.domain.object_keys import bulk_entries_key, bulk_outcomes_key
from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE
from contacts.usecases.dispatch_slices import MAX_SENDINGS
from contacts.usecases.finish_bulk_job import COLLECTION_NOT_FILLED
from contacts.usecases.own_bulk_job import Caller
from contacts.usecases.sweep_jobs import GIVE_UP_TRIES, Mended
from tests.support.bulk_faults import broken, given_up_after_a_day, tried_for_a_day
from tests.support.bulk_scenarios import crashing_at
from tests.support.bulk_world import IN_FLIGHT, TENANT, USER, BulkWorld, small_slices
from tests.support.port_faults import Crash, PortFaults, When, wrap_calls
from tests.support.sweep_reports import swept

FIVE = ["a@x.io", "b@x.io", "c@x.io", "d@x.io", "e@x.io"]


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


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
        given_up_after_a_day(world, job)
        ended = world.job(job)
        assert (ended.status, ended.counts) == (BulkStatus.PARTIAL, BulkCounts(succeeded=3, failed=2))
        assert ended.counts.processed == ended.total
        assert world.line() == []
        assert world.sweep_later() == swept()
        # Those who come next find no places taken.
        world.create(*FIVE)
        assert len(world.queue.messages) == IN_FLIGHT

    def test_leave_the_line_with_all_their_slices_at_once(self):
        """Also with one that was sent a moment before; the next job's place is free."""
        world = BulkWorld(in_flight=1)
        job = world.create(*FIVE)
        del world.files.versions[bulk_entries_key(TENANT, job.id)]
        for _ in range(MAX_SENDINGS - 1):
            assert world.sweep_later() == swept(started=1)
        for _ in range(GIVE_UP_TRIES):
            world.tries.note(job.id, "slice 0", world.clock())
        world.clock.advance(days=1, minutes=1)
        assert world.sweep() == swept(started=1, failed=[job.id])
        world.queue.messages.clear()
        world.clock.now += SLICE_WORKER_LIFE
        world.clock.advance(minutes=1)
        assert world.sweep() == swept(closed=1)
        assert world.line() == []
        other = world.create("f@x.io")
        assert world.queue.messages == world.messages_of(other)

    @pytest.mark.parametrize("when", When)
    @pytest.mark.parametrize("call", ["bulk_jobs.give_up_job", "bulk_jobs.close_job", "bulk_jobs.leave_line"])
    def test_stand_in_nobodys_way_where_giving_them_up_breaks_off(self, call, when):
        def about_to_be_ended():
            world, job = self.unreadable()
            tried_for_a_day(world, job)
            if call != "bulk_jobs.give_up_job":
                world.sweep()
                world.clock.now += SLICE_WORKER_LIFE
                world.clock.advance(minutes=1)
            return world, job

        world, job = about_to_be_ended()
        faults = PortFaults()
        world.wire(faults.wrap)
        world.sweep()
        number = faults.calls.index(call)
        world, job = about_to_be_ended()
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
        given_up_after_a_day(world, job)
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
        given_up_after_a_day(world, job)
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
        assert world.job(job).is_done
        given_up_after_a_day(world, job)
        assert (world.job(job).status, world.job(job).counts) == (BulkStatus.FAILED, BulkCounts(failed=3))

    def test_a_clean_up_whose_lists_are_gone(self):
        world = BulkWorld()
        job = world.delete(world.created(*FIVE))
        crashing_at(world, "bulk_jobs.close_job", When.BEFORE, world.work)
        del world.files.versions[bulk_outcomes_key(TENANT, job.id, 0)]
        world.clock.advance(hours=25)
        given_up_after_a_day(world, job)
        assert world.job(job).counts == BulkCounts(succeeded=5)
        assert not world.job(job).is_open


class TestNothingButFailedTriesIsAReasonToGiveUp:
    def long_waiting(self):
        """A job that has waited in the line for a day, then was sent three times, and nobody took it; its messages."""
        world = BulkWorld()
        job = world.create(*FIVE)
        world.clock.advance(days=1)
        for _ in range(MAX_SENDINGS - 1):
            assert world.sweep_later().counts[Mended.STARTED]
        return world, job

    def test_a_job_that_waited_for_long_outlives_one_fault(self):
        world, job = self.long_waiting()
        broken(world, "files", "put_if_absent")
        assert world.sweep_later() == swept(failed=[job.id])
        world.wire()
        world.work()
        assert world.job(job).counts == BulkCounts(succeeded=5)

    def test_tries_that_nobody_made_do_not_count(self):
        """The sweeper failed once and was off for days."""
        world, job = self.long_waiting()
        broken(world, "files", "put_if_absent")
        world.sweep_later()
        world.clock.advance(days=3)
        world.sweep()
        assert world.job(job).given_up_at is None

    def test_many_tries_within_an_hour_do_not_suffice(self):
        world, job = self.long_waiting()
        broken(world, "files", "put_if_absent")
        world.sweep_later()
        for _ in range(GIVE_UP_TRIES * 2):
            world.clock.advance(minutes=5)
            assert world.sweep() == swept(failed=[job.id])
        assert world.job(job).given_up_at is None


class TestBetweenGivingUpAndTheEnd:
    """Messages of its slices may be on their way still, and workers at them."""

    def about_to_be_given_up(self):
        """For a day S3 took no object that was not there."""
        world = BulkWorld()
        job = world.create(*FIVE)
        world.bulk_jobs.start_job(job.id, world.clock())
        for _ in range(MAX_SENDINGS - 1):
            world.sweep_later()
        broken(world, "files", "put_if_absent")
        tried_for_a_day(world, job)
        return world, job

    def test_nobody_begins_with_a_slice_any_more(self):
        world, job = self.about_to_be_given_up()
        world.sweep()
        world.wire()
        before = world.job(job)
        assert before.given_up_at is not None
        for message in world.messages_of(job):
            assert not world.deliver(message)
            assert not world.close(message)
        assert world.all_contacts() == []
        assert world.job(job) == before

    def test_the_sweeper_leaves_its_slices_alone(self):
        """They stand in the line, where it comes because of another job."""
        world, job = self.about_to_be_given_up()
        world.sweep()
        world.wire()
        before = world.job(job)
        other = world.create("f@x.io")
        world.bulk_jobs.jobs[other.id] = replace(other, changed_at="2026-01-01T00:00:00.000Z")
        assert world.sweep() == swept()
        assert world.job(job) == before
        assert len(world.line()) == 3

    def test_who_has_begun_comes_to_an_end_before_the_job_does(self, monkeypatch):
        # Else the sweeper would not look at a job that has changed so lately.
        monkeypatch.setattr("contacts.usecases.sweep_jobs.START_GRACE", timedelta(0))
        world, job = self.about_to_be_given_up()
        sweep, swept_while_writing = world.sweep, []

        def sweeper_comes_first(name, port):
            def call(call_name, method, *args, **kwargs):
                if call_name == "contacts.write" and not swept_while_writing:
                    swept_while_writing.append(call_name)
                    sweep()
                    assert world.job(job).given_up_at is not None
                    world.clock.advance(minutes=1)
                    sweep()
                return method(*args, **kwargs)

            return wrap_calls(name, port, call)

        world.wire(sweeper_comes_first)
        assert world.deliver((BulkKind.CREATE, job.id, 1))
        assert swept_while_writing
        world.wire()
        world.clock.now += SLICE_WORKER_LIFE
        assert world.sweep() == swept(closed=1)
        ended = world.job(job)
        assert ended.counts == BulkCounts(succeeded=2, failed=3)
        assert len(world.all_contacts()) == 2
        assert world.line() == []
