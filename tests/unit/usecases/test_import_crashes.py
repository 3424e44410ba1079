"""Invariants 1 and 3: a worker that dies at any call of any port and runs again comes to the same end as any other."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from contacts.domain.contact import Contact
from contacts.domain.contact_write import Delete, Update, WriteResult
from contacts.domain.email_address import normalise_email
from contacts.domain.import_job import ImportStatus
from tests.support.import_scenarios import CASES, ROWS, STRATEGIES, clean_run, drive, end_state, world_of
from tests.support.import_world import TENANT
from tests.support.memory_contact_store import Lost
from tests.support.port_faults import Crash, PortFaults, When


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("strategy", CASES)
def test_one_crash_at_any_call(strategy, when):
    calls, expected = clean_run(strategy)
    assert {"contacts.write", "files.put_if_absent", "jobs.record_part", "events.publish"} <= set(calls)
    for number, call in enumerate(calls):
        faults = PortFaults({number: when})
        world = world_of(strategy, faults.wrap)
        drive(world, faults.wrap)
        assert len(faults.calls) > number
        assert end_state(world) == expected, f"after a crash {when.value} call {number}, {call}"


@pytest.mark.parametrize("strategy", CASES)
def test_three_crashes_at_any_calls(strategy):
    calls, expected = clean_run(strategy)
    chance = random.Random(strategy)
    for _ in range(120):
        start = chance.randrange(len(calls))
        near = [start, start + chance.randrange(1, 6), start + chance.randrange(6, 12)]
        faults = PortFaults({number: chance.choice(list(When)) for number in near})
        world = world_of(strategy, faults.wrap)
        drive(world, faults.wrap)
        assert end_state(world) == expected, f"after crashes at {faults.crashes}"


@pytest.mark.parametrize("strategy", CASES)
def test_every_step_delivered_again_after_success(strategy):
    _, expected = clean_run(strategy)
    world = world_of(strategy)
    world.stage("job")
    assert world.stage("job").decision == "apply"
    for part in world.parts():
        assert world.apply("job", part)
        assert not world.apply("job", part)
    for _ in range(2):
        world.finish("job")
    assert [world.apply("job", part) for part in world.parts()] == [False] * len(world.parts())
    assert world.stage("job").decision == "finish"
    assert end_state(world) == expected
    assert len(world.events.published) == 1


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_part_delivered_twice_touches_no_contact(strategy):
    faults = PortFaults()
    world = world_of(strategy, faults.wrap)
    world.stage("job")
    for part in world.parts():
        world.apply("job", part)
        faults.calls.clear()
        world.apply("job", part)
        assert not [call for call in faults.calls if call.startswith(("contacts", "files"))]


@pytest.mark.parametrize("lost", Lost)
@pytest.mark.parametrize("strategy", CASES)
def test_one_lost_answer_to_any_write(strategy, lost):
    calls, expected = clean_run(strategy)
    writes = calls.count("contacts.write")
    assert writes >= 2
    for number in range(writes):
        world = world_of(strategy)
        fates = iter([*[None] * number, lost])
        world.contacts.lose_answer = lambda _write, fates=fates: next(fates, None)
        world.run()
        assert next(fates, None) is None
        assert end_state(world) == expected, f"the answer to write {number} was lost {lost.value}"


@pytest.mark.parametrize("strategy", CASES)
def test_all_answers_lost_after_the_work_is_done(strategy):
    _, expected = clean_run(strategy)
    world = world_of(strategy)
    world.contacts.lose_answer = lambda _write: Lost.AFTER
    world.run()
    assert end_state(world) == expected


def person_writes(world, write):
    assert world.contacts.write(TENANT, [write]) == [WriteResult.WRITTEN]


def edited(contact: Contact, **values) -> Contact:
    return replace(contact, values={**contact.values, **values}, version=contact.version + 1)


def edit(world, contact):
    person_writes(world, Update(contact, edited(contact, title="by a person")))


def move(world, contact):
    person_writes(world, Update(contact, edited(contact, email="moved@x.io")))


def delete(world, contact):
    person_writes(world, Delete(contact))


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("email", ["held@x.io", "new@x.io"])
@pytest.mark.parametrize("act", [edit, move, delete])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_a_person_did_between_crash_and_retry_stands(strategy, act, email, when):
    acted = 0
    faults = PortFaults()
    world = staged_for_a_person(strategy, faults)
    before = len(faults.calls)
    world.apply("job", 0)
    for number in range(before, len(faults.calls)):
        faults = PortFaults({number: when})
        world = staged_for_a_person(strategy, faults)
        with pytest.raises(Crash):
            world.apply("job", 0)
        target = world.holder(email)
        if target is None:
            continue
        acted += 1
        before_the_act = world.all_contacts()
        act(world, target)
        world.wire(lambda _name, port: port)
        world.apply("job", 0)
        world.finish("job")
        check_the_act_stands(world, strategy, act, target, before_the_act)
    assert acted


def staged_for_a_person(strategy, faults):
    world = world_of(strategy, faults.wrap, rows=ROWS[:2], parts=1)
    world.stage("job")
    return world


def check_the_act_stands(world, strategy, act, target, before_the_act):
    contacts = {contact.id: contact for contact in world.all_contacts()}
    outcomes = world.outcomes()
    assert world.jobs.jobs["job"].status is ImportStatus.COMPLETED
    # Every row that says created made one contact, which is there unless the person deleted it; nothing else was made.
    made = {contact_id for outcome, contact_id, _ in outcomes.values() if outcome == "created"}
    deleted = {target.id} if act is delete else set()
    assert made - deleted == {contact.id for contact in contacts.values() if contact.created_by.job == "job"}
    assert not deleted & set(contacts)

    written = {c.id for c in before_the_act if c.created_by.job == "job" or any(m.job == "job" for m in c.written_by)}
    email = normalise_email(target.email)
    now_there = [contact for contact in contacts.values() if normalise_email(contact.email) == email]
    twins = [c for c in before_the_act if normalise_email(c.email) == email and c.id != target.id]
    if act is edit:
        survivor = contacts[target.id]
        assert survivor.values["title"] == "by a person"
        updated = strategy == "update" and target.created_by.job != "job"
        assert survivor.version == 2 + updated
        assert survivor.values.get("firstName") == ("Imported" if updated or target.created_by.job == "job" else None)
    elif target.id in written:
        # The row was done: it must not make a second contact of the e-mail that is free again.
        assert [contact.id for contact in now_there] == [twin.id for twin in twins]
    elif strategy != "create":
        # The person was first, or a plan stood already that says to skip: at most one new contact of that e-mail.
        assert len(now_there) <= 1
    if act is move:
        assert contacts[target.id].email == "moved@x.io"
