"""A tenant has a bounded number of slices with the workers, whatever happens, and keeps no other tenant waiting."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.object_keys import bulk_entries_key
from contacts.usecases.bulk_slices import store_entries
from contacts.usecases.dispatch_slices import MAX_SENDINGS
from tests.support.bulk_scenarios import crashing_at
from tests.support.bulk_world import TENANT, BulkWorld, entries_of, small_slices
from tests.support.port_faults import Crash, PortFaults, When, wrap_calls
from tests.support.sweep_reports import swept


@pytest.fixture(autouse=True, scope="module")
def _slices_of_one():
    with small_slices(1):
        yield


def on_their_way(world, tenant=TENANT):
    """The slices that messages name and that are not done, each once."""
    found = set()
    for kind, job_id, slice_ in world.queue.messages:
        job = world.job(job_id)
        if job.tenant == tenant and not world.bulk_jobs.has_slice(job_id, slice_):
            found.add((kind, job_id, slice_))
    return found


def start_many(world, jobs, slices):
    for _ in range(jobs):
        world.create(*[None] * slices)


@pytest.mark.parametrize("in_flight", [1, 2, 4])
def test_a_tenants_first_slices_are_sent_and_no_more(in_flight):
    world = BulkWorld(in_flight=in_flight)
    start_many(world, jobs=20, slices=5)
    assert len(world.queue.messages) == in_flight
    assert world.line()[:in_flight] == [(job_id, slice_) for _, job_id, slice_ in world.queue.messages]
    assert len(world.line()) == 100
    assert world.dispatch(TENANT) == 0


def test_who_finishes_one_sends_the_next_in_the_order_of_the_jobs():
    world = BulkWorld(in_flight=2)
    start_many(world, jobs=4, slices=3)
    jobs = [job.id for job in world.all_jobs()]
    done = world.work()
    assert done == [(BulkKind.CREATE, job_id, slice_) for job_id in jobs for slice_ in range(3)]
    assert world.line() == []


def test_another_tenants_slice_is_sent_at_once():
    world = BulkWorld(in_flight=2)
    start_many(world, jobs=20, slices=5)
    small = world.create("a@x.io", tenant="small")
    assert world.queue.messages[-1] == (BulkKind.CREATE, small.id, 0)
    assert len(world.queue.messages) == 3
    world.deliver(world.queue.messages.pop())
    assert not world.job(small).is_open
    assert len(on_their_way(world)) == 2


def test_a_clean_up_stands_in_the_same_line_as_the_creates():
    world = BulkWorld(in_flight=2)
    job = world.created("a@x.io", "b@x.io", "c@x.io")
    start_many(world, jobs=1, slices=3)
    clean_up = world.delete(job)
    assert {kind for kind, _, _ in world.queue.messages} == {BulkKind.CREATE}
    world.work()
    assert world.job(clean_up).counts.succeeded == 3


#: What happens next, by a number that says to whom.
happenings = st.lists(
    st.tuples(
        st.sampled_from(["deliver", "deliver", "deliver", "again", "crash", "start", "other", "early", "sweep"]),
        st.integers(0, 30),
    ),
    max_size=60,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(in_flight=st.integers(1, 4), happenings=happenings)
def test_never_more_than_the_bound(in_flight, happenings):
    world = BulkWorld(in_flight=in_flight)
    start_many(world, jobs=8, slices=3)
    delivered = []
    for what, number in happenings:
        _happen(world, what, number, delivered)
        assert len(on_their_way(world)) <= in_flight
        sent = [each for each in world.bulk_jobs.line(TENANT, 1_000) if each.sent_at is not None]
        assert len(sent) <= in_flight
    _deliver_the_rest(world)
    assert world.line() == world.line("other") == []
    for job in world.all_jobs():
        assert not job.is_open
        assert job.counts.processed == job.total


def _happen(world, what, number, delivered):
    messages = world.queue.messages
    if what in {"deliver", "crash"} and messages:
        message = messages.pop(number % len(messages))
        delivered.append(message)
        if what == "deliver":
            world.deliver(message)
        else:
            _crash(world, message, number)
    elif what == "again" and delivered:
        world.deliver(delivered[number % len(delivered)])
    elif what == "start":
        start_many(world, jobs=1, slices=1 + number % 3)
    elif what == "other":
        before = len(messages)
        idle = not world.line("other")
        world.create("a@x.io", tenant="other")
        assert not idle or len(messages) == before + 1
    elif what == "early":
        _start_that_was_overtaken(world, number)
    elif what == "sweep":
        world.sweep_later()


def _crash(world, message, number):
    """The worker dies at some call; the message comes again."""
    when = When.BEFORE if number % 2 else When.AFTER
    world.wire(PortFaults({number // 2: when}).wrap)
    try:
        world.deliver(message)
        event("a crash came too late")
    except Crash:
        world.queue.messages.append(message)
    world.wire()


def _start_that_was_overtaken(world, number):
    """A start that read the clock before all others and stores its job after them."""
    template = world.job(world.all_jobs()[0])
    job = BulkJob(
        id=f"early{len(world.all_jobs())}",
        kind=BulkKind.CREATE,
        tenant=TENANT,
        created_by="ann",
        created_at=f"2025-01-01T00:00:00.{number:03d}Z",
        changed_at=world.clock(),
        tracking_key=template.tracking_key,
        total=2,
    )
    records = [entry.to_record() for entry in entries_of(None, None)]
    store_entries(world.files, TENANT, job.id, records)
    assert world.bulk_jobs.create_job(job)
    world.dispatch(TENANT)


def _deliver_the_rest(world):
    for _ in range(200):
        while world.queue.messages:
            world.deliver(world.queue.messages.pop(0))
        if not any(job.is_open for job in world.all_jobs()):
            return
        world.sweep_later()
    raise AssertionError("a job does not end")


def test_slices_on_their_way_count_behind_those_of_an_earlier_job_too():
    world = BulkWorld(in_flight=2)
    start_many(world, jobs=1, slices=3)
    assert len(world.queue.messages) == 2
    _start_that_was_overtaken(world, 0)
    assert len(world.queue.messages) == 2
    world.deliver(world.queue.messages.pop(0))
    assert world.queue.messages[-1][1].startswith("early")


def test_lost_slices_behind_those_of_an_earlier_job_are_found():
    """Nothing else would ever be sent: they hold the tenant's places."""
    world = BulkWorld(in_flight=2)
    start_many(world, jobs=1, slices=3)
    lost = list(world.queue.messages)
    world.queue.messages.clear()
    _start_that_was_overtaken(world, 0)
    assert world.queue.messages == []
    world.sweep_later()
    assert world.queue.messages == lost


