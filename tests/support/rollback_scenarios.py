"""Imports that are to be rolled back: what they do, what people do afterwards, what a rollback leaves."""

from __future__ import annotations

import json

from contacts.domain.object_keys import staged_part_key
from contacts.domain.segment import segment_id
from tests.support.import_world import ID_HEADER, ID_MAPPING, TENANT
from tests.support.port_faults import Crash, PortFaults
from tests.support.rollback_world import RollbackWorld

SEGMENT = segment_id(TENANT, "VIP")
#: More runs of a step than crashes in any of these tests.
RUNS = 5
ROWS = [
    ["held@x.io", "Imported", "1", "", "", ""],
    ["edited@x.io", "Imported", "1", "", "", ""],
    ["moved@x.io", "Imported", "", "", "", ""],
    ["gone@x.io", "Imported", "", "", "", ""],
    ["new@x.io", "Imported", "", "", "", ""],
    ["NEW@x.io", "", "2", "", "", ""],
    ["new-edited@x.io", "", "", "", "", ""],
    ["bad", "", "", "", "", ""],
]
#: So many that each id or e-mail that these rows name has a part of its own.
MANY_PARTS = 257
#: The same in a tenant of whatever name.
MOST_PARTS = 65_537
STRATEGIES = ["update", "create"]
CONFLICTS = ["keep", "force", "abort"]


def insisting(world, wrap):
    """Runs a step until it ends, each time in a fresh worker."""

    def insist(step):
        for _ in range(RUNS):
            try:
                return step()
            except Crash:
                world.wire(wrap)
        raise AssertionError("still crashing")

    return insist


def world_of(strategy):
    world = RollbackWorld()
    for name in ("held", "edited", "moved", "gone"):
        world.add_contact(f"{name}@x.io", values={"firstName": "Before", "tags": ["old"]})
    world.submit(ROWS, parts=2, duplicate_strategy=strategy, tags=("t",), segment_name="VIP")
    return world


def import_all(world, insist):
    insist(lambda: world.stage("job"))
    for part in world.parts():
        insist(lambda part=part: world.apply("job", part))
    insist(lambda: world.finish("job"))


def live_on(world):
    """What people do between the import and its rollback."""
    world.edit(world.holder("edited@x.io"), firstName="By a person")
    world.edit(world.holder("moved@x.io"), email="elsewhere@x.io")
    world.add_contact("moved@x.io", name="somebody else")
    world.delete(world.holder("gone@x.io"))
    world.edit(world.holder("new-edited@x.io"), title="Dr")


def imported(strategy):
    world = world_of(strategy)
    world.run()
    live_on(world)
    return world


def end_state(world):
    job = world.jobs.jobs["job"]
    rollback = world.rollback()
    return {
        "contacts": {
            c.id: (c.values, c.segments, c.version, c.created_by, c.written_by, c.external_source)
            for c in world.all_contacts()
        },
        "status": (job.status, job.counts, rollback.status, rollback.run, rollback.mode, rollback.counts),
        "parts": sorted(key for key in world.jobs.rollback_records),
        "list": world.rollback_outcomes(),
        "members": world.members(SEGMENT),
        "segment": world.segments.find(TENANT, SEGMENT) is not None,
    }


def clean_run(strategy, on_conflict):
    world = imported(strategy)
    faults = PortFaults()
    world.wire(faults.wrap)
    world.roll_back(on_conflict=on_conflict)
    return faults.calls, end_state(world)


# ------------------------------------------------------------------------- contacts of several parts


def submit_by_id(world, rows, **options):
    """Rows of (a contact's id or empty, e-mail, first name)."""
    cells = [[contact_id, email, name, "", "", "", ""] for contact_id, email, name in rows]
    options = {"duplicate_strategy": "update", "parts": MANY_PARTS, **options}
    world.submit(cells, header=ID_HEADER, mapping=ID_MAPPING, **options)


def in_order_of_rows(world):
    """The parts of the staged import, the one with the file's first row first."""

    def first_row(part):
        return json.loads(world.files.get(staged_part_key(TENANT, "job", part)).splitlines()[0])[0]

    return sorted(world.parts(), key=first_row)


def import_across_parts(world, **options):
    """An import whose parts write the same contact, and pass e-mails on; returns what was there before, by id."""
    shared = world.add_contact("shared@x.io", values={"firstName": "Before"})
    edited = world.add_contact("edited@x.io", values={"firstName": "Before"})
    # Made with other e-mails, so that their ids and the e-mails that they have now lead to different parts.
    chain = [
        world.edit(world.add_contact(f"{name}.made@x.io", values={"firstName": "Before"}), email=f"{name}@x.io")
        for name in ("first", "second", "third")
    ]
    first, second, third = chain
    before = {contact.id: dict(contact.values) for contact in (shared, edited, *chain)}
    rows = [
        (shared.id, "shared.new@x.io", "A"),
        ("", "shared.new@x.io", "B"),
        (first.id, "elsewhere@x.io", "A"),
        (second.id, "first@x.io", "A"),
        (third.id, "second@x.io", "A"),
        ("", "third@x.io", "A"),
        (edited.id, "edited.new@x.io", "A"),
        ("", "edited.new@x.io", "B"),
    ]
    submit_by_id(world, rows, segment_name="VIP", **options)
    world.stage("job")
    for part in in_order_of_rows(world):
        world.apply("job", part)
    world.finish("job")
    return before


def across_parts():
    """The same, after which somebody edits what the import did not change."""
    world = RollbackWorld()
    import_across_parts(world)
    world.edit(world.holder("edited.new@x.io"), title="Dr")
    return world
