from __future__ import annotations

import csv
import io
import random
import tempfile
import tracemalloc
from collections.abc import Iterator
from typing import IO

import orjson
import pytest

from contacts.domain.column_mapping import FAILURE_COLUMNS, OVERFLOW_COLUMN, lay_out
from contacts.domain.contact_fields import is_custom_field_name
from contacts.domain.formula_marks import mark
from contacts.domain.object_keys import errors_csv_key, errors_key, part_outcome_key, results_csv_key
from contacts.domain.rows import Outcome, RowOutcome
from contacts.domain.table import TableLimits
from contacts.tabular.open_table import open_table
from contacts.usecases.import_results import OutcomeTable
from contacts.usecases.row_lists import csv_lines
from tests.support.import_world import HEADER, TENANT, ImportWorld, ListedTable

ID = "i" * 36


@pytest.fixture
def file() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as opened:
        yield opened


def put(table: OutcomeTable, outcome: RowOutcome) -> None:
    table.set(outcome.row, outcome.outcome.value, outcome.contact_id, outcome.reason)


def read(table: OutcomeTable) -> list[RowOutcome]:
    """The list's lines as what they tell."""
    header, *lines = csv.reader(io.StringIO(b"".join(table.csv()).decode(), newline=""))
    assert header == ["row", "contactId", "outcome", "reason"]
    return [RowOutcome(int(row), Outcome(outcome), contact_id, reason) for row, contact_id, outcome, reason in lines]


def test_outcomes_set_in_any_order_come_in_the_files(file: IO[bytes]):
    outcomes = [
        RowOutcome(1, Outcome.CREATED, ID),
        RowOutcome(2, Outcome.UPDATED, "j" * 36),
        RowOutcome(3, Outcome.SKIPPED, ID, "DUPLICATE"),
        RowOutcome(4, Outcome.ERROR, "", "EMAIL_INVALID"),
    ]
    table = OutcomeTable(4, file)
    for outcome in random.Random(1).sample(outcomes, 4):
        put(table, outcome)
    assert read(table) == outcomes


@pytest.mark.parametrize("rows", [2_048, 2_049, 5_000])
def test_outcomes_of_more_rows_than_are_read_at_once(rows: int, file: IO[bytes]):
    outcomes = [RowOutcome(row, Outcome.CREATED, f"{row:036}") for row in range(1, rows + 1)]
    table = OutcomeTable(rows, file)
    for outcome in random.Random(rows).sample(outcomes, rows):
        put(table, outcome)
    assert read(table) == outcomes


def test_the_last_of_two_outcomes_of_a_row_holds(file: IO[bytes]):
    """A part that is gathered again after a crash says the same again."""
    table = OutcomeTable(2_000, file)
    for contact_id in ("i" * 36, "j" * 36):
        for row in range(1, 2_001):
            put(table, RowOutcome(row, Outcome.CREATED, contact_id))
    assert read(table) == [RowOutcome(row, Outcome.CREATED, "j" * 36) for row in range(1, 2_001)]


def test_outcomes_of_many_rows_are_not_in_memory(file: IO[bytes]):
    rows = 50_000
    table = OutcomeTable(rows, file)
    tracemalloc.start()
    try:
        for row in range(1, rows + 1):
            put(table, RowOutcome(row, Outcome.CREATED, ID))
        assert sum(block.count(b"\n") for block in table.csv()) == rows + 1
        assert tracemalloc.get_traced_memory()[1] < rows * 36 / 2  # half of the ids alone
    finally:
        tracemalloc.stop()


def test_a_row_without_an_outcome_is_an_error_of_ours(file: IO[bytes]):
    table = OutcomeTable(2, file)
    put(table, RowOutcome(1, Outcome.CREATED, ID))
    with pytest.raises(LookupError, match="row 2 has no outcome"):
        list(table.csv())


