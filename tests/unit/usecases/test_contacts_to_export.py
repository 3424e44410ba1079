"""Which contacts an export takes, and what it asks the stores for."""

from __future__ import annotations

import pytest

from contacts.domain.collection import Collection
from contacts.domain.errors import NotFound
from contacts.domain.export_job import ExportStatus
from tests.support.export_world import TENANT, USER, ExportWorld, check_whole
from tests.support.port_faults import PortFaults

COLUMNS = {"selected_fields": ("id", "email")}
ACME = {"field": "company", "op": "equals", "value": "acme"}


def exported(world, **options):
    """The e-mails in an export."""
    job = world.written("jsonl", **COLUMNS, **options)
    by_id = {contact.id: contact.email for contact in world.all_contacts()}
    return sorted(by_id[each] for each in check_whole(world, job))


def add_collection(world, *contacts, id_="friends"):
    world.collections.create_collection(
        Collection(id=id_, tenant=TENANT, name="Friends", created_by=USER, created_at=world.clock(), editors=())
    )
    world.collections.put_items(TENANT, id_, "job", 0, [contact.id for contact in contacts])


@pytest.fixture
def world():
    """`in` and `also` are in the segment; `left` is listed and has left it; `unlisted` is in it, and no list says so.
    `in` and `left` are in the collection."""
    world = ExportWorld()
    segment = world.add_segment("seg")
    inside = world.add_contact("in@x.io", company="Acme", segments=(segment.id,))
    also = world.add_contact("also@x.io", segments=(segment.id,))
    world.add_contact("unlisted@x.io", segments=(segment.id,))
    left = world.add_contact("left@x.io", company="Acme")
    world.add_contact("other@x.io", company="Other", segments=("another",))
    world.add_contact("foreign@x.io", tenant="other", company="Acme", segments=(segment.id,))
    world.segments.put_members(TENANT, "seg", "job", 0, [inside.id, left.id, "gone", also.id])
    world.segments.put_members(TENANT, "seg", "job", 1, [inside.id])
    add_collection(world, inside, left)
    return world


@pytest.mark.parametrize(
    ("options", "emails"),
    [
        ({}, ["also", "in", "left", "other", "unlisted"]),
        ({"filters": ACME}, ["in", "left"]),
        ({"filters": {"not": ACME}}, ["also", "other", "unlisted"]),
        ({"segment_id": "seg"}, ["also", "in"]),
        ({"segment_id": "seg", "filters": ACME}, ["in"]),
        ({"collection_id": "friends"}, ["in", "left"]),
        ({"collection_id": "friends", "segment_id": "seg"}, ["in"]),
        ({"collection_id": "friends", "filters": {"not": ACME}}, []),
    ],
)
def test_who_is_meant(world, options, emails):
    assert exported(world, **options) == [f"{name}@x.io" for name in emails]


@pytest.mark.parametrize(("listed", "scanned"), [(20_000, False), (20_001, True)])
def test_a_segment_with_very_many_names_is_found_by_a_scan(world, listed, scanned):
    world.segments.put_members(TENANT, "seg", "big", 0, [f"nobody{number}" for number in range(listed - 5)])
    faults = PortFaults()
    world.wire(faults.wrap)
    assert exported(world, segment_id="seg") == (
        ["also@x.io", "in@x.io", "unlisted@x.io"] if scanned else ["also@x.io", "in@x.io"]
    )
    assert ("contacts.list_contacts" in faults.calls) is scanned
    # Whom two lists name is looked up once; 100 at a time.
    assert faults.calls.count("contacts.find_by_ids") == (0 if scanned else 200)


@pytest.mark.parametrize("members", [0, 1, 100, 101, 250])
def test_members_are_looked_up_a_hundred_at_a_time(members):
    world = ExportWorld()
    world.add_segment("seg")
    contacts = [world.add_contact(f"{number}@x.io", segments=("seg",)) for number in range(members)]
    world.segments.put_members(TENANT, "seg", "job", 0, [contact.id for contact in contacts])
    add_collection(world, *contacts)
    faults = PortFaults()
    world.wire(faults.wrap)
    assert len(exported(world, segment_id="seg")) == members
    assert len(exported(world, collection_id="friends", seed="2")) == members
    assert faults.calls.count("contacts.find_by_ids") == 2 * -(-members // 100)


@pytest.mark.parametrize("format_", ["csv", "json"])
@pytest.mark.parametrize(
    ("options", "code"),
    [({"segment_id": "seg"}, "SEGMENT_NOT_FOUND"), ({"collection_id": "friends"}, "COLLECTION_NOT_FOUND")],
)
def test_what_has_gone_since_the_start_fails_the_export_with_its_own_code(world, options, code, format_):
    job = world.start(format_, **COLUMNS, **options)
    world.segments.segments.clear()
    world.collections.collections.clear()
    assert not world.write(job.id)
    failed = world.job(job.id)
    assert (failed.status, failed.problem.code, failed.file) == (ExportStatus.FAILED, code, None)
    assert world.keys_of(job) == []
    ((kind, detail),) = world.events.published
    assert (kind, detail["errorCode"], detail["totalContacts"]) == ("ContactsExportFailed", code, None)
    assert not world.write(job.id)
    assert world.job(job.id) == failed


@pytest.mark.parametrize("options", [{"segment_id": "no"}, {"collection_id": "no"}, {"segment_id": "../x"}])
def test_what_is_not_there_is_refused_at_the_start(world, options):
    with pytest.raises(NotFound):
        world.start(**options)
    assert world.all_jobs() == []
    assert world.runner.started == []
    assert world.audit_log.entries == {}


def test_what_another_tenant_has_is_not_there(world):
    for options in ({"segment_id": "seg"}, {"collection_id": "friends"}):
        with pytest.raises(NotFound):
            world.start(tenant="other", **options)
