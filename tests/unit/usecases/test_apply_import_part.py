from __future__ import annotations

import pytest

from contacts.domain.import_job import ImportStatus, RowCounts
from contacts.domain.object_keys import part_outcome_key, staged_part_key
from contacts.domain.segment import segment_id
from tests.support.import_world import TENANT, ImportWorld
from tests.support.port_faults import PortFaults

ROWS = [["a@x.io", "Ann", "", "", "", ""], ["bad", "", "", "", "", ""], ["b@x.io", "Bob", "", "", "", ""]]
SEGMENT = segment_id(TENANT, "VIP")


def staged(rows=ROWS, **options):
    world = ImportWorld()
    world.submit(rows, **options)
    world.stage("job")
    return world


def test_a_part_counts_once_it_is_done():
    world = staged()
    assert world.jobs.jobs["job"].counts.processed == 1
    assert world.apply("job", 0) is True
    assert world.jobs.jobs["job"].counts == RowCounts(created=2, skipped=1, errors=1)
    assert world.apply("job", 0) is False
    assert world.jobs.jobs["job"].counts == RowCounts(created=2, skipped=1, errors=1)


def test_the_outcomes_are_stored_before_the_part_counts_as_done():
    world = staged(segment_name="VIP")
    faults = PortFaults()
    world.wire(faults.wrap)
    world.apply("job", 0)
    assert faults.calls[-3:] == ["files.put", "segments.put_members", "jobs.record_part"]
    assert world.files.get(part_outcome_key(TENANT, "job", 0))


@pytest.mark.parametrize("status", [ImportStatus.COMPLETED, ImportStatus.FAILED])
def test_nothing_is_written_for_a_job_that_has_ended(status):
    world = staged()
    world.jobs.close_import("job", status, world.clock())
    assert world.apply("job", 0) is False
    assert world.all_contacts() == []


def test_neither_for_a_job_that_is_unknown():
    assert ImportWorld().apply("job", 0) is False


def test_a_part_that_was_never_staged_is_an_exception():
    world = staged()
    world.files.versions.pop(staged_part_key(TENANT, "job", 0))
    with pytest.raises(FileNotFoundError, match="part 0 of job job is not staged"):
        world.apply("job", 0)


def test_another_tenants_contact_of_the_same_email_is_no_duplicate():
    world = staged()
    world.add_contact("a@x.io", name="theirs")
    world.contacts._tenants["another"] = world.contacts._tenants.pop(TENANT)
    world.apply("job", 0)
    assert world.jobs.jobs["job"].counts.created == 2


class TestSegment:
    """It holds what was imported: whom the job created or updated, each once."""

    def members_after(self, strategy, **before):
        world = staged(
            [["a@x.io", "Ann", "", "", "", ""], ["A@x.io", "", "1", "", "", ""], ["b@x.io", "", "", "", "", ""]],
            duplicate_strategy=strategy,
            segment_name="VIP",
        )
        known = world.add_contact("a@x.io", **before)
        world.apply("job", 0)
        names = {c.id: "known" if c.id == known.id else c.email for c in world.all_contacts()}
        in_segment = [c.id for c in world.all_contacts() if SEGMENT in c.segments]
        return sorted(names[each] for each in world.members(SEGMENT)), sorted(names[each] for each in in_segment)

    @pytest.mark.parametrize(
        ("strategy", "members"),
        [("skip", ["b@x.io"]), ("update", ["b@x.io", "known"]), ("create", ["A@x.io", "a@x.io", "b@x.io"])],
    )
    def test_who_joins(self, strategy, members):
        assert self.members_after(strategy) == (members, members)

    def test_who_was_in_it_is_not_listed_twice(self):
        listed, in_segment = self.members_after("update", segments=(SEGMENT,))
        assert (listed, in_segment) == (["b@x.io"], ["b@x.io", "known"])
