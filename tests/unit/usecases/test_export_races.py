"""Several hands at one export at once: one of them completes it, and no other leaves anything."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain.export_job import ExportStatus
from contacts.usecases import write_export
from tests.support.export_world import ExportWorld, check_whole
from tests.support.port_faults import wrap_calls
from tests.support.turns import Turns

choices = st.lists(st.integers(0, 2), max_size=60)
racing = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
COLUMNS = {"selected_fields": ("id", "email")}


@pytest.fixture(autouse=True, scope="module")
def _progress_often():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write_export, "PROGRESS_EVERY", 3)
        yield


def people():
    world = ExportWorld()
    for number in range(5):
        world.add_contact(f"{number}@x.io", customFields={"c": "v"})
    return world


def started(**options):
    world = people()
    return world, world.start(**COLUMNS, **options).id


def race(world, choices, **workers):
    turns = Turns(choices)
    world.wire(turns.wrap)
    turns.run(workers)
    world.wire()


def event_ids(world):
    return {(kind, detail["eventId"], detail["totalContacts"]) for kind, detail in world.events.published}


@racing
@given(choices=choices, custom_fields=st.booleans())
def test_two_workers_at_once_while_contacts_are_added(choices, custom_fields):
    """Their files differ: the job's numbers, and those on record, are those of the file that it took."""
    world, job_id = started(include_custom_fields=custom_fields)
    before = {contact.id for contact in world.all_contacts()}
    results = []
    turns = Turns(choices)

    def person():
        asked = turns.wrap("contacts", world.contacts)
        for number in range(4):
            asked.find_by_emails("acme", [])  # takes a turn
            world.add_contact(f"late{number}@x.io")

    world.wire(turns.wrap)
    turns.run(
        {
            "one": lambda: results.append(world.write(job_id)),
            "two": lambda: results.append(world.write(job_id)),
            "person": person,
        }
    )
    world.wire()
    job = world.job(job_id)
    assert sorted(results) == [False, True]
    assert (job.status, job.announced) == (ExportStatus.COMPLETED, True)
    assert before <= set(check_whole(world, job))
    assert event_ids(world) == {("ContactsExportCompleted", f"export-{job_id}-completed", job.total)}


def test_a_worker_that_is_overtaken_stops_soon_and_leaves_no_file():
    world, job_id = started()
    calls = []
    seen = itertools.count()

    def overtaken_once(name, port):
        return _Spy(port, calls, lambda: next(seen) == 0 and world.exports.begin_attempt(job_id, world.clock()))

    world.wire(lambda name, port: overtaken_once(name, port) if name == "contacts" else port)
    assert not world.write(job_id)
    assert len(calls) == 2, "it went on reading after it was told that a later try is at it"
    assert list(world.files.list_keys("exports/")) == []
    assert world.job(job_id).is_open
    assert world.events.published == []


class _Spy:
    """Notes the pages that a scan asks for, and does something else at each."""

    def __init__(self, contacts, calls, at_each):
        self._contacts = contacts
        self._calls = calls
        self._at_each = at_each

    def list_contacts(self, *args, **kwargs):
        self._calls.append(args)
        self._at_each()
        return self._contacts.list_contacts(*args, **kwargs)


@pytest.mark.parametrize("call", ["files.put_stream", "audit.put", "exports.complete_export"])
def test_a_worker_that_comes_too_late_removes_its_file_and_no_other(call):
    """Between its last contact and its end another one does all of the work."""
    world, job_id = started()
    overtaken = []

    def overtake(name, method, *args, **kwargs):
        if name == call and not overtaken:
            overtaken.append(name)
            if name == "files.put_stream":
                args = (args[0], list(args[1]))
            world.wire()
            assert world.write(job_id)
        return method(*args, **kwargs)

    world.wire(lambda name, port: wrap_calls(name, port, overtake))
    late = world.write
    assert not late(job_id)
    job = world.job(job_id)
    assert job.attempt == 2
    check_whole(world, job)
    assert [kind for kind, _ in world.events.published] == ["ContactsExportCompleted"]


@racing
@given(choices=choices)
def test_a_worker_and_the_end_of_its_export(choices):
    """A fail step that runs while a worker still writes: whichever is first, all agree."""
    world, job_id = started()
    results = {}
    race(
        world,
        choices,
        worker=lambda: results.update(written=world.write(job_id)),
        end=lambda: results.update(failed=world.fail(job_id)),
    )
    job = world.job(job_id)
    assert job.announced
    assert results == {"written": job.file is not None, "failed": job.file is None}
    if job.file is not None:
        check_whole(world, job)
        assert event_ids(world) == {("ContactsExportCompleted", f"export-{job_id}-completed", 5)}
    else:
        assert (job.status, job.problem.code) == (ExportStatus.FAILED, "EXPORT_FAILED")
        assert world.keys_of(job) == []
        assert event_ids(world) == {("ContactsExportFailed", f"export-{job_id}-failed", None)}


@racing
@given(choices=choices)
def test_the_same_request_twice_at_once_and_the_worker_that_the_first_one_starts(choices):
    world = people()
    answers = []

    def worker():
        for _ in range(2):
            for job in list(world.all_jobs()):
                world.write(job.id)

    request = lambda: answers.append(world.start(**COLUMNS))  # noqa: E731
    race(world, choices, one=request, two=request, worker=worker)
    (job,) = world.all_jobs()
    assert {answer.id for answer in answers} == {job.id}
    assert world.runner.started == [job.id]
    if job.is_open:
        assert world.write(job.id)
    check_whole(world, world.job(job.id))


@racing
@given(choices=choices)
def test_two_clean_ups(choices):
    world = people()
    jobs = [world.written(seed=str(number), **COLUMNS) for number in range(3)]
    world.clock.advance(days=8)
    race(world, choices, one=world.clean_up, two=world.clean_up)
    assert world.errors == []
    assert world.all_jobs() == []
    assert [key for job in jobs for key in world.keys_of(job)] == []
