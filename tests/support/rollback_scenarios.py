"""Imports that are to be rolled back: what they do, what people do afterwards, what a rollback leaves."""

from __future__ import annotations

from contacts.domain.segment import segment_id
from tests.support.import_world import TENANT
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
