from __future__ import annotations

import json

import pytest

from contacts.domain.import_job import ImportStatus, RowCounts
from contacts.domain.object_keys import manifest_key, part_outcome_key, results_csv_key
from contacts.usecases.finish_import import NOT_ACCOUNTED_FOR, NOT_ALL_APPLIED, NOT_READ
from tests.support.import_world import HEADER, TENANT, ImportWorld
from tests.support.port_faults import Crash, PortFaults, When

NAMES = ("Ann Secretname", "007 12345")
ROWS = [[f"person{n}@x.io", *NAMES, "", "", ""] for n in range(30)] + [["bad", *NAMES, "", "", ""]]


def staged(rows=ROWS, parts=4, **options):
    world = ImportWorld()
    world.submit(rows, parts=parts, **options)
    world.stage("job")
    return world


def applied():
    world = staged()
    for part in world.parts():
        world.apply("job", part)
    return world


def crash_in(world, part, number, when=When.BEFORE):
    """Let the worker of a part die at its call of this number, for good."""
    faults = PortFaults({number: when})
    world.wire(faults.wrap)
    with pytest.raises(Crash):
        world.apply("job", part)
    world.wire(lambda _name, port: port)
    return faults.calls


def test_an_import_that_went_well_is_completed():
    world = staged()
    job = world.run()
    assert (job.status, job.file_error, job.announced) == (ImportStatus.COMPLETED, None, True)
    assert job.completed_at
    assert job.counts == RowCounts(created=30, skipped=1, errors=1)


@pytest.mark.parametrize(("rows", "errors"), [([], 0), ([["bad", "", "", "", "", ""]], 1)])
def test_so_is_one_with_nothing_to_import(rows, errors):
    world = staged(rows)
    job = world.run()
    assert (job.status, job.counts) == (ImportStatus.COMPLETED, RowCounts(skipped=errors, errors=errors))
    assert world.outcomes().kinds == ["error"] * errors
    assert world.errors_csv()[0][:6] == list(HEADER)


def test_a_job_that_was_never_staged_is_failed():
    world = ImportWorld()
    world.submit(ROWS)
    world.finish("job")
    job = world.jobs.jobs["job"]
    assert (job.status, job.file_error) == (ImportStatus.FAILED, NOT_READ)
    assert world.files.get(results_csv_key(TENANT, "job")) is None
    ((kind, detail),) = world.events.published
    assert (kind, detail["errorCode"], detail["totalRows"]) == ("ContactsImportFailed", "IMPORT_FAILED", 0)


def test_a_refused_file_is_announced_with_its_reason():
    world = ImportWorld()
    world.submit(ROWS, header=HEADER[1:])
    world.run()
    ((kind, detail),) = world.events.published
    assert (kind, detail["errorCode"], detail["status"]) == ("ContactsImportFailed", "MISSING_HEADER", "failed")


class TestPartsThatNeverEnded:
    def test_one_that_never_began_is_lost_and_the_others_count(self):
        world = staged()
        lost, *done = world.parts()
        for part in done:
            world.apply("job", part)
        world.finish("job")
        job = world.jobs.jobs["job"]
        kinds = world.outcomes().kinds
        assert (job.status, job.file_error) == (ImportStatus.FAILED, NOT_ALL_APPLIED)
        assert 0 < job.counts.created == kinds.count("created") == len(world.all_contacts()) < 30
        assert job.counts.processed == len(ROWS)
        reasons = [reason for kind, _, reason in world.outcomes().values() if kind == "error"]
        assert reasons.count("NOT_IMPORTED") == 30 - job.counts.created > 0
        assert {record.part for record in world.jobs.parts("job") if record.reconciled} == {lost}
        assert world.events.published[-1][1]["errorCode"] == "IMPORT_INCOMPLETE"

    def test_of_one_that_died_in_the_middle_what_it_wrote_counts(self):
        world = staged(parts=1)
        calls = crash_in(world, 0, 12)
        assert calls[-1] == "contacts.write"
        written = world.all_contacts()
        assert 0 < len(written) < 30
        world.finish("job")
        assert world.all_contacts() == written
        created = {contact_id for kind, contact_id, _ in world.outcomes().values() if kind == "created"}
        assert created == {contact.id for contact in written}
        assert world.jobs.jobs["job"].counts == RowCounts(
            created=len(written), skipped=31 - len(written), errors=31 - len(written)
        )

    def test_what_it_wrote_into_a_segment_is_listed_there(self):
        world = staged(parts=1, segment_name="VIP")
        crash_in(world, 0, 12)
        world.finish("job")
        (segment,) = world.segments.segments.values()
        assert world.members(segment.id) == sorted(contact.id for contact in world.all_contacts())

    def test_one_that_had_only_its_record_left_to_write_has_lost_nothing(self):
        world = staged(parts=1)
        assert crash_in(world, 0, 4 + 1 + 30 + 1)[-1] == "jobs.record_part"
        world.finish("job")
        assert world.jobs.jobs["job"].counts.created == 30

    def test_the_rows_it_lost_can_be_imported_from_the_list(self):
        world = staged(parts=1)
        crash_in(world, 0, 12)
        world.finish("job")
        header, failed = world.errors_csv()
        before = len(world.all_contacts())
        world.submit(failed, job_id="again", header=header)
        job = world.run("again")
        assert job.counts == RowCounts(created=30 - before, skipped=1, errors=1)
        assert len(world.all_contacts()) == 30

    @pytest.mark.parametrize("when", When)
    def test_a_crash_at_any_call_while_closing_them_changes_nothing(self, when):
        expected = calls = None
        number = 0
        while calls is None or number < len(calls):
            world = staged(ROWS[:6], parts=1, segment_name="VIP")
            crash_in(world, 0, 7)
            faults = PortFaults({number: when} if calls else {})
            world.wire(faults.wrap)
            if calls:
                with pytest.raises(Crash):
                    world.finish("job")
                number += 1
            world.finish("job")
            job = world.jobs.jobs["job"]
            found = (job.status, job.counts, job.file_error, job.announced, world.outcomes(), world.errors_csv())
            expected = expected or found
            assert found == expected
            calls = calls or faults.calls
        assert number > 10


