"""What the sweeper does for slices of bulk jobs: those whose messages got lost, and those that nobody can end."""

from __future__ import annotations

import pytest

from contacts.domain.bulk_entries import NOT_CREATED
from contacts.domain.bulk_job import BulkCounts, BulkStatus
from contacts.domain.rows import Outcome
from contacts.usecases.bulk_slices import SLICE_WORKER_LIFE
from contacts.usecases.dispatch_slices import MAX_SENDINGS
from tests.support.bulk_scenarios import crashing_at
from tests.support.bulk_world import IN_FLIGHT, BulkWorld, small_slices
from tests.support.port_faults import When
from tests.support.sweep_reports import swept

FIVE = ["a@x.io", "b@x.io", "c@x.io", "d@x.io", "e@x.io"]


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


class TestLostMessages:
    @pytest.mark.parametrize(("minutes", "sent_again"), [(34.9, False), (35.1, True)])
    def test_are_sent_again_when_they_can_not_be_on_their_way_any_more(self, minutes, sent_again):
        world = BulkWorld()
        crashing_at(world, "queue.send", When.BEFORE, lambda: world.create(*FIVE))
        assert world.queue.messages == []
        world.clock.advance(minutes=minutes)
        assert world.sweep() == swept(started=IN_FLIGHT if sent_again else 0)
        assert len(world.queue.messages) == (IN_FLIGHT if sent_again else 0)
        world.work()
        assert world.all_jobs()[0].is_open is not sent_again

    def test_are_sent_again_also_where_only_some_got_lost(self):
        world = BulkWorld()
        job = world.create(*FIVE)
        lost = world.queue.messages.pop(0)
        world.work()
        assert world.job(job).slices_done == 1
        world.sweep_later()
        assert world.queue.messages == [lost]
        world.work()
        assert world.job(job).status is BulkStatus.COMPLETED

    def test_the_wait_begins_anew_with_every_sending(self):
        world = BulkWorld()
        world.create("a@x.io")
        assert world.sweep_later() == swept(started=1)
        assert world.sweep() == swept()
        world.clock.advance(minutes=30)
        assert world.sweep() == swept()
        world.clock.advance(minutes=6)
        assert world.sweep() == swept(started=1)

    def test_a_job_whose_start_died_before_it_sent_anything(self):
        world = BulkWorld()
        crashing_at(world, "bulk_jobs.create_job", When.AFTER, lambda: world.create(*FIVE))
        world.clock.advance(minutes=1.9)
        assert world.sweep() == swept()
        world.clock.advance(minutes=0.2)
        assert world.sweep() == swept(started=1)
        world.work()
        assert world.all_jobs()[0].status is BulkStatus.COMPLETED


class TestAQueueThatRefuses:
    def refusing(self, world):
        """The world with a queue that refuses; who puts it right calls what is returned."""
        send = world.queue.send

        def refuse(_):
            raise ConnectionError

        def put_right():
            world.queue.send = send

        world.queue.send = refuse
        return put_right

    def test_takes_no_slice_out_of_the_next_sweep(self):
        """Not only of the one in 35 minutes."""
        world = BulkWorld(in_flight=1)
        world.create(*FIVE)
        put_right = self.refusing(world)
        with pytest.raises(ConnectionError):
            world.work()
        put_right()
        world.clock.advance(minutes=3)
        assert world.sweep() == swept(started=1)
        world.work()
        assert not any(job.is_open for job in world.all_jobs())

    def test_does_not_use_up_the_times_that_an_overdue_slice_is_sent(self):
        world = BulkWorld()
        job = world.create("a@x.io")
        world.queue.messages.clear()
        put_right = self.refusing(world)
        for _ in range(MAX_SENDINGS + 1):
            assert world.sweep_later().failed == [job.id]
        put_right()
        assert world.sweep() == swept(started=1)
        world.work()
        assert world.job(job).counts == BulkCounts(succeeded=1)


class TestSlicesThatNobodyEnds:
    def silent(self):
        """A slice that was sent as often as slices are sent; its workers wrote one of its contacts."""
        world = BulkWorld()
        world.create("a@x.io", "b@x.io", "a@x.io")
        message = world.queue.messages[0]
        crashing_at(world, "contacts.write", When.BEFORE, lambda: world.deliver(message), nth=1)
        for _ in range(MAX_SENDINGS - 1):
            assert world.sweep_later() == swept(started=1)
        assert world.queue.messages == [message] * MAX_SENDINGS
        return world

    def test_are_closed_from_what_is_there(self):
        world = self.silent()
        assert world.sweep_later() == swept(), "a worker may still be at it"
        world.clock.now += SLICE_WORKER_LIFE
        assert world.sweep() == swept(closed=1)
        (job,) = world.all_jobs()
        assert (job.status, job.counts) == (BulkStatus.PARTIAL, BulkCounts(succeeded=1, failed=1, skipped=1))
        items = world.create_items(job)
        assert [item.outcome for item in items] == [Outcome.CREATED, Outcome.ERROR, Outcome.SKIPPED]
        assert [item.contact_id for item in items if item.contact_id] == [c.id for c in world.contacts_of(job)]
        assert items[1].code == NOT_CREATED
        assert world.line() == []
        assert world.sweep_later() == swept()

    def test_and_late_messages_change_nothing(self):
        world = self.silent()
        world.sweep_later()
        world.sweep_later()
        before = world.all_jobs(), world.all_contacts()
        assert world.work()
        assert (world.all_jobs(), world.all_contacts()) == before

    def test_while_a_worker_may_be_at_one_nobody_begins_with_it_and_others_go_on(self):
        world = self.silent()
        other = world.create("b@x.io", "f@x.io")
        message = world.queue.messages.pop(0)
        world.sweep_later()
        before = world.all_contacts()
        assert not world.deliver(message)
        assert world.all_contacts() == before
        world.work()
        assert world.job(other).status is BulkStatus.COMPLETED
        world.sweep_later()
        assert not any(job.is_open for job in world.all_jobs())

    def test_waiting_for_a_worker_is_no_reason_to_give_a_job_up(self):
        world = self.silent()
        world.clock.advance(days=2)
        assert world.sweep() == swept()
        assert world.all_jobs()[0].is_open
        assert world.sweep_later() == swept(closed=1)
        assert world.all_jobs()[0].counts == BulkCounts(succeeded=1, failed=1, skipped=1)

    def test_a_slice_that_a_worker_ended_meanwhile_counts_once(self):
        world = self.silent()
        world.work()
        assert world.sweep_later() == swept()
        assert world.all_jobs()[0].counts == BulkCounts(succeeded=2, skipped=1)
