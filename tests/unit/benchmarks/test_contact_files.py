"""The files that benchmarks stage: read as they were meant, by us and by others, and staged."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from contacts.domain.table import TableLimits
from contacts.runtime import clients
from contacts.tabular.open_table import open_table
from tests.benchmarks import stage_runs
from tests.benchmarks.contact_files import HEADER, WRITERS, contact_rows
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT

ROWS = 230


@pytest.fixture(autouse=True)
def clients_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CLIENT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for client in (clients.dynamodb, clients.dynamodb_sending_once, clients.s3):
        client.cache_clear()


@pytest.fixture(params=WRITERS)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"contacts.{request.param}"
    WRITERS[request.param](path, ROWS)
    return path


def test_every_format_holds_the_same_rows(sample: Path) -> None:
    with sample.open("rb") as file:
        table = open_table(
            file,
            size=sample.stat().st_size,
            file_name=sample.name,
            file_type=None,
            columns=HEADER,
            limits=TableLimits(),
        )
        rows = [list(cells) for cells in table.rows()]
    assert list(table.header) == HEADER
    if sample.suffix == ".xlsx":  # where a number has no leading zeros
        assert [int(row[5]) for row in rows] == [int(row[5]) for row in contact_rows(ROWS)]
        rows = [[*row[:5], f"{int(row[5]):05}", row[6]] for row in rows]
    assert rows == list(contact_rows(ROWS))


def test_openpyxl_takes_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "contacts.xlsx"
    WRITERS["xlsx"](path, ROWS)
    rows = list(load_workbook(path).worksheets[0].iter_rows(values_only=True))
    assert list(rows[0]) == HEADER
    assert [row[0] for row in rows[1:]] == [row[0] for row in contact_rows(ROWS)]


def test_emails_repeat_and_some_are_bad() -> None:
    emails = [row[0] for row in contact_rows(1_000)]
    assert sum("@" not in each for each in emails) == 10
    assert len(emails) - len(set(emails)) == 9 + 100, "nine bad ones more, and one in ten is another row's"


def test_staging_is_checked(sample: Path) -> None:
    assert stage_runs.stage(sample, ROWS) > 0
    for client in (clients.dynamodb, clients.dynamodb_sending_once, clients.s3):
        client.cache_clear()
    with pytest.raises(SystemExit, match="staged wrongly"):
        stage_runs.stage(sample, ROWS + 1)


@pytest.mark.parametrize(
    ("way", "ending"),
    [
        ("read", "csv"),
        ("csv.DictReader+pydantic", "csv"),
        ("pandas+iterrows", "csv"),
        ("openpyxl", "xlsx"),
        ("json.load", "json"),
    ],
)
def test_baselines_read_all_rows_or_say_so(way: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"contacts.{ending}"
    WRITERS[ending](path, ROWS)
    assert stage_runs.WAYS[way](path, ROWS) > 0
    with pytest.raises(SystemExit, match="in place of"):
        stage_runs.WAYS[way](path, ROWS + 1)