def test_a_late_worker_can_not_change_a_job_that_was_closed_over_its_head():
    world = staged(parts=1)
    world.finish("job")
    before = world.jobs.jobs["job"], world.outcomes()
    assert world.apply("job", 0) is False
    assert (world.jobs.jobs["job"], world.outcomes()) == before
    assert world.all_contacts() == []


def test_a_row_without_an_outcome_keeps_the_job_open():
    world = staged(parts=1)
    world.apply("job", 0)
    key = part_outcome_key(TENANT, "job", 0)
    record = json.loads(world.files.get(key))
    record["outcomes"].pop()
    world.files.put(key, json.dumps(record).encode())
    with pytest.raises(LookupError, match="has no outcome"):
        world.finish("job")
    assert world.jobs.jobs["job"].is_open


def test_a_manifest_that_is_gone_keeps_the_job_open():
    world = staged()
    world.files.versions.pop(manifest_key(TENANT, "job"))
    with pytest.raises(FileNotFoundError, match="no manifest"):
        world.finish("job")
    assert world.jobs.jobs["job"].is_open


def test_an_ended_and_announced_job_is_only_looked_at():
    world = staged()
    world.run()
    faults = PortFaults()
    world.wire(faults.wrap)
    world.finish("job")
    assert faults.calls == ["jobs.find_import"]


def test_an_unknown_job_is_nobodys_to_finish():
    world = ImportWorld()
    world.finish("nothing")
    assert world.events.published == []


class TestGivingUp:
    def test_it_ends_the_job_without_its_lists(self):
        world = staged()
        world.finish.give_up("job")
        job = world.jobs.jobs["job"]
        assert (job.status, job.file_error, job.announced) == (ImportStatus.FAILED, NOT_ACCOUNTED_FOR, True)
        assert world.events.published[0][1]["errorCode"] == "IMPORT_UNACCOUNTED"

    def test_it_leaves_an_ended_job_alone(self):
        world = staged()
        before = world.run()
        world.finish.give_up("job")
        assert world.jobs.jobs["job"] == before
        assert len(world.events.published) == 1


class TestEvent:
    def test_it_carries_ids_and_counts_and_no_personal_data(self):
        world = staged(tags=("secret tag",), segment_name="secret segment")
        world.run()
        ((kind, detail),) = world.events.published
        assert kind == "ContactsImportCompleted"
        completed_at = detail.pop("completedAt")
        assert completed_at == world.jobs.jobs["job"].completed_at
        assert detail == {
            "eventId": "import-job-completed",
            "jobId": "job",
            "tenantId": TENANT,
            "status": "completed",
            "totalRows": 31,
            "importedCount": 30,
            "createdCount": 30,
            "updatedCount": 0,
            "skippedCount": 1,
            "errorCount": 1,
            "errorCode": None,
        }

    def test_neither_does_that_of_a_failure(self):
        world = ImportWorld()
        world.submit(ROWS, header=HEADER[1:])
        world.run()
        text = json.dumps(world.events.published)
        assert not [secret for secret in ("E-mail", "First", *NAMES, "people of acme", "person1") if secret in text]

    @pytest.mark.parametrize("when", When)
    def test_after_a_crash_it_goes_out_again_under_the_same_id(self, when):
        faults = PortFaults()
        world = applied()
        world.wire(faults.wrap)
        world.finish("job")
        number = faults.calls.index("events.publish")

        world = applied()
        world.wire(PortFaults({number: when}).wrap)
        with pytest.raises(Crash):
            world.finish("job")
        assert not world.jobs.jobs["job"].announced
        world.finish("job")
        world.finish("job")
        assert [detail["eventId"] for _, detail in world.events.published] == ["import-job-completed"] * (
            2 if when is When.AFTER else 1
        )
        assert world.jobs.jobs["job"].announced
