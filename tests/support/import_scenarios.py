"""Imports in which something is to break: what is there before, what comes in, how it is driven, what it leaves."""

from __future__ import annotations

from dataclasses import replace

from contacts.domain.object_keys import errors_csv_key, errors_key, results_csv_key
from contacts.domain.segment import segment_id
from tests.support.import_world import ID_HEADER, ID_MAPPING, TENANT, ImportWorld
from tests.support.port_faults import Crash, PortFaults

STRATEGIES = ["skip", "update", "create"]
#: Besides, rows that name contacts by id: they change an e-mail, or want one that is taken.
CASES = [*STRATEGIES, "update by id"]
SEGMENT = segment_id(TENANT, "VIP")
ROWS = [
    ["held@x.io", "Imported", "", "", "", ""],
    ["new@x.io", "Imported", "", "", "", ""],
    ["NEW@x.io", "", "2", "", "", ""],
    ["bad", "", "", "", "", ""],
    ["same@x.io", "Same", "", "", "", ""],
    ["other@x.io", "", "", "", "", ""],
    ["full@x.io", "", "", "€" * 14_000, "", "€" * 4_000],
]
#: More runs of a step than crashes in any of these tests.
RUNS = 4


def world_of(strategy, wrap=lambda _name, port: port, *, rows=ROWS, parts=3):
    world = ImportWorld()
    held = world.add_contact("held@x.io", values={"company": "kept"})
    same = world.add_contact("same@x.io", values={"firstName": "Same", "tags": ["t"]}, segments=(SEGMENT,))
    full = world.add_contact("full@x.io", values={"customFields": {"a": "€" * 4_000}})
    common = {"parts": parts, "tags": ("t",), "segment_name": "VIP"}
    if strategy == "update by id":
        twin = world.add_contact("same@x.io", name="twin")
        nameless = world.add_contact(None, values={"notes": "kept"})
        rows = [
            [held.id, "moved@x.io", "Imported", "", "", "", ""],
            ["", "moved@x.io", "", "2", "", "", ""],
            [twin.id, "", "Imported", "", "", "", ""],
            [nameless.id, "named@x.io", "", "", "", "", ""],
            [full.id, "same@x.io", "", "", "", "", ""],
            ["gone" * 9, "new@x.io", "Imported", "", "", "", ""],
            [same.id, "", "Same", "", "", "", ""],
        ]
        world.submit(rows, header=ID_HEADER, mapping=ID_MAPPING, duplicate_strategy="update", **common)
    else:
        world.submit(rows, duplicate_strategy=strategy, **common)
    world.wire(wrap)
    return world


def insist(step, world, wrap):
    """Run a step until it ends, each time in a fresh worker."""
    for _ in range(RUNS):
        try:
            return step()
        except Crash:
            world.wire(wrap)
    raise AssertionError("still crashing")


def drive(world, wrap):
    insist(lambda: world.stage("job"), world, wrap)
    for part in world.parts():
        insist(lambda part=part: world.apply("job", part), world, wrap)
    insist(lambda: world.finish("job"), world, wrap)


def without_times(contact):
    return replace(contact, created_at="", updated_at="")


def end_state(world):
    """All that an import leaves. Times are left out: a retry takes its own, unless a plan gives it the first one's."""
    job = world.jobs.jobs["job"]
    return {
        "contacts": {c.id: without_times(c) for c in world.all_contacts()},
        "held": {e: c.id for e, c in world.contacts.find_by_emails(TENANT, ["held@x.io", "new@x.io"]).items()},
        "job": replace(job, changed_at="", started_at="", completed_at=""),
        "parts": {key: record for key, (record, _) in world.jobs.records.items()},
        "lists": [world.files.get(key(TENANT, "job")) for key in (results_csv_key, errors_csv_key, errors_key)],
        "members": world.members(SEGMENT),
        "events": {(kind, detail["eventId"], detail["importedCount"]) for kind, detail in world.events.published},
    }


def clean_run(strategy):
    faults = PortFaults()
    world = world_of(strategy, faults.wrap)
    drive(world, faults.wrap)
    return faults.calls, end_state(world)
