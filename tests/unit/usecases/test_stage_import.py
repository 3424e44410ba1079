from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from contacts.domain.column_mapping import FAILURE_COLUMNS
from contacts.domain.contact import Mark
from contacts.domain.errors import FileRejected
from contacts.domain.import_job import FileError, ImportStatus, RowCounts
from contacts.domain.object_keys import manifest_key, staged_errors_key, staged_part_key
from contacts.domain.table import TableLimits
from contacts.usecases.line_buckets import LineBuckets
from contacts.usecases.part_packing import PartBounds
from contacts.usecases.staged_lines import rows_of_lines, staged_targets
from contacts.usecases.unknown_job import UnknownJobError
from tests.support.import_world import HEADER, ID_HEADER, ID_MAPPING, TENANT, ImportWorld, open_listed_table
from tests.support.port_faults import PortFaults

GOOD = ["a@x.io", "Ann", "", "", "", ""]
BAD = ["bad", "Ann", "", "", "", ""]


def lines_of(world, key):
    return [json.loads(line) for line in world.files.get(key).splitlines()]


def staged_rows(world, part, job_id="job"):
    targets = staged_targets(world.jobs.jobs[job_id].field_mapping)
    return rows_of_lines(world.files.get(staged_part_key(TENANT, job_id, part)), targets)


def test_rows_of_one_email_stay_in_one_part_and_in_the_files_order():
    world = ImportWorld()
    emails = [f"{'pP'[n % 2]}{n % 27}@x.io" for n in range(200)]
    world.submit([[email, "", "", "", "", ""] for email in emails], parts=5)
    assert world.stage("job").decision == "apply"
    parts = {part: staged_rows(world, part) for part in world.parts()}
    assert len(parts) == 5
    part_of = {}
    for part, rows in parts.items():
        assert [each.row for each in rows] == sorted(each.row for each in rows)
        for row, values, cells, contact_id in rows:
            assert values["email"] == cells[0] == emails[row - 1]
            assert contact_id is None
            assert part_of.setdefault(values["email"].lower(), part) == part
    assert sum(map(len, parts.values())) == 200


def test_rows_of_one_id_stay_in_one_part_where_rows_of_its_first_email_are():
    world = ImportWorld()
    rows = []
    for n in range(25):
        contact_id = world.contacts.addressing(TENANT).contact_id(f"p{n}@x.io", Mark("before", 1))
        names = (["", f"p{n}@x.io"], [contact_id, ""], [contact_id, f"new{n}@x.io"], ["no id", f"P{n}@x.io"])
        rows += [[*each, f"person {n}", "", "", "", ""] for each in names]
    world.submit(rows, header=ID_HEADER, mapping=ID_MAPPING, parts=5)
    world.stage("job")
    parts = {part: staged_rows(world, part) for part in world.parts()}
    assert len(parts) == 5
    assert sum(map(len, parts.values())) == 100
    people = [Counter(row.values["firstName"] for row in staged) for staged in parts.values()]
    assert {count for each in people for count in each.values()} == {4}


@pytest.mark.parametrize(
    ("file_type", "unescape", "given", "value"),
    [
        ("csv", True, "'=1+1", "=1+1"),
        ("csv", True, "''=1+1", "'=1+1"),
        ("csv", True, "'\t", None),
        ("csv", True, "=1+1", "=1+1"),
        ("csv", True, "'tis", "'tis"),
        ("csv", True, "'+49 30 1", "'+49 30 1"),
        ("csv", False, "'=1+1", "'=1+1"),
        ("xlsx", True, "'=1+1", "'=1+1"),
        ("json", True, "'=1+1", "'=1+1"),
    ],
)
def test_a_csv_loses_its_marks_of_formulas_unless_the_options_say_not(file_type, unescape, given, value):
    world = ImportWorld()
    cells = ["'=a@x.io" if file_type == "csv" and unescape else "=a@x.io", given, "", "", "", given]
    world.submit([cells], unescape_formulas=unescape)
    world.stage._open_table = lambda source, **asked: replace(open_listed_table(source, **asked), file_type=file_type)
    world.stage("job")
    (row,) = staged_rows(world, world.parts()[0])
    fields = {"firstName": value, "customFields.b": value}
    assert row.values == {"email": "=a@x.io", **{target: value for target, value in fields.items() if value}}
    unmarked = file_type == "csv" and unescape
    assert row.cells == (["=a@x.io", value or "\t", "", "", "", value or "\t"] if unmarked else cells)


def test_the_manifest_names_the_parts_that_have_rows():
    world = ImportWorld()
    world.submit([GOOD], parts=40)
    world.stage("job")
    assert len(world.parts()) == 1
    assert world.files.get(staged_part_key(TENANT, "job", world.parts()[0]))
    assert world.jobs.jobs["job"].staged.parts == 1


