"""Pages of an import's errors, read as byte ranges of an object."""

from __future__ import annotations

from unittest import mock

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.errors import InvalidRequest
from contacts.domain.import_job import ImportJob, ImportStatus, RowCounts
from contacts.domain.object_keys import errors_key, staged_error_list_key, staged_errors_key
from contacts.domain.rows import RowError
from contacts.usecases import line_pages
from contacts.usecases.import_errors import read_import_errors
from contacts.usecases.line_pages import ListExpired
from tests.support.import_world import TENANT, ImportWorld
from tests.support.memory_files import MemoryFiles

NOW = "2026-01-01T00:00:00.000Z"


def ended_job(errors: int) -> ImportJob:
    return ImportJob(
        id="j",
        tenant="a",
        created_by="ada",
        created_at=NOW,
        changed_at=NOW,
        file_name="f.csv",
        file_key="k",
        file_url="u",
        field_mapping={},
        status=ImportStatus.COMPLETED,
        counts=RowCounts(skipped=errors, errors=errors),
    )


def files_with(errors: list[RowError], *, last_break: bool = True) -> MemoryFiles:
    files = MemoryFiles()
    lines = b"\n".join(orjson.dumps(error.to_record()) for error in errors)
    files.put(errors_key("a", "j"), lines + b"\n" * last_break)
    return files


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    values=st.lists(texts, min_size=1, max_size=12),
    limit=st.integers(1, 5),
    first=st.integers(1, 200),
    most=st.integers(1, 400),
    last_break=st.booleans(),
)
def test_pages_hold_every_error_once_whatever_their_size(
    values: list[str], limit: int, first: int, most: int, last_break: bool
) -> None:
    errors = [RowError(row, "c", value, "X", "e", ()) for row, value in enumerate(values, start=1)]
    files, job = files_with(errors, last_break=last_break), ended_job(len(errors))
    found: list[RowError] = []
    position: str | None = None
    with mock.patch.multiple(line_pages, _FIRST_BYTES=min(first, most), _MAX_BYTES=most):
        while True:
            page = read_import_errors(files, job, limit=limit, position=position)
            assert 0 < len(page.items) <= limit
            found += page.items
            position = page.next_position
            if position is None:
                break
    assert [(error.row, error.value) for error in found] == [(error.row, error.value) for error in errors]


def with_cells(number: int, size: int) -> list[RowError]:
    """Errors as they were stored with all cells of their rows, and still are where a header is that long."""
    return [RowError(row, "c", "v", "X", "e", ("x" * size,)) for row in range(1, number + 1)]


@pytest.mark.parametrize(
    ("size", "requests", "shown"),
    [(0, 1, 100), (900, 1, 100), (5_000, 2, 100), (20_000, 2, 50), (900_000, 2, 1), (3_000_000, 4, 1)],
)
def test_a_page_takes_few_requests_and_little_memory_however_long_the_rows(
    size: int, requests: int, shown: int
) -> None:
    number = 101 if size < 100_000 else 4
    files, job = files_with(with_cells(number, size)), ended_job(number)
    with mock.patch.object(files, "get_range", wraps=files.get_range) as ranges:
        page = read_import_errors(files, job, limit=100)
    assert ranges.call_count <= requests
    assert sum(call.args[2] for call in ranges.call_args_list) <= max(1024 * 1024, 2 * size)
    assert shown <= len(page.items) <= 100
    assert page.next_position is not None


@pytest.mark.parametrize("size", [20_000, 600_000, 1_100_000])
def test_pages_of_long_rows_hold_every_error_once(size: int) -> None:
    files, job = files_with(with_cells(7, size)), ended_job(7)
    rows, position = [], None
    while True:
        page = read_import_errors(files, job, limit=3, position=position)
        rows += [error.row for error in page.items]
        position = page.next_position
        if position is None:
            break
    assert rows == list(range(1, 8))


@pytest.mark.parametrize("position", [None, "final:0", "final:100", "staged:0", "staged:100"])
def test_a_list_whose_time_is_over_is_no_empty_list(position: str | None) -> None:
    with pytest.raises(ListExpired):
        read_import_errors(MemoryFiles(), ended_job(5), limit=10, position=position)


def test_rows_that_staging_rejects_are_listed_without_their_cells() -> None:
    """A row has up to 4 MB of them. Whoever polls the job reads the list, its end alone reads the rows."""
    world = ImportWorld()
    world.submit([["bad", "x" * 50_000, "", "", "", ""], ["a@x.io", "", "", "", "", ""], ["b@x.io"]])
    world.stage("job")
    (rows, shown) = (
        [orjson.loads(line) for line in (world.files.get(key(TENANT, "job")) or b"").splitlines()]
        for key in (staged_errors_key, staged_error_list_key)
    )
    assert [row["row"] for row in rows] == [1, 3]
    assert [{name: value for name, value in row.items() if name != "cells"} for row in rows] == shown
    job = world.jobs.find_import("job")
    assert job is not None
    assert [error.row for error in read_import_errors(world.files, job, limit=10).items] == [1, 3]


def test_a_position_in_a_list_that_is_gone_leads_into_no_other() -> None:
    files = MemoryFiles()
    files.put(staged_error_list_key("a", "j"), b'{"row": 1}\n' * 5)
    with pytest.raises(ListExpired):
        read_import_errors(files, ended_job(5), limit=10, position="final:11")


def test_job_without_errors_looks_at_no_file() -> None:
    files = mock.create_autospec(MemoryFiles, instance=True)
    assert read_import_errors(files, ended_job(0), limit=10).items == []
    assert files.mock_calls == []


@pytest.mark.parametrize(
    "position",
    ["", "final", "final:", "final:x", "final:-1", "final:5", "other:0", "final:" + "9" * 13, "final:\u0661"],
)
def test_position_that_is_none(position: str) -> None:
    files = files_with([RowError(row, "c", "v", "X", "e", ()) for row in range(3)])
    with pytest.raises(InvalidRequest) as refused:
        read_import_errors(files, ended_job(3), limit=1, position=position)
    assert refused.value.code == "CURSOR_INVALID"


def test_position_beyond_the_end_is_an_empty_page() -> None:
    files = files_with([RowError(1, "c", "v", "X", "e", ())])
    assert read_import_errors(files, ended_job(1), limit=1, position="final:99999").items == []
