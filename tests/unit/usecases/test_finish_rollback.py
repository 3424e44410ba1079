"""How a rollback ends: done, aborted, failed and taken up again."""

from __future__ import annotations

import pytest

from contacts.domain.import_job import ImportStatus
from contacts.domain.object_keys import plans_prefix, rollback_part_outcome_key
from contacts.domain.rollback import RollbackCounts, RollbackMode, RollbackStatus
from contacts.domain.segment import Segment, segment_id
from contacts.usecases.finish_rollback import AfterPass
from tests.support.import_world import TENANT
from tests.support.port_faults import Crash, PortFaults, When
from tests.support.rollback_world import RollbackWorld

SEGMENT = segment_id(TENANT, "VIP")
ROWS = [[f"person{number}@x.io", "P", "", "", "", ""] for number in range(12)]
LOOK, WRITE = RollbackMode.LOOK, RollbackMode.WRITE


def imported(rows=ROWS, *, parts=3, **options):
    world = RollbackWorld()
    world.submit(rows, parts=parts, **options)
    assert world.run().status is ImportStatus.COMPLETED
    return world


def started(world=None, **options):
    """A rollback whose parts have not been looked at."""
    world = world or imported()
    world.request_rollback(**options)
    world.prepare_rollback("job", world.rollback().run)
    return world


def go_through(world, mode, parts=None):
    for part in world.rollback_parts() if parts is None else parts:
        world.roll_back_part("job", world.rollback().run, mode, part)


class TestPartThatFailsForGood:
    def failed(self):
        world = started()
        first, *others = world.rollback_parts()
        go_through(world, WRITE, others)
        assert world.finish_rollback("job", 1, WRITE) is AfterPass.END
        return world, first

    def test_the_rollback_is_failed_the_import_goes_on_rolling_back(self):
        world, _ = self.failed()
        job = world.jobs.jobs["job"]
        left = len(world.all_contacts())
        assert 0 < left < len(ROWS)
        assert (job.status, job.rolled_back_at) == (ImportStatus.ROLLING_BACK, None)
        assert job.rollback.status is RollbackStatus.FAILED
        assert job.rollback.counts == RollbackCounts(deleted=len(ROWS) - left, errors=left)
        assert job.rollback.ended_at

    def test_its_list_names_what_is_done(self):
        world, _ = self.failed()
        assert len(world.rollback_outcomes()) == len(ROWS) - len(world.all_contacts())

    def test_a_new_request_goes_on_with_what_is_left(self):
        world, _ = self.failed()
        left = len(world.all_contacts())
        faults = PortFaults()
        world.wire(faults.wrap)
        world.request_rollback()
        job = world.carry_out()
        assert faults.calls.count("jobs.record_rollback_part") == 1
        assert faults.calls.count("contacts.write") == left
        assert world.all_contacts() == []
        assert (job.status, job.rollback.status) == (ImportStatus.ROLLED_BACK, RollbackStatus.COMPLETED)
        assert job.rollback.counts == RollbackCounts(deleted=len(ROWS))
        assert job.rolled_back_at == job.rollback.ended_at
        assert [line["row"] for line in world.rollback_outcomes()] == list(range(1, len(ROWS) + 1))

    def test_it_can_fail_again_and_again_and_is_never_called_done(self):
        world, _ = self.failed()
        for attempt in (2, 3):
            world.request_rollback()
            world.prepare_rollback("job", 1)
            assert world.finish_rollback("job", 1, WRITE) is AfterPass.END
            job = world.jobs.jobs["job"]
            assert (job.status, job.rollback.status) == (ImportStatus.ROLLING_BACK, RollbackStatus.FAILED)
            assert job.rollback.attempt == attempt

    def test_a_late_worker_records_nothing_once_the_run_has_ended(self):
        world, first = self.failed()
        before = world.jobs.jobs["job"]
        assert not world.roll_back_part("job", 1, WRITE, first)
        assert world.jobs.jobs["job"] == before


def test_where_undo_logs_have_expired_nothing_is_called_done():
    world = started()
    gone, *others = world.rollback_parts()
    for key in list(world.files.list_keys(plans_prefix(TENANT, "job", gone))):
        del world.files.versions[key]
    go_through(world, WRITE, others)

    assert world.finish_rollback("job", 1, WRITE) is AfterPass.END

    assert world.jobs.jobs["job"].status is ImportStatus.ROLLING_BACK
    assert world.rollback().status is RollbackStatus.FAILED


