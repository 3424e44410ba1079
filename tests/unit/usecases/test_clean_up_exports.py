"""What has expired goes, file and job, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from contacts.domain.errors import InvalidRequest, NotFound
from contacts.domain.export_job import ExportFormat, ExportJob, ExportOptions, ExportStatus
from contacts.domain.object_keys import export_key
from contacts.ports import NotDeleted
from contacts.usecases.clean_up_exports import CleanUpReport
from contacts.usecases.link_export import Expired
from tests.support.export_world import TENANT, ExportWorld, unwrapped

EARLY = timedelta(milliseconds=1)


def world_with(*seeds):
    """A world with a completed export for each seed, an hour apart."""
    world = ExportWorld()
    world.add_contact("a@x.io")
    for seed in seeds:
        world.written(seed=seed)
        world.clock.advance(hours=1)
    return world, world.all_jobs()


def at(moment, *, off=timedelta()):
    return (datetime.fromisoformat(moment) + off).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def keys(world):
    return list(world.files.list_keys(""))


def test_an_export_goes_when_its_week_is_over_and_not_a_millisecond_before():
    world, (first, second) = world_with("first", "second")
    world.set_clock(at(first.expires_at, off=-EARLY))
    assert world.clean_up() == CleanUpReport()
    assert keys(world) == sorted([first.file.key, second.file.key])
    world.set_clock(first.expires_at)
    assert world.clean_up() == CleanUpReport(jobs=1, files=1)
    assert (world.all_jobs(), keys(world)) == ([second], [second.file.key])
    world.set_clock(second.expires_at)
    assert world.clean_up() == CleanUpReport(jobs=1, files=1)
    assert (world.all_jobs(), keys(world)) == ([], [])
    assert world.clean_up() == CleanUpReport()


def test_a_download_is_refused_from_expiry_on_and_the_job_is_unknown_once_it_is_removed():
    world, (job,) = world_with("seed")
    world.set_clock(at(job.expires_at, off=-EARLY))
    assert job.file.key in world.link(job.id)
    world.set_clock(job.expires_at)
    with pytest.raises(Expired):
        world.link(job.id)
    world.clean_up()
    with pytest.raises(NotFound):
        world.link(job.id)
    assert len([each for each in world.audit_log.entries.values() if each.action == "download"]) == 1


def test_failed_exports_go_too_and_what_their_tries_have_left():
    world = ExportWorld()
    job = world.start()
    world.exports.begin_attempt(job.id, world.clock())
    assert world.fail(job.id)
    left = export_key(TENANT, job.id, 1, "csv")
    world.files.put(left, b"of a worker that nobody knew of")
    with pytest.raises(InvalidRequest, match="failed"):
        world.link(job.id)
    world.clock.advance(days=8)
    assert world.clean_up() == CleanUpReport(jobs=1, files=1)
    assert (world.all_jobs(), keys(world)) == ([], [])


@pytest.mark.parametrize("begun", [False, True])
def test_one_that_runs_is_left_alone_and_told_of(begun):
    world = ExportWorld()
    job = world.start()
    if begun:
        world.exports.begin_attempt(job.id, world.clock())
        world.files.put(export_key(TENANT, job.id, 1, "csv"), b"id\r\n")
    before = (world.all_jobs(), keys(world))
    world.clock.advance(days=8)
    assert world.clean_up() == CleanUpReport(running=1)
    assert (world.all_jobs(), keys(world)) == before
    assert world.write(job.id)
    assert world.clean_up() == CleanUpReport(jobs=1, files=1)


def test_a_dry_run_tells_all_that_and_touches_nothing():
    world, jobs = world_with("first", "second")
    running = world.start(seed="runs")
    world.clock.advance(days=8)
    calls = []

    class Watched:
        def __init__(self, name, port):
            self._name, self._port = name, port

        def __getattr__(self, method):
            calls.append(f"{self._name}.{method}")
            return getattr(self._port, method)

    world.wire(Watched)
    assert world.clean_up(dry_run=True) == CleanUpReport(jobs=2, files=2, running=1)
    assert set(calls) == {"exports.expired_exports", "exports.find_export", "files.list_keys"}
    assert world.all_jobs() == [*jobs, running]
    assert world.clean_up() == CleanUpReport(jobs=2, files=2, running=1)


def test_an_object_that_will_not_go_keeps_its_job_and_stops_no_other():
    world, jobs = world_with("first", "second", "third")
    stuck = jobs[1]
    world.clock.advance(days=8)

    class Stubborn:
        def __getattr__(self, name):
            return getattr(world.files, name)

        def delete(self, keys):
            if stuck.file.key in keys:
                raise NotDeleted("the bucket kept 1 of 1 objects: InternalError")
            world.files.delete(keys)

    world.wire(lambda name, port: Stubborn() if name == "files" else port)
    assert world.clean_up() == CleanUpReport(jobs=2, files=2, failed=[stuck.id])
    assert [(job_id, type(error)) for job_id, error in world.errors] == [(stuck.id, NotDeleted)]
    assert (world.all_jobs(), keys(world)) == ([stuck], [stuck.file.key])
    world.wire(unwrapped)
    assert world.clean_up() == CleanUpReport(jobs=1, files=1)
    assert (world.all_jobs(), keys(world)) == ([], [])


def test_a_list_that_lags_behind_removes_nothing_that_has_not_expired():
    """The index tells of a job that is gone, and of one whose expiry it has wrong."""
    world, (job,) = world_with("seed")

    class Lagging:
        def __getattr__(self, name):
            return getattr(world.exports, name)

        def expired_exports(self, now):
            yield from ("gone", job.id)

    world.wire(lambda name, port: Lagging() if name == "exports" else port)
    assert world.clean_up() == CleanUpReport()
    assert (world.all_jobs(), keys(world)) == ([job], [job.file.key])


def test_any_number_of_them_goes_in_one_run():
    world = ExportWorld()
    now = world.clock()
    expires = at(now, off=timedelta(days=7))
    job = ExportJob(
        id="",
        tenant="",
        created_by="ann",
        created_at=now,
        changed_at=now,
        expires_at=expires,
        options=ExportOptions(format=ExportFormat.CSV),
        status=ExportStatus.FAILED,
    )
    for number in range(2_500):
        made = replace(job, id=f"job{number}", tenant=f"tenant{number % 7}")
        assert world.exports.create_export(made)
        world.files.put(export_key(made.tenant, made.id, 1, "csv"), b"")
    young = replace(job, id="young", tenant=TENANT, expires_at=at(expires, off=timedelta(days=1)))
    world.exports.create_export(young)
    world.set_clock(expires)
    assert world.clean_up() == CleanUpReport(jobs=2_500, files=2_500)
    assert (world.all_jobs(), keys(world)) == ([young], [])
