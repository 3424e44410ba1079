"""Pages of an import's errors, read as byte ranges of an object."""

from __future__ import annotations

from unittest import mock

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.errors import InvalidRequest
from contacts.domain.import_job import ImportJob, ImportStatus, RowCounts
from contacts.domain.object_keys import errors_key
from contacts.domain.rows import RowError
from contacts.usecases import line_pages
from contacts.usecases.import_errors import read_import_errors
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
    chunk=st.integers(1, 200),
    last_break=st.booleans(),
)
def test_pages_hold_every_error_once_whatever_their_size(
    values: list[str], limit: int, chunk: int, last_break: bool
) -> None:
    errors = [RowError(row, "c", value, "X", "e", ()) for row, value in enumerate(values, start=1)]
    files, job = files_with(errors, last_break=last_break), ended_job(len(errors))
    found: list[RowError] = []
    position: str | None = None
    with mock.patch.object(line_pages, "_CHUNK_BYTES", chunk):
        while True:
            page = read_import_errors(files, job, limit=limit, position=position)
            assert 0 < len(page.items) <= limit
            found += page.items
            position = page.next_position
            if position is None:
                break
    assert [(error.row, error.value) for error in found] == [(error.row, error.value) for error in errors]


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