@pytest.mark.parametrize("number", [0, 1, 2, 3])
@pytest.mark.parametrize("when", When)
def test_a_part_that_died_half_way_is_gone_on_with_in_a_new_attempt(when, number):
    world = started(imported(parts=1))
    faults = PortFaults()
    world.wire(faults.wrap)
    go_through(world, WRITE)
    writes = [place for place, call in enumerate(faults.calls) if call == "contacts.write"]
    world = started(imported(parts=1))
    world.wire(PortFaults({writes[number]: when}).wrap)
    with pytest.raises(Crash):
        go_through(world, WRITE)
    world.wire(lambda _name, port: port)
    world.finish_rollback("job", 1, WRITE, broken_off=True)
    assert world.jobs.jobs["job"].status is ImportStatus.ROLLING_BACK
    assert world.rollback().counts == RollbackCounts(errors=len(ROWS))
    world.request_rollback()
    job = world.carry_out()
    assert (job.status, job.rollback.counts) == (ImportStatus.ROLLED_BACK, RollbackCounts(deleted=len(ROWS)))


def test_one_that_is_broken_off_with_all_parts_done_is_failed_and_can_go_on():
    world = started()
    go_through(world, WRITE)
    world.finish_rollback("job", 1, None, broken_off=True)
    job = world.jobs.jobs["job"]
    assert (job.status, job.rollback.status, job.rollback.counts.errors) == (
        *(ImportStatus.ROLLING_BACK, RollbackStatus.FAILED),
        0,
    )
    world.request_rollback()
    assert world.carry_out().status is ImportStatus.ROLLED_BACK


@pytest.mark.parametrize("options", [{"dry_run": True}, {"on_conflict": "abort"}])
def test_a_look_with_parts_missing_fails_and_leaves_the_import_as_it_was(options):
    world = started(**options)
    before = world.all_contacts()
    go_through(world, LOOK, world.rollback_parts()[1:])
    assert world.finish_rollback("job", 1, LOOK) is AfterPass.END
    job = world.jobs.jobs["job"]
    assert (job.status, job.rollback.status) == (ImportStatus.COMPLETED, RollbackStatus.FAILED)
    assert job.rollback.counts.errors
    assert world.all_contacts() == before
    assert world.roll_back().rollback.run == 2


@pytest.mark.parametrize("on_conflict", ["keep", "force", "abort"])
def test_a_dry_run_writes_nothing_to_contacts_and_says_what_would_be(on_conflict):
    world = imported(segment_name="VIP")
    world.edit(world.holder("person0@x.io"), title="Dr")
    before = world.all_contacts()
    faults = PortFaults()
    world.wire(faults.wrap)
    tried = world.roll_back(on_conflict=on_conflict, dry_run=True)
    assert "contacts.write" not in faults.calls
    assert (world.all_contacts(), len(world.members(SEGMENT))) == (before, len(ROWS))
    assert (tried.status, tried.rollback.status, tried.rolled_back_at) == (
        *(ImportStatus.COMPLETED, RollbackStatus.COMPLETED),
        None,
    )
    predicted = world.rollback_outcomes()
    done = world.roll_back(on_conflict=on_conflict)
    assert done.rollback.counts == tried.rollback.counts
    assert world.rollback_outcomes() == predicted


def test_abort_changes_nothing_where_anything_would_be_kept():
    world = imported(segment_name="VIP")
    world.edit(world.holder("person0@x.io"), title="Dr")
    before = world.all_contacts()
    job = world.roll_back(on_conflict="abort")
    assert (job.status, job.rollback.status) == (ImportStatus.COMPLETED, RollbackStatus.ABORTED)
    assert job.rollback.counts == RollbackCounts(deleted=len(ROWS) - 1, kept=1)
    assert (world.all_contacts(), len(world.members(SEGMENT))) == (before, len(ROWS))
    kept = [line for line in world.rollback_outcomes() if line["action"] == "kept"]
    assert [(line["row"], line["fields"], line["reason"]) for line in kept] == [(1, ["title"], "EDITED_LATER")]


def test_abort_keeps_what_was_edited_between_the_look_and_the_write():
    world = started(on_conflict="abort")
    go_through(world, LOOK)
    assert world.finish_rollback("job", 1, LOOK) is AfterPass.WRITE
    assert world.jobs.jobs["job"].status is ImportStatus.ROLLING_BACK
    assert world.rollback().counts == RollbackCounts()
    world.edit(world.holder("person0@x.io"), title="Dr")
    go_through(world, WRITE)
    world.finish_rollback("job", 1, WRITE)
    assert world.rollback().counts == RollbackCounts(deleted=len(ROWS) - 1, kept=1)
    assert world.jobs.jobs["job"].status is ImportStatus.ROLLED_BACK