def test_a_rejected_row_goes_to_the_errors_and_counts_at_once():
    world = ImportWorld()
    world.submit([BAD, GOOD, ["a@x.io"]])
    world.stage("job")
    errors = lines_of(world, staged_errors_key(TENANT, "job"))
    assert [(error["row"], error["code"], error["cells"]) for error in errors] == [
        (1, "EMAIL_INVALID", BAD),
        (3, "RAGGED_ROW", ["a@x.io"]),
    ]
    job = world.jobs.jobs["job"]
    assert (job.status, job.staged.total_rows) == (ImportStatus.PROCESSING, 3)
    assert job.counts == job.staged.rejected == RowCounts(skipped=2, errors=2)
    assert job.staged.header == HEADER


def test_the_manifest_comes_after_all_it_names():
    faults = PortFaults()
    world = ImportWorld()
    world.submit([BAD, *([f"{n}@x.io", *GOOD[1:]] for n in range(50))], parts=9, segment_name="VIP")
    stored = []
    world.wire(lambda name, port: Recorder(port, stored) if name == "files" else faults.wrap(name, port))
    world.stage("job")
    assert stored[-1] == manifest_key(TENANT, "job")
    assert len(stored) == len(world.parts()) + 3
    assert faults.calls.index("segments.ensure") < faults.calls.index("jobs.record_staged")


class Recorder:
    def __init__(self, files, stored):
        self._files = files
        self._stored = stored

    def put(self, key, body):
        self._stored.append(key)
        self._files.put(key, body)

    def put_stream(self, key, chunks):
        self._stored.append(key)
        return self._files.put_stream(key, chunks)

    def __getattr__(self, name):
        return getattr(self._files, name)


@pytest.mark.parametrize("rows", [[], [BAD, BAD]])
def test_with_nothing_to_apply_the_next_step_is_to_finish(rows):
    world = ImportWorld()
    world.submit(rows, segment_name="VIP")
    assert world.stage("job").decision == "finish"
    assert world.parts() == []
    assert world.segments.segments == {}
    assert world.jobs.jobs["job"].is_open


def test_the_segment_is_made_by_its_trimmed_name():
    world = ImportWorld()
    world.submit([GOOD], segment_name=" VIP ")
    world.stage("job")
    (segment,) = world.segments.segments.values()
    assert (segment.name, segment.made_by_job) == ("VIP", "job")


class TestFileAsAWhole:
    """A file that can't be imported ends the job, before any contact is written and without an exception."""

    def refused(self, world):
        assert world.stage("job").decision == "finish"
        job = world.jobs.jobs["job"]
        assert (job.status, job.staged, world.parts()) == (ImportStatus.FAILED, None, [])
        return job.file_error

    def test_it_is_no_longer_there(self):
        world = ImportWorld()
        world.submit([GOOD])
        world.files.versions.clear()
        assert self.refused(world).code == "FILE_MISSING"

    def test_it_is_too_large(self):
        world = ImportWorld()
        world.submit([GOOD])
        world.stage._limits = TableLimits(max_bytes=10)
        error = self.refused(world)
        assert error.code == "FILE_TOO_LARGE"
        assert "at most 10" in error.message

    def test_too_many_of_its_rows_are_about_one_contact(self):
        world = ImportWorld()
        world.submit([BAD, ["b@x.io", *GOOD[1:]], *[["A@x.io", *GOOD[1:]]] * 3], parts=2)
        world.stage._bounds = PartBounds(max_rows=2)
        error = self.refused(world)
        assert (error.code, error.field) == ("FILE_TOO_MANY_ROWS_OF_ONE_CONTACT", None)
        assert "at most 2 may be. Row 3 is the first" in error.message
        assert "@" not in error.message

    @pytest.mark.parametrize("row", [GOOD, BAD])
    def test_its_rows_are_more_than_fits_on_disk(self, row, monkeypatch):
        monkeypatch.setattr("contacts.usecases.stage_import.LineBuckets", partial(LineBuckets, buffer_bytes=100))
        world = ImportWorld()
        world.submit([row] * 30)
        world.stage._bounds = PartBounds(max_staged_bytes=1_000)
        error = self.refused(world)
        assert error.code == "FILE_EXPANDS_TOO_MUCH"
        assert "more than 1,000 bytes" in error.message

    def test_its_header_does_not_fit(self):
        world = ImportWorld()
        world.submit([GOOD], header=HEADER[:-1])
        error = self.refused(world)
        assert (error.code, error.field) == ("MISSING_HEADER", "B")

    def test_it_proves_broken_in_the_middle(self):
        world = ImportWorld()
        world.submit([GOOD])
        rejection = FileRejected("no end of the quote", code="FILE_UNTERMINATED_QUOTE", field="line 7")

        def open_broken(source, **options):
            table = open_listed_table(source, **options)

            def rows():
                yield GOOD
                raise rejection

            return replace_rows(table, rows)

        world.stage._open_table = open_broken
        assert self.refused(world) == FileError("FILE_UNTERMINATED_QUOTE", "no end of the quote", "line 7")


def replace_rows(table, rows):
    table = replace(table)
    table.rows = rows
    return table


