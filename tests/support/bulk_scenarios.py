"""Worlds in which something is about to happen, and ways to let it happen, for the tests of crashes."""

from __future__ import annotations

import itertools
from functools import partial

from contacts.domain.bulk_job import BulkCounts, BulkKind, BulkStatus
from contacts.usecases.own_bulk_job import Caller
from tests.support.bulk_end_state import once, work_to_the_end
from tests.support.bulk_world import TENANT, USER, BulkWorld
from tests.support.port_faults import Crash, When, wrap_calls

#: More runs of a step than crashes in any of these tests.
RUNS = 5
#: Four slices: a held e-mail, duplicates within a slice and across slices, one that does not validate, none at all.
EMAILS = ["held@x.io", "a@x.io", " A@X.io", "bad!", None, "b@x.io", "HELD@x.io", None, "b@x.io", "c@x.io"]
CREATED = [0, 1, 4, 5, 7, 9]
COUNTS = BulkCounts(succeeded=6, skipped=3, failed=1)


def insisting(world, faults):
    """Runs a step until it ends, each time in a fresh worker."""

    def insist(step):
        for _ in range(RUNS):
            try:
                return step()
            except Crash:
                world.wire(faults.wrap)
        raise AssertionError("still crashing")

    return insist


def three_times(step):
    """What comes of a step that is delivered again and again."""
    first = step()
    for _ in range(2):
        step()
    return first


def empty_world():
    world = BulkWorld()
    world.add_contact("held@x.io")
    world.add_collection(USER)
    return world


def create(world, step=once):
    step(partial(world.create, *EMAILS, seed="create", collection_id="friends", client_source="ios"))
    work_to_the_end(world, step)


def created_world():
    """A world with a job that has ended, one of whose contacts was edited, moved and deleted each."""
    world = empty_world()
    create(world)
    by_row = {contact.created_by.row: contact for contact in world.contacts_of(the_job(world))}
    world.edit(by_row[4], title="Dr")
    world.edit(by_row[5], email="moved@x.io")
    world.remove(by_row[7])
    world.add_contact("b@x.io")
    return world


def the_job(world, kind=BulkKind.CREATE):
    (job,) = [job for job in world.all_jobs() if job.kind is kind]
    return job


def clean_up(world, step=once, **options):
    step(partial(world.delete, the_job(world).id, seed="delete", **options))
    work_to_the_end(world, step)


def clean_up_some(world, step=once):
    job = the_job(world)
    ids = [item.contact_id for item in world.create_items(job) if item.contact_id]
    foreign = world.contacts.find_by_emails(TENANT, ["b@x.io"])["b@x.io"]
    clean_up(world, step, contact_ids=[*ids[:4], "nobody", foreign.id, ids[0]])


def unfilled_world():
    """A job whose collection could not be filled because its user had lost the right, and has it again."""
    world = empty_world()
    world.create(*EMAILS, seed="create", collection_id="friends")
    world.collections.set_editors(TENANT, "friends", ["eve"])
    work_to_the_end(world)
    assert the_job(world).status is BulkStatus.PARTIAL
    world.collections.set_editors(TENANT, "friends", [USER])
    return world


def fill(world, step=once):
    caller = Caller(tenant=TENANT, user=USER, is_admin=False)
    step(partial(world.retry_collection, caller, the_job(world).id))


def one_collection(world, step=once):
    caller = Caller(tenant=TENANT, user=USER, is_admin=False)
    made = step(partial(world.create_collection, TENANT, USER, "Friends", [], "seed"))
    step(partial(world.set_collection_editors, caller, made.id, ["eve", "eve", "tom"]))


def silent_world():
    """All that was sent has got lost."""
    world = empty_world()
    world.create(*EMAILS, seed="create", collection_id="friends")
    world.queue.messages.clear()
    return world


def sweep(world, step=once):
    step(world.sweep_later)
    work_to_the_end(world, step)


def deliver_everything_again(world):
    world.wire()
    for job in world.all_jobs():
        for message in world.messages_of(job) * 3:
            assert not world.deliver(message)
            assert not world.close(message)
    assert not world.queue.messages


def crashing_at(world, call, when, act, *, nth=0):
    """Do something that dies at the n-th call of this name."""
    seen = itertools.count()

    def crash(name, method, *args, **kwargs):
        is_it = name == call and next(seen) == nth
        if is_it and when is When.BEFORE:
            raise Crash(call)
        result = method(*args, **kwargs)
        if is_it:
            raise Crash(call)
        return result

    world.wire(lambda name, port: wrap_calls(name, port, crash))
    try:
        act()
    except Crash:
        world.wire()
    else:
        raise AssertionError(f"there was no call {nth} of {call}")
