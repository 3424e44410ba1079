"""The rollback of an import that died half-way: it undoes exactly what was written."""

from __future__ import annotations

import pytest

from contacts.domain.import_job import ImportStatus
from contacts.domain.object_keys import part_outcome_key, plans_prefix
from contacts.domain.rollback import RollbackCounts, RollbackMode, RollbackStatus
from contacts.domain.segment import segment_id
from contacts.usecases.undo_log import load_undo_log
from tests.support.import_world import TENANT
from tests.support.port_faults import Crash, PortFaults, When
from tests.support.rollback_world import RollbackWorld

SEGMENT = segment_id(TENANT, "VIP")
ROWS = [["held@x.io", "new", "", "", "", ""], *([f"person{number}@x.io", "new", "", "", "", ""] for number in range(5))]


def broken(number, when):
    """An import in one part whose only worker died at its call of this number."""
    world = RollbackWorld()
    world.add_contact("held@x.io", values={"firstName": "old"})
    world.submit(ROWS, duplicate_strategy="update", segment_name="VIP")
    world.stage("job")
    faults = PortFaults({} if number is None else {number: when})
    world.wire(faults.wrap)
    if number is None:
        world.apply("job", 0)
    else:
        with pytest.raises(Crash):
            world.apply("job", 0)
    world.wire(lambda _name, port: port)
    return world, faults.calls


ENDS = {
    "reconciled": lambda world: world.finish("job"),
    "given up without lists": lambda world: world.finish.give_up("job"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("when", When)
def test_after_an_import_that_died_anywhere_exactly_what_it_wrote_is_undone(when, end):
    for number in range(len(broken(None, None)[1])):
        world, _ = broken(number, when)
        recorded = world.jobs.has_part("job", 0) and end is not ENDS["given up without lists"]
        end(world)
        assert world.jobs.jobs["job"].status is (ImportStatus.COMPLETED if recorded else ImportStatus.FAILED)
        made = [contact for contact in world.all_contacts() if contact.created_by.job == "job"]
        updated = world.holder("held@x.io").version == 2
        # What it never wrote is not its business, however it looks and even by force.
        bystander = None if updated else world.edit(world.holder("held@x.io"), firstName="new")
        expected = RollbackCounts(deleted=len(made), restored=int(updated))
        assert world.roll_back(on_conflict="force", dry_run=True).rollback.counts == expected
        job = world.roll_back(on_conflict="force")
        assert (job.status, job.rollback.counts) == (ImportStatus.ROLLED_BACK, expected)
        (left,) = world.all_contacts()
        if bystander:
            assert left == bystander
        else:
            assert left.values == {"email": "held@x.io", "firstName": "old"}
        assert (left.segments, world.members(SEGMENT)) == ((), [])


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_a_rollback_of_such_an_import_waits_until_no_worker_can_write(end):
    world, _ = broken(3, When.BEFORE)
    end(world)
    world.request_rollback()
    assert 320 < world.prepare_rollback("job", 1).wait_seconds <= 330
    world.clock.advance(seconds=331)
    assert world.prepare_rollback("job", 1).wait_seconds == 0


@pytest.mark.parametrize("crashes", range(3))
def test_the_rollback_of_an_import_without_lists_survives_crashes_too(crashes):
    def run(broken_at):
        world, calls = broken(None, None)
        world, _ = broken(calls.index("contacts.write") + 2 * crashes, When.AFTER)
        world.finish.give_up("job")
        faults = PortFaults(broken_at)
        world.wire(faults.wrap)

        def insist(step):
            try:
                return step()
            except Crash:
                world.wire(faults.wrap)
                return step()

        job = world.roll_back(step=insist)
        return faults.calls, (job.status, job.rollback.counts, world.rollback_outcomes(), world.members(SEGMENT))

    calls, expected = run({})
    for number, call in enumerate(calls):
        for when in When:
            assert run({number: when})[1] == expected, f"after a crash {when.value} call {number}, {call}"


def test_without_outcomes_the_contacts_themselves_tell_what_was_written():
    world, _ = broken(None, None)
    world.finish("job")
    job = world.jobs.jobs["job"]
    with_list = load_undo_log(world.files, world.work, job, 0)
    del world.files.versions[part_outcome_key(TENANT, "job", 0)]
    assert load_undo_log(world.files, world.work, job, 0) == with_list
    world.edit(world.holder("held@x.io"), title="Dr")
    world.delete(world.holder("person0@x.io"))
    assert load_undo_log(world.files, world.work, job, 0) == with_list


def test_a_contact_that_vanished_while_such_a_rollback_lay_still_keeps_no_other_from_going_back():
    world, calls = broken(None, None)
    world, _ = broken(calls.index("contacts.write"), When.AFTER)
    world.finish.give_up("job")
    world.request_rollback()
    world.prepare_rollback("job", 1)
    world.wire(PortFaults({7: When.AFTER}).wrap)  # the plan is there, no contact is written
    with pytest.raises(Crash):
        world.roll_back_part("job", 1, RollbackMode.WRITE, 0)
    world.wire(lambda _name, port: port)
    world.delete(world.holder("held@x.io"))
    world.contacts._tenants[TENANT].gone.clear()  # the contact was too old to leave a trace
    assert world.roll_back_part("job", 1, RollbackMode.WRITE, 0)
    world.finish_rollback("job", 1, RollbackMode.WRITE)
    assert world.jobs.jobs["job"].status is ImportStatus.ROLLED_BACK
    assert world.all_contacts() == []


def test_with_all_undo_logs_expired_such_an_import_is_never_called_rolled_back():
    _, calls = broken(None, None)
    world, _ = broken(calls.index("contacts.write"), When.AFTER)
    world.finish("job")
    assert world.jobs.jobs["job"].counts.imported
    for key in list(world.files.list_keys(plans_prefix(TENANT, "job", 0))):
        del world.files.versions[key]
    job = world.roll_back()
    assert (job.status, job.rollback.status) == (ImportStatus.ROLLING_BACK, RollbackStatus.FAILED)
