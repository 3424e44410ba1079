"""Whoever dies at any call of any port and is run again leads to the same end as any other: one job, one file, whole,
its number on record, its event told under one id."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from contacts.domain.export_job import ExportStatus
from contacts.usecases import write_export
from tests.support.export_scenarios import SCENARIOS, completed, people, run, start, started, the_job, write
from tests.support.export_world import USER, check_whole, end_state
from tests.support.memory_links import ORIGIN
from tests.support.port_faults import Crash, PortFaults, When


@pytest.fixture(autouse=True)
def _progress_often(monkeypatch):
    monkeypatch.setattr(write_export, "PROGRESS_EVERY", 2)


scenarios = pytest.mark.parametrize("scenario", SCENARIOS)


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
