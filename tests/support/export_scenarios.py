"""Exports at all stages of their lives: what is there, what is to happen, and how it is driven."""

from __future__ import annotations

from functools import partial

from contacts.domain.export_job import ExportFile
from contacts.domain.object_keys import export_key
from tests.support.export_world import TENANT, ExportWorld
from tests.support.port_faults import Crash, PortFaults

#: More runs of a step than crashes in any of these tests.
RUNS = 5
COLUMNS = {"selected_fields": ("id", "email")}


def once(step):
    return step()


def insisting(world, faults):
    """Runs a step until it ends, each time in a fresh worker."""

    def insist(step):
        for _ in range(RUNS):
            try:
                step()
            except Crash:
                world.wire(faults.wrap)
            else:
                return
        raise AssertionError("still crashing")

    return insist


def people():
    world = ExportWorld()
    for number in range(5):
        world.add_contact(f"{number}@x.io" if number % 2 else None, notes="n", customFields={f"c{number % 2}": "v"})
    world.add_contact("other@x.io", tenant="other")
    return world


def started(format_="csv", **options):
    world = people()
    world.start(format_, **COLUMNS, **options)
    return world


def abandoned(**options):
    """A try has stored its file and died; nothing else is left of it."""
    world = started(**options)
    job = the_job(world)
    world.exports.begin_attempt(job.id, world.clock())
    world.files.put(export_key(TENANT, job.id, 1, "csv"), b"id\r\nhalf of the fi")
    return world


def without_segment():
    """The segment has gone since the start, and a try has left a file."""
    world = people()
    segment = world.add_segment()
    job = world.start(**COLUMNS, segment_id=segment.id)
    world.exports.begin_attempt(job.id, world.clock())
    world.files.put(export_key(TENANT, job.id, 1, "csv"), b"id\r\n")
    world.segments.segments.clear()
    return world


def completed():
    world = started()
    world.write(the_job(world).id)
    return world


def dead():
    world = abandoned()
    world.die(the_job(world).id)
    return world


def unannounced():
    """The last worker died between the job's end and all that follows."""
    world = abandoned()
    job = world.exports.begin_attempt(the_job(world).id, world.clock())
    own = export_key(TENANT, job.id, 2, "csv")
    body = b"id\r\n" + b"".join(f"{contact.id}\r\n".encode() for contact in world.all_contacts())
    world.files.put(own, body)
    file = ExportFile(own, len(body), "none")
    world.exports.complete_export(job.id, 2, file, 5, world.clock())
    world.die(job.id)
    return world


def never_started():
    world = started()
    world.runner.started.clear()
    world.runner.states.clear()
    world.audit_log.entries.clear()
    return world


def expired():
    """A completed job, a failed one, one that never ended; each with a file."""
    world = completed()
    for seed in ("fails", "runs"):
        job = world.start(**COLUMNS, seed=seed)
        world.exports.begin_attempt(job.id, world.clock())
    failing = next(job for job in world.all_jobs() if job.attempt == 1 and job.is_open)
    world.fail(failing.id)
    for job in world.all_jobs():
        world.files.put(
            export_key(TENANT, job.id, 1, "csv"), world.files.get(export_key(TENANT, job.id, 1, "csv")) or b"x"
        )
    world.clock.advance(days=8)
    return world


def the_job(world):
    (job,) = world.all_jobs()
    return job


def start(world, step=once):
    step(partial(world.start, **COLUMNS))


def write(world, step=once):
    job = the_job(world).id
    step(lambda: world.write(job))


def fail(world, step=once):
    job = the_job(world).id
    step(lambda: world.fail(job))


def clean_up(world, step=once):
    step(lambda: world.clean_up())  # noqa: PLW0108 - a fresh worker has one of its own


def link(world, step=once):
    job = the_job(world).id
    step(lambda: world.link(job, user="bob"))


def sweep(world, step=once):
    step(lambda: world.sweep_later())  # noqa: PLW0108 - likewise


def whole_life(world, step=once):
    start(world, step)
    write(world, step)
    link(world, step)


SCENARIOS = {
    "start": (people, start),
    "write csv": (started, write),
    "write csv with custom fields": (partial(started, include_custom_fields=True), write),
    "write xlsx": (partial(started, "xlsx", include_custom_fields=True), write),
    "write json": (partial(started, "json"), write),
    "write after a try that died": (partial(abandoned, include_custom_fields=True), write),
    "write what has gone": (without_segment, write),
    "fail": (abandoned, fail),
    "link": (completed, link),
    "clean up": (expired, clean_up),
    "sweep one that never started": (never_started, sweep),
    "sweep a dead one": (dead, sweep),
    "sweep one that was not announced": (unannounced, sweep),
    "start, write and link": (people, whole_life),
}


def run(scenario, crashes):
    make, act = SCENARIOS[scenario]
    world = make()
    faults = PortFaults(crashes)
    world.wire(faults.wrap)
    act(world, insisting(world, faults) if crashes else once)
    world.wire()
    return world, faults.calls
