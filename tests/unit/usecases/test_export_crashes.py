"""Whoever dies at any call of any port and is run again leads to the same end as any other: one job, one file, whole,
its number on record, its event told under one id."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from functools import partial

import pytest

from contacts.domain.export_job import ExportFile, ExportStatus
from contacts.domain.object_keys import export_key
from contacts.usecases import write_export
from tests.support.export_world import TENANT, USER, ExportWorld, check_whole, end_state
from tests.support.memory_links import ORIGIN
from tests.support.port_faults import Crash, PortFaults, When

#: More runs of a step than crashes in any of these tests.
RUNS = 5
COLUMNS = {"selected_fields": ("id", "email")}


@pytest.fixture(autouse=True)
def _progress_often(monkeypatch):
    monkeypatch.setattr(write_export, "PROGRESS_EVERY", 2)


def once(step):
    return step()


def insisting(world, faults):
    """Runs a step until it ends, each time in a fresh worker. Sweeps and clean-ups go on after a crash and tell of it:
    the next one makes up for it."""

    def insist(step):
        for _ in range(RUNS):
            try:
                if not getattr(step(), "failed", None):
                    return
            except Crash:
                pass
            world.wire(faults.wrap)
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
scenarios = pytest.mark.parametrize("scenario", SCENARIOS)


def run(scenario, crashes):
    make, act = SCENARIOS[scenario]
    world = make()
    faults = PortFaults(crashes)
    world.wire(faults.wrap)
    act(world, insisting(world, faults) if crashes else once)
    world.wire()
    return world, faults.calls


@pytest.mark.parametrize(
    ("scenario", "calls"),
    [
        ("start", {"exports.create_export", "audit.put", "runner.start_export"}),
        (
            "write after a try that died",
            {
                "exports.begin_attempt",
                "contacts.list_contacts",
                "exports.report_progress",
                "files.put_stream",
                "audit.put",
                "exports.complete_export",
                "files.list_keys",
                "files.delete",
                "events.publish",
                "exports.mark_export_announced",
            },
        ),
        ("write what has gone", {"segments.find", "exports.fail_export", "files.delete", "events.publish"}),
        ("fail", {"exports.fail_export", "files.delete", "events.publish", "exports.mark_export_announced"}),
        ("link", {"exports.find_export", "audit.put"}),
        ("clean up", {"exports.expired_exports", "files.delete", "exports.remove_export"}),
        ("sweep one that never started", {"runner.export_state", "audit.put", "runner.start_export"}),
        ("sweep a dead one", {"runner.export_state", "exports.fail_export", "files.delete", "events.publish"}),
        ("sweep one that was not announced", {"files.delete", "events.publish", "exports.mark_export_announced"}),
    ],
)
def test_what_there_is_to_break(scenario, calls):
    assert calls <= set(run(scenario, {})[1])


@scenarios
def test_a_crash_at_any_call_changes_nothing_in_the_end(scenario):
    world, calls = run(scenario, {})
    expected = end_state(world)
    for number, call in enumerate(calls):
        for when in When:
            state = end_state(run(scenario, {number: when})[0])
            assert state == expected, f"after a crash {when.value} call {number}, {call}"


@pytest.mark.parametrize("scenario", ["start", "write after a try that died", "sweep a dead one", "clean up"])
def test_two_crashes_change_nothing_either(scenario):
    world, calls = run(scenario, {})
    expected = end_state(world)
    for first, gap, two in itertools.product(range(len(calls)), range(1, len(calls)), When):
        crashes = {first: When.AFTER, first + gap: two}
        assert end_state(run(scenario, crashes)[0]) == expected, f"after crashes at {crashes}"


@scenarios
def test_delivered_again_it_changes_nothing(scenario):
    world, _ = run(scenario, {})
    expected, calls = end_state(world), len(world.events.published)
    if scenario != "clean up":
        SCENARIOS[scenario][1](world)
    else:
        world.clean_up()
    assert end_state(world) == expected
    assert len(world.events.published) == calls


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name.startswith("write") and "gone" not in name])
def test_every_contact_is_in_the_file_once(scenario):
    _, calls = run(scenario, {})
    for number in [None, *range(len(calls))]:
        for when in When:
            world, _ = run(scenario, {} if number is None else {number: when})
            job = the_job(world)
            assert (job.status, job.announced) == (ExportStatus.COMPLETED, True)
            assert sorted(check_whole(world, job)) == sorted(contact.id for contact in world.all_contacts())
            kinds = {(kind, detail["eventId"]) for kind, detail in world.events.published}
            assert kinds == {("ContactsExportCompleted", f"export-{job.id}-completed")}


def test_a_retry_sees_the_contacts_as_they_are_by_then():
    world = started()
    world.wire(PortFaults({_put_stream(started): When.AFTER}).wrap)
    with pytest.raises(Crash):
        write(world)
    world.wire()
    made = world.add_contact("late@x.io")
    write(world)
    job = the_job(world)
    assert made.id in check_whole(world, job)
    assert (job.attempt, job.total) == (2, 6)


def _put_stream(make):
    world = make()
    faults = PortFaults()
    world.wire(faults.wrap)
    write(world)
    return faults.calls.index("files.put_stream")


class TestWhatIsOnRecord:
    def test_an_export_is_on_record_before_it_can_begin(self):
        world = people()
        world.wire(PortFaults({_call(people, start, "runner.start_export"): When.BEFORE}).wrap)
        with pytest.raises(Crash):
            start(world)
        assert [(each.user, each.contacts) for each in world.audit_log.entries.values()] == [(USER, None)]
        assert world.runner.started == []

    def test_its_number_is_on_record_before_it_can_be_had(self):
        world = started()
        world.wire(PortFaults({_call(started, write, "exports.complete_export"): When.BEFORE}).wrap)
        with pytest.raises(Crash):
            write(world)
        assert [each.contacts for each in world.audit_log.entries.values()] == [5]
        assert the_job(world).file is None

    def test_a_link_is_on_record_before_it_is_answered(self):
        world = completed()
        faults = PortFaults()
        world.wire(faults.wrap)
        url = world.link(the_job(world).id, user="bob")
        assert url.startswith(f"{ORIGIN}/exports/")
        assert faults.calls[-1] == "audit.put"
        downloads = [each for each in world.audit_log.entries.values() if each.action == "download"]
        assert [(each.user, each.contacts) for each in downloads] == [("bob", 5)]
        world.wire(PortFaults({faults.calls.index("audit.put"): When.BEFORE}).wrap)
        with pytest.raises(Crash):
            world.link(the_job(world).id, user="eve", request_id="another")

    def test_a_start_that_comes_again_after_the_end_takes_no_number_away(self):
        world = completed()
        start(world)
        assert [each.contacts for each in world.audit_log.entries.values()] == [5]


def _call(make, act, name):
    world = make()
    faults = PortFaults()
    world.wire(faults.wrap)
    act(world)
    return faults.calls.index(name)


class TestStartingAgain:
    @pytest.mark.parametrize("when", When)
    def test_it_is_the_same_job_as_it_was_accepted(self, when):
        """Also where what was checked has gone meanwhile."""
        made = people()
        faults = PortFaults()
        made.wire(faults.wrap)
        segment = made.add_segment()
        expected = made.start(segment_id=segment.id)
        for number in range(len(faults.calls)):
            world = people()
            world.add_segment()
            world.wire(PortFaults({number: when}).wrap)
            with pytest.raises(Crash):
                world.start(segment_id=segment.id)
            world.wire()
            if world.all_jobs():
                world.segments.segments.clear()
                world.clock.advance(hours=1)
            job = world.start(segment_id=segment.id)
            assert (job.id, job.options) == (expected.id, expected.options)
            assert world.all_jobs() == [job]
            assert world.runner.started == [job.id]
            expires = datetime.fromisoformat(job.created_at) + timedelta(days=7)
            assert datetime.fromisoformat(job.expires_at) == expires
