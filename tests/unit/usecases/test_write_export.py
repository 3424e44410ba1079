"""What is in the file of an export, and what the job tells of it."""

from __future__ import annotations

import pytest

from contacts.domain.export_job import ExportStatus
from contacts.usecases import write_export
from tests.support.export_world import ExportWorld, check_whole, rows_in


@pytest.fixture
def world():
    world = ExportWorld()
    for number in range(5):
        world.add_contact(f"{number}@x.io", customFields={f"c{number}": "v"}, engagement={"opens": number})
    return world


def test_the_job_shows_how_far_it_is(world, monkeypatch):
    monkeypatch.setattr(write_export, "PROGRESS_EVERY", 2)
    told = []

    class Noting:
        def __getattr__(self, name):
            return getattr(world.exports, name)

        def report_progress(self, *args):
            told.append((args[:3], world.job(args[0]).processed))
            return world.exports.report_progress(*args)

    world.wire(lambda name, port: Noting() if name == "exports" else port)
    job = world.written()
    assert told == [((job.id, 1, 2), 0), ((job.id, 1, 4), 2)]
    assert (job.processed, job.total) == (5, 5)


@pytest.mark.parametrize("format_", ["csv", "xlsx", "json", "jsonl"])
def test_a_tenant_without_contacts_gets_a_file_without_any(format_):
    world = ExportWorld()
    world.add_contact("a@x.io", tenant="other")
    job = world.written(format_, include_custom_fields=True)
    assert (job.status, job.total) == (ExportStatus.COMPLETED, 0)
    assert check_whole(world, job) == []


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_every_custom_field_has_a_column_and_so_have_the_metrics(world, format_):
    job = world.written(
        format_, selected_fields=("email",), include_custom_fields=True, include_engagement_metrics=True
    )
    rows = rows_in(world.body(job), job.options.format)
    metrics = ["engagement.emailsSent", "engagement.opens", "engagement.clicks", "engagement.lastEngagedAt"]
    assert list(rows[0]) == ["email", *metrics, *(f"customFields.c{number}" for number in range(5))]
    found = {row["email"]: (str(row["engagement.opens"]), row["customFields.c1"] or "") for row in rows}
    assert found == {f"{number}@x.io": (str(number), "v" if number == 1 else "") for number in range(5)}


@pytest.mark.parametrize(("format_", "columns", "fails"), [("xlsx", 8, True), ("xlsx", 9, False), ("csv", 8, False)])
def test_more_columns_than_a_sheet_has_are_refused_and_the_job_says_so(world, monkeypatch, format_, columns, fails):
    monkeypatch.setattr(write_export, "MAX_SHEET_COLUMNS", columns)
    job = world.start(format_, selected_fields=("id", "email", "phone", "notes"), include_custom_fields=True)
    assert world.write(job.id) is not fails
    job = world.job(job.id)
    if fails:
        assert (job.status, job.problem.code) == (ExportStatus.FAILED, "TOO_MANY_COLUMNS")
        assert "9 columns" in job.problem.message
        assert world.keys_of(job) == []
    else:
        assert len(check_whole(world, job)) == 5


def test_a_byte_order_mark_for_excel(world):
    assert world.body(world.written(byte_order_mark=True)).startswith(b"\xef\xbb\xbfemail,")
    assert world.body(world.written(seed="2")).startswith(b"email,")


def test_names_of_unknown_and_of_ended_jobs_write_nothing(world):
    assert not world.write("nobody")
    job = world.written()
    before = world.body(job)
    assert not world.write(job.id)
    assert world.job(job.id) == job
    assert world.body(job) == before