def test_the_end_of_a_pass_delivered_late_does_not_end_the_next():
    world = started(on_conflict="abort")
    go_through(world, LOOK)
    for _ in range(2):
        assert world.finish_rollback("job", 1, LOOK) is AfterPass.WRITE
    assert world.rollback().status is RollbackStatus.RUNNING
    go_through(world, WRITE)
    for _ in range(2):
        assert world.finish_rollback("job", 1, WRITE) is AfterPass.END
    assert world.finish_rollback("job", 1, LOOK) is AfterPass.END
    assert world.finish_rollback("job", 2, WRITE) is AfterPass.END
    assert world.finish_rollback("no job", 1, WRITE) is AfterPass.END
    assert world.jobs.jobs["job"].status is ImportStatus.ROLLED_BACK


def test_a_part_that_says_it_is_done_and_left_no_outcomes_ends_nothing():
    world = started()
    go_through(world, WRITE)
    part = world.rollback_parts()[0]
    del world.files.versions[rollback_part_outcome_key(TENANT, "job", 1, "write", part)]
    with pytest.raises(FileNotFoundError):
        world.finish_rollback("job", 1, WRITE)
    assert world.rollback().status is RollbackStatus.RUNNING


class TestSegment:
    def test_it_goes_with_its_last_member_if_the_import_made_it(self):
        world = imported(segment_name="VIP")
        world.roll_back()
        assert world.segments.find(TENANT, SEGMENT) is None
        assert world.members(SEGMENT) == []

    def test_it_stays_if_somebody_else_made_it(self):
        world = RollbackWorld()
        mine = Segment(id=SEGMENT, tenant=TENANT, name="VIP", created_at=world.clock())
        world.segments.ensure(mine)
        world.submit(ROWS, segment_name="VIP")
        world.run()
        world.roll_back()
        assert (world.segments.find(TENANT, SEGMENT), world.members(SEGMENT)) == (mine, [])

    def test_it_stays_while_another_import_has_members_in_it(self):
        world = imported(segment_name="VIP")
        world.submit([["other@x.io", "", "", "", "", ""]], job_id="other", segment_name="VIP")
        world.run("other")
        world.roll_back()
        assert world.segments.find(TENANT, SEGMENT)
        assert world.members(SEGMENT) == [world.holder("other@x.io").id]

    def test_it_goes_where_the_members_of_another_import_are_gone(self):
        world = imported(segment_name="VIP")
        world.submit([["other@x.io", "", "", "", "", ""]], job_id="other", segment_name="VIP")
        world.run("other")
        world.delete(world.holder("other@x.io"))
        world.roll_back()
        assert world.segments.find(TENANT, SEGMENT) is None

    def test_a_kept_contact_leaves_it_too(self):
        world = imported(segment_name="VIP")
        world.edit(world.holder("person0@x.io"), title="Dr")
        world.roll_back()
        assert world.holder("person0@x.io").segments == ()
        assert world.segments.find(TENANT, SEGMENT) is None

    def test_a_contact_that_was_in_it_before_stays_in_it(self):
        world = RollbackWorld()
        held = world.add_contact("person0@x.io", segments=(SEGMENT,))
        world.submit(ROWS, duplicate_strategy="update", segment_name="VIP")
        world.run()
        world.roll_back()
        assert world.holder("person0@x.io").segments == held.segments

    def test_one_removed_under_a_running_import_is_there_again_when_that_ends(self):
        world = imported(segment_name="VIP")
        world.submit([["other@x.io", "", "", "", "", ""]], job_id="other", segment_name="VIP")
        world.stage("other")
        world.roll_back()
        assert world.segments.find(TENANT, SEGMENT) is None
        for part in world.parts("other"):
            world.apply("other", part)
        world.finish("other")
        assert world.segments.find(TENANT, SEGMENT).made_by_job == "other"
        assert world.members(SEGMENT) == [world.holder("other@x.io").id]


@pytest.mark.parametrize("dry_run", [False, True])
def test_with_an_undo_log_that_is_gone_it_is_never_called_done(dry_run):
    world = imported()
    for key in [key for key in world.files.versions if key.startswith(f"undo/{TENANT}/job/part-00000/")]:
        del world.files.versions[key]
    job = world.roll_back(dry_run=dry_run)
    assert job.status is (ImportStatus.COMPLETED if dry_run else ImportStatus.ROLLING_BACK)
    assert job.rollback.status is RollbackStatus.FAILED