def test_the_list_of_failed_rows_gives_every_cell_back():
    world = ImportWorld()
    odd = ["bad", 'quote " and\r\nbreak', " blanks ", "=1+1", "é€😀", "a,b;c"]
    too_wide = ["a@x.io", "", "", "", "", "", "more", ""]
    world.submit([odd, too_wide, ["b@x.io"], ["ok@x.io", "", "", "", "", ""]])
    world.run()
    header, rows = world.errors_csv()
    assert header == [*HEADER, OVERFLOW_COLUMN, OVERFLOW_COLUMN, *FAILURE_COLUMNS]
    assert [row[:-1] for row in rows] == [
        ["bad", *odd[1:3], "'=1+1", *odd[4:], "", "", "1", "EMAIL_INVALID"],
        [*too_wide, "2", "RAGGED_ROW"],
        ["b@x.io", *[""] * 7, "3", "RAGGED_ROW"],
    ]
    assert all(row[-1] for row in rows)


@pytest.mark.parametrize("header", [("E-mail",), ("E-mail", "a;b", "c\td", "e|f"), ("E-mail", "", "x")])
def test_the_reader_of_uploads_reads_the_list_as_it_is_meant(header):
    world = ImportWorld()
    width = len(header)
    rows = [["bad;1", *["x;y;z"] * (width - 1)], ["bad\t2", *["line\nbreak"] * (width - 1)], ["=bad", *["é"] * width]]
    world.submit(rows, header=header, mapping={"E-mail": "email"})
    world.run()
    body = world.files.get(errors_csv_key(TENANT, "job"))
    table = open_table(io.BytesIO(body), size=len(body), file_name="x.csv", file_type=None, columns=("E-mail",))
    assert (list(table.header), list(table.rows())) == world.errors_csv()


def test_a_file_with_a_nameless_column_can_be_corrected_and_imported_again():
    world = ImportWorld()
    header = (*HEADER, "")
    world.submit([["bad", "", "", "", "", "", "said nothing of"]], header=header)
    world.run()
    header_again, rows = world.errors_csv()
    rows[0][0] = "good@x.io"
    world.submit(rows, job_id="again", header=header_again)
    assert world.run("again").counts.created == 1


def test_every_row_of_a_long_file_has_its_line():
    world = ImportWorld()
    world.submit([[f"{n % 4_500}@x.io" if n % 50 else "bad", "", "", "", "", ""] for n in range(4_700)], parts=5)
    job = world.run(order=random.Random(3))
    outcomes = world.outcomes()
    assert len(outcomes) == 4_700
    assert (job.counts.created, job.counts.errors) == (4_410, 94)
    lines = world.files.get(errors_key(TENANT, "job")).splitlines()
    assert [orjson.loads(line)["row"] for line in lines] == list(range(1, 4_700, 50))
    assert [orjson.loads(line)["row"] for line in lines] == [int(row[-3]) for row in world.errors_csv()[1]]
    # A row has up to 4 MB of cells, and people page through this list.
    assert not any("cells" in orjson.loads(line) for line in lines)


def test_a_part_without_outcomes_keeps_the_job_open():
    world = ImportWorld()
    world.submit([["a@x.io", "", "", "", "", ""]])
    world.stage("job")
    world.apply("job", 0)
    world.files.versions.pop(part_outcome_key(TENANT, "job", 0))
    with pytest.raises(FileNotFoundError, match="part 0 of job job has no outcomes"):
        world.finish("job")
    assert world.jobs.jobs["job"].is_open


def test_the_lists_are_valid_csv_for_strict_readers():
    world = ImportWorld()
    world.submit([["bad\r", "lone\rCR", "", "", "", '"']])
    world.run()
    body = world.files.get(errors_csv_key(TENANT, "job")).decode()
    assert list(csv.reader(io.StringIO(body, newline=""), strict=True))[1][:6] == ["bad\r", "lone\rCR", "", "", "", '"']