class TestAMarkThatFails:
    def world(self, *, failing, unmarking=(), answer_lost=False):
        """A job of four slices, none of them sent; marking, and taking marks back, fail for some."""
        world = BulkWorld(in_flight=3)
        crashing_at(world, "bulk_jobs.create_job", When.AFTER, lambda: start_many(world, jobs=1, slices=4))

        def call(name, method, *args, **kwargs):
            if name == "bulk_jobs.mark_sent" and args[0].slice in failing:
                if answer_lost:
                    method(*args, **kwargs)
                raise ConnectionError("mark")
            if name == "bulk_jobs.unmark_sent" and args[0].slice in unmarking:
                raise ConnectionError("unmark")
            return method(*args, **kwargs)

        world.wire(lambda name, port: wrap_calls(name, port, call))
        with pytest.raises(ConnectionError):
            world.dispatch(TENANT)
        assert world.queue.messages == []
        return world

    def test_leaves_no_slice_marked_that_is_not_sent(self):
        world = self.world(failing={1})
        assert [each.sent_at for each in world.bulk_jobs.line(TENANT, 10)] == [None] * 4
        world.wire()
        assert world.dispatch(TENANT) == 3
        world.work()
        assert not any(job.is_open for job in world.all_jobs())

    def test_one_that_can_not_be_taken_back_keeps_no_other_marked(self):
        world = self.world(failing={2}, unmarking={1})
        marked = [each.slice for each in world.bulk_jobs.line(TENANT, 10) if each.sent_at]
        assert marked == [1]

    def test_a_mark_that_stands_although_its_answer_was_lost_is_taken_back(self):
        world = self.world(failing={1}, answer_lost=True)
        assert [each.sent_at for each in world.bulk_jobs.line(TENANT, 10)] == [None] * 4


class TestASliceThatCanNotBeClosed:
    @pytest.mark.parametrize(("minutes", "sent"), [(59, False), (61, True)])
    def test_holds_its_place_for_an_hour_and_not_until_its_job_is_given_up(self, minutes, sent):
        world = BulkWorld(in_flight=1)
        job = world.create("a@x.io")
        del world.files.versions[bulk_entries_key(TENANT, job.id)]
        for _ in range(MAX_SENDINGS - 1):
            world.sweep_later()
        world.queue.messages.clear()
        other = world.create("b@x.io")
        assert world.sweep_later() == swept(failed=[job.id])
        world.clock.now = datetime.fromisoformat(world.bulk_jobs.line(TENANT, 1)[0].sent_at)
        world.clock.advance(minutes=minutes)
        assert world.sweep() == swept(started=int(sent), failed=[job.id])
        world.work()
        assert world.job(other).is_open is not sent
        assert world.job(job).is_workable

    def test_holds_it_for_longer_while_it_will_be_sent_again(self):
        """By a sweeper that is off: nobody else takes its place before."""
        world = BulkWorld(in_flight=1)
        world.create("a@x.io")
        world.clock.advance(hours=5)
        world.create("b@x.io")
        assert len(world.queue.messages) == 1
