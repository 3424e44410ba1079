"""Several hands at one job at once: the same end as one after the other, and lists that say what was counted."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain.bulk_job import BulkKind, BulkStatus
from contacts.domain.rows import Outcome
from contacts.usecases.own_bulk_job import Caller
from tests.support.bulk_end_state import end_state, work_to_the_end
from tests.support.bulk_world import IN_FLIGHT, TENANT, USER, BulkWorld, small_slices
from tests.support.turns import Turns

EMAILS = ["held@x.io", "a@x.io", None, "A@x.io", "b@x.io"]

choices = st.lists(st.integers(0, 2), max_size=60)
racing = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


def world_with_a_held_email():
    world = BulkWorld()
    world.add_contact("held@x.io")
    world.add_collection(USER)
    return world


def started():
    world = world_with_a_held_email()
    world.create(*EMAILS, seed="create", collection_id="friends")
    return world


def created():
    world = started()
    work_to_the_end(world)
    return world


def clean_up_started(*, dry_run=False):
    world = created()
    (job,) = world.all_jobs()
    contacts = world.contacts_of(job)
    world.edit(contacts[0], title="Dr")
    world.delete(job.id, dry_run=dry_run, seed="delete")
    return world


STARTS = {
    "create": started,
    "delete": clean_up_started,
    "dry run": partial(clean_up_started, dry_run=True),
}
starts = pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)


def race(world, choices, **workers):
    turns = Turns(choices)
    world.wire(turns.wrap)
    turns.run(workers)
    world.wire()


def check_lists_say_what_was_counted(world):
    for job in world.all_jobs():
        items = world.create_items(job) if job.kind is BulkKind.CREATE else world.delete_items(job)
        found = Counter(item.outcome for item in items)
        assert job.counts.succeeded == found[Outcome.CREATED] + found[Outcome.DELETED] + found[Outcome.CANDIDATE]
        assert (job.counts.skipped, job.counts.failed) == (found[Outcome.SKIPPED], found[Outcome.ERROR])
        assert (job.counts.not_found, job.counts.forbidden) == (found[Outcome.NOT_FOUND], found[Outcome.FORBIDDEN])
        assert job.counts.processed == job.total == len(items)
        deletions = world.deletions(job)
        if deletions is not None:
            listed = [(item["contactId"], item["outcome"], item["edited"]) for item in deletions["items"]]
            assert listed == [(item.contact_id, item.outcome.value, item.edited) for item in items]


@starts
@racing
@given(choices=choices)
def test_one_slice_in_the_hands_of_two_workers(start, choices):
    alone, world = start(), start()
    message = world.queue.messages.pop(0)
    race(world, choices, one=lambda: world.deliver(message), two=lambda: world.deliver(message))
    work_to_the_end(world)
    work_to_the_end(alone)
    assert end_state(world) == end_state(alone)


@starts
@racing
@given(choices=choices)
def test_two_slices_that_end_their_job_at_once(start, choices):
    alone, world = start(), start()
    one, two = world.queue.messages
    race(world, choices, one=lambda: world.deliver(one), two=lambda: world.deliver(two))
    assert not any(job.is_open for job in world.all_jobs())
    work_to_the_end(alone)
    assert end_state(world) == end_state(alone)


@racing
@given(choices=choices, dry_run=st.booleans())
def test_a_person_who_deletes_what_two_workers_are_at(choices, dry_run):
    world = clean_up_started(dry_run=dry_run)
    job = next(job for job in world.all_jobs() if job.kind is BulkKind.DELETE)
    message = world.queue.messages.pop(0)
    victims = world.contacts_of(next(job for job in world.all_jobs() if job.kind is BulkKind.CREATE))[:2]
    turns = Turns(choices)

    def person():
        contacts = turns.wrap("contacts", world.contacts)
        for victim in victims:
            for contact in contacts.find_by_ids(TENANT, [victim.id]).values():
                world.remove(contact)

    world.wire(turns.wrap)
    turns.run({"one": lambda: world.deliver(message), "two": lambda: world.deliver(message), "person": person})
    world.wire()
    work_to_the_end(world)
    check_lists_say_what_was_counted(world)
    there = {contact.id for contact in world.all_contacts()}
    assert there.isdisjoint(victim.id for victim in victims)
    for item in world.delete_items(world.job(job)):
        assert item.outcome is not Outcome.DELETED or item.contact_id not in there


@racing
@given(choices=choices)
def test_a_person_who_edits_what_is_cleaned_up(choices):
    world = clean_up_started()
    (create_job,) = [job for job in world.all_jobs() if job.kind is BulkKind.CREATE]
    victim = world.contacts_of(create_job)[1]
    turns = Turns(choices)
    contacts = turns.wrap("contacts", world.contacts)

    def person():
        for number in range(3):
            for contact in contacts.find_by_ids(TENANT, [victim.id]).values():
                world.edit(contact, title=f"Dr {number}")

    first, second = world.queue.messages
    world.wire(turns.wrap)
    turns.run({"one": lambda: world.deliver(first), "two": lambda: world.deliver(second), "person": person})
    world.wire()
    assert world.contacts_of(create_job) == []
    check_lists_say_what_was_counted(world)
    (job,) = [job for job in world.all_jobs() if job.kind is BulkKind.DELETE]
    assert (job.status, job.counts.succeeded) == (BulkStatus.COMPLETED, job.total)


@pytest.mark.parametrize("kind", BulkKind)
@racing
@given(choices=choices)
def test_the_same_request_twice_at_once(kind, choices):
    if kind is BulkKind.CREATE:
        world, alone = world_with_a_held_email(), started()

        def request():
            return world.create(*EMAILS, seed="create", collection_id="friends")
    else:
        world, alone = created(), clean_up_started()
        (create_job,) = world.all_jobs()
        world.edit(world.contacts_of(create_job)[0], title="Dr")

        def request():
            return world.delete(create_job.id, seed="delete")

    answers = []
    race(world, choices, one=lambda: answers.append(request()), two=lambda: answers.append(request()))
    assert len({(job.id, job.total, job.tracking_key) for job in answers}) == 1
    assert len(world.queue.messages) == len(set(world.queue.messages)) == IN_FLIGHT
    work_to_the_end(world)
    work_to_the_end(alone)
    assert end_state(world) == end_state(alone)


@racing
@given(choices=choices)
def test_a_clean_up_that_starts_again_while_its_first_one_deletes(choices):
    """Its second start finds fewer candidates, because the create job is forgotten; the job keeps its first ones."""
    world = created()
    (create_job,) = world.all_jobs()
    ids = sorted(contact.id for contact in world.contacts_of(create_job))
    world.clock.advance(days=91)

    def request():
        return world.delete(None, create_job.tracking_key, is_admin=True, seed="delete")

    request()
    messages = list(world.queue.messages)
    world.queue.messages.clear()
    answers = []
    race(
        world,
        choices,
        worker=lambda: [world.deliver(message) for message in messages],
        client=lambda: answers.append(request()),
    )
    answers.append(request())
    work_to_the_end(world)
    assert [job.total for job in answers] == [len(ids)] * 2
    job = world.job(answers[0])
    assert (job.total, job.counts.succeeded) == (len(ids), len(ids))
    assert [item.contact_id for item in world.delete_items(job)] == ids


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_slow_worker_tells_clients_nothing_else_than_what_was_counted(dry_run):
    """It looks, and is overtaken by a person who deletes a contact, and by another worker who ends the slice."""
    world = clean_up_started(dry_run=dry_run)
    message = world.queue.messages.pop(0)
    (create_job,) = [job for job in world.all_jobs() if job.kind is BulkKind.CREATE]
    victim = world.contacts_of(create_job)[0]
    overtaken = []

    class Files:
        """Stops the first worker before it stores anything."""

        def __getattr__(self, name):
            return getattr(world.files, name)

        def put_if_absent(self, key, body):
            if not overtaken:
                overtaken.append(key)
                world.remove(victim)
                assert world.deliver(message)
            return world.files.put_if_absent(key, body)

    world.wire(lambda name, port: Files() if name == "files" else port)
    world.deliver(message)
    world.wire()
    work_to_the_end(world)
    assert overtaken
    (job,) = [job for job in world.all_jobs() if job.kind is BulkKind.DELETE]
    assert job.counts.not_found == 1
    check_lists_say_what_was_counted(world)


@racing
@given(choices=choices)
def test_a_collection_is_filled_by_two_at_once(choices):
    world = started()
    world.collections.set_editors(TENANT, "friends", [])
    work_to_the_end(world)
    (job,) = world.all_jobs()
    assert job.status is BulkStatus.PARTIAL
    world.collections.set_editors(TENANT, "friends", [USER])
    caller = Caller(tenant=TENANT, user=USER, is_admin=False)
    answers = []
    retry = lambda: answers.append(world.retry_collection(caller, job.id))  # noqa: E731
    race(world, choices, one=retry, two=retry)
    assert [answer.status for answer in answers] == [BulkStatus.COMPLETED] * 2
    assert world.collected() == sorted(contact.id for contact in world.contacts_of(job))