def test_rows_of_a_contact_with_very_many_come_in_the_files_order():
    world = ImportWorld()
    rows = [[f"{n // 50}@x.io" if n % 5 else "Much@x.io", str(n), "", "", "", ""] for n in range(500)]
    world.submit(rows, duplicate_strategy="update")
    world.bounds = world.stage._bounds = PartBounds(buckets=2, rows=10, max_rows=100)
    job = world.run()
    assert (job.counts.created, job.counts.updated) == (11, 489)
    assert len(world.parts()) > 5
    names = {contact.email: contact.values["firstName"] for contact in world.all_contacts()}
    assert names == {"Much@x.io": "495", **{f"{n}@x.io": str(50 * n + 49) for n in range(10)}}


def test_parts_of_many_bytes_are_not_held_by_all_threads_at_once(monkeypatch):
    monkeypatch.setattr("contacts.usecases.stage_import._STORED_TOGETHER_BYTES", 1)
    world = ImportWorld()
    world.submit([[f"p{n}@x.io", *GOOD[1:]] for n in range(100)], parts=8)
    under_way, most = [], []

    class Slow(Recorder):
        def put(self, key, body):
            under_way.append(key)
            most.append(len(under_way))
            time.sleep(0.01)
            under_way.remove(key)
            super().put(key, body)

    world.wire(lambda name, port: Slow(port, []) if name == "files" else port)
    world.stage("job")
    assert len(world.parts()) == 8
    assert max(most) == 1


def test_what_a_worker_has_on_disk_goes_with_it_however_it_ends(monkeypatch, tmp_path):
    """It is a tenant's data: nothing of it may have a name under which the next worker could find it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("contacts.usecases.stage_import.LineBuckets", partial(LineBuckets, buffer_bytes=10))
    world = ImportWorld()
    world.submit([GOOD, BAD, GOOD])
    found, stored = [], []

    class LookedAt(Recorder):
        def put_stream(self, key, chunks):
            found.extend(tmp_path.iterdir())
            return super().put_stream(key, chunks)

    world.wire(lambda name, port: LookedAt(port, stored) if name == "files" else port)
    world.stage("job")
    assert stored
    assert found == []


def test_the_version_found_at_the_start_is_the_one_that_is_read():
    world = ImportWorld()
    world.submit([GOOD])
    key = world.jobs.jobs["job"].file_key

    class UploadedOverMeanwhile(Recorder):
        def info(self, asked):
            found = self._files.info(asked)
            self._files.put(key, b"something else")
            return found

    world.wire(lambda name, port: UploadedOverMeanwhile(port, []) if name == "files" else port)
    world.stage("job")
    assert world.jobs.jobs["job"].staged.upload_version == "v1"
    assert world.jobs.jobs["job"].staged.total_rows == 1


def test_what_is_staged_is_not_read_again():
    world = ImportWorld()
    world.submit([GOOD])
    world.stage("job")
    faults = PortFaults()
    world.wire(faults.wrap)
    assert world.stage("job").decision == "apply"
    assert faults.calls == ["jobs.start_processing"]


def test_an_ended_job_has_nothing_to_stage():
    world = ImportWorld()
    world.submit([GOOD])
    world.jobs.close_import("job", ImportStatus.FAILED, world.clock())
    assert world.stage("job").decision == "finish"
    assert world.parts() == []


def test_an_unknown_job_is_an_exception():
    with pytest.raises(UnknownJobError, match="no job nothing"):
        ImportWorld().stage("nothing")


@pytest.mark.parametrize("email", ["a@x.io", "bad"])
def test_half_a_surrogate_pair_is_an_error_of_its_row_alone(email):
    world = ImportWorld()
    world.submit([GOOD, [email, "half \ud800", "", "", "", ""]])
    world.stage("job")
    (error,) = lines_of(world, staged_errors_key(TENANT, "job"))
    assert (error["row"], error["code"], error["cells"][:2]) == (2, "TEXT_INVALID", [email, "half ?"])


def test_what_is_no_text_in_a_list_of_failed_rows_is_listed_again_in_the_files_own_columns():
    world = ImportWorld()
    row = ["a@x.io", "half \ud800", "", "", "", "", "7", "TEXT_INVALID", "no"]
    world.submit([row], header=(*HEADER, *FAILURE_COLUMNS))
    world.stage("job")
    (error,) = lines_of(world, staged_errors_key(TENANT, "job"))
    assert (error["code"], error["cells"]) == ("TEXT_INVALID", ["a@x.io", "half ?", "", "", "", ""])


def test_a_list_of_failed_rows_is_staged_in_the_files_own_columns():
    world = ImportWorld()
    world.submit([[*GOOD, "7", "EMAIL_INVALID", "no"], [*BAD, "8", "X", "y"]], header=(*HEADER, *FAILURE_COLUMNS))
    world.stage("job")
    assert world.jobs.jobs["job"].staged.header == HEADER
    ((_, _, cells, _),) = staged_rows(world, 0)
    (error,) = lines_of(world, staged_errors_key(TENANT, "job"))
    assert (cells, error["cells"]) == (GOOD, BAD)