@pytest.mark.parametrize(
    ("file_type", "unescape", "given", "value"),
    [
        ("csv", True, "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("csv", True, "'=1+1", "=1+1"),
        ("csv", True, "''=1+1", "'=1+1"),
        ("csv", True, "x;=HYPERLINK(0);y", "x;=HYPERLINK(0);y"),
        ("csv", True, "x;'=HYPERLINK(0);y", "x;=HYPERLINK(0);y"),
        ("csv", True, "+49 30 1", "+49 30 1"),
        ("csv", False, "=1+1", "=1+1"),
        ("csv", False, "'=1+1", "'=1+1"),
        ("xlsx", True, "=1+1", "=1+1"),
        ("xlsx", True, "'=1+1", "'=1+1"),
        ("xlsx", False, "'=1+1", "'=1+1"),
        ("json", True, "=1+1", "=1+1"),
        ("json", False, "'=1+1", "'=1+1"),
    ],
)
def test_failed_rows_are_inert_and_come_back_with_their_values(file_type, unescape, given, value, monkeypatch):
    """The list is for spreadsheets: whatever the file was, its cells are marked, and an import takes the marks off."""
    # Of a dataclass, what a new table has where nothing is said.
    monkeypatch.setattr(ListedTable.__init__, "__defaults__", (file_type,))
    world = ImportWorld()
    header = (*HEADER, "=unmapped")
    world.submit([["bad", given, "", "", "", "", given]], header=header, unescape_formulas=unescape)
    world.run()
    # Failed again, corrected after that, and imported with the options of the first time.
    monkeypatch.setattr(ListedTable.__init__, "__defaults__", ("csv",))
    for previous, job_id in (("job", "again"), ("again", "corrected")):
        listed_header, (row,) = world.errors_csv(previous)
        assert (listed_header[6], row[1], row[6]) == ("'=unmapped", mark(value), mark(value))
        cells = [f"{job_id}@x.io" if job_id == "corrected" else "still bad", *row[1:]]
        world.submit([cells], job_id=job_id, header=listed_header, unescape_formulas=unescape)
        world.run(job_id)
    (contact,) = world.all_contacts()
    assert contact.values["firstName"] == value


def test_the_lists_of_results_hold_nothing_that_could_be_a_formula():
    """Ids, numbers and codes of ours; a custom field's name, which a rollback's list has, begins with a prefix."""
    world = ImportWorld()
    world.submit([["=bad", "=1", "", "", "", "=2"], ["=ok@x.io", "=1", "", "", "", "=2"]])
    world.run()
    body = world.files.get(results_csv_key(TENANT, "job")).decode()
    cells = [cell for row in csv.reader(io.StringIO(body, newline="")) for cell in row]
    assert cells == [mark(cell) for cell in cells]
    assert not is_custom_field_name("a;b")
    assert not is_custom_field_name("a\tb")


@pytest.mark.parametrize("own", [1_022, 1_024])
def test_what_failed_of_the_widest_file_can_be_imported_again(own):
    header = ["E-mail", *(f"c{number}" for number in range(1, own))]
    failed = failed_rows_of(header, [["bad", *["x"] * (own - 1)]], TableLimits())
    assert len(failed.header) == own + len(FAILURE_COLUMNS)
    assert lay_out(failed.header, {"E-mail": "email"}).header == tuple(header)
    assert [row[:own] for row in failed.rows()] == [["bad", *["x"] * (own - 1)]]


def test_the_widest_ragged_row_makes_a_list_that_can_be_imported_again():
    limits = TableLimits(max_columns=10)
    failed = failed_rows_of(["E-mail", "Name"], [["a@x.io"] * 10, ["bad", "x"]], limits)
    assert failed.header == ("E-mail", "Name", *[OVERFLOW_COLUMN] * 8, *FAILURE_COLUMNS)
    assert len(list(failed.rows())) == 2


def failed_rows_of(header, rows, limits):
    """What the reader of uploads makes of the list of failed rows of a CSV file."""

    def opened(body):
        options = {"file_name": "x.csv", "file_type": None, "columns": ("E-mail",), "limits": limits}
        return open_table(io.BytesIO(body), size=len(body), **options)

    table = opened(csv_lines([header, *rows]))
    world = ImportWorld()
    world.submit(list(table.rows()), header=table.header, mapping={"E-mail": "email"})
    world.run()
    return opened(world.files.get(errors_csv_key(TENANT, "job")))
