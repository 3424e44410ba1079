"""XLSX: values that no Excel cell can hold go on beyond the header, and come back in one piece."""

from __future__ import annotations

import io

import openpyxl
import pytest

from contacts.domain.table import TableLimits
from contacts.tabular.write_xlsx import write_xlsx
from tests.unit.tabular.uploads import read_all, rejection
from tests.unit.tabular.workbooks import text_row, workbook

HEADER = ["email", "notes", "phone"]
EXCEL_LIMIT = 32_767


def written(rows: list[list[str]]) -> bytes:
    return b"".join(write_xlsx(HEADER, rows))


def cells_of(data: bytes) -> list[str]:
    """The cells of the first row as the file has them, escapes and all."""
    rows = openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(min_row=2, values_only=True)
    return [cell or "" for cell in next(rows)]


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        pytest.param("x" * EXCEL_LIMIT, 3, id="full"),
        pytest.param("x" * (EXCEL_LIMIT + 1), 4, id="one more"),
        pytest.param("é" * EXCEL_LIMIT, 3, id="full of letters"),
        # 16,384 characters are allowed in notes; of these, each takes Excel two units, or seven for its escape.
        pytest.param("😀" * 16_383, 3, id="full of emoji"),
        pytest.param("😀" * 16_384, 4, id="emoji"),
        pytest.param("\r" * 4_681, 3, id="full of escapes"),
        pytest.param("\r" * 16_384, 6, id="escapes"),
        pytest.param(("_x0041" + "\r" * 3) * 2_000, 5, id="escapes at every cut"),
        pytest.param("y" * 65_536 + " ", 5, id="two cuts and a blank"),
    ],
)
def test_a_long_value(value: str, cells: int) -> None:
    data = written([["a@x.io", value, "+1"], ["b@x.io", "short", "+2"]])
    in_file = cells_of(data)
    assert len(in_file) == cells
    assert max(len(cell.encode("utf-16-le")) // 2 for cell in in_file) <= EXCEL_LIMIT
    assert all(cell.startswith("[continues notes] ") for cell in in_file[3:])
    assert read_all(data, "a.xlsx") == [HEADER, ["a@x.io", value, "+1"], ["b@x.io", "short", "+2"]]


def test_several_in_one_row() -> None:
    row = ["1" * 40_000, "2" * 100_000, ""]
    assert read_all(written([row]), "a.xlsx") == [HEADER, row]


@pytest.mark.parametrize("beyond", [["x"], ["[continues phone] x"], ["[continues note] a", "x"], ["[continues note]x"]])
def test_other_cells_beyond_the_header_stay_what_they_are(beyond: list[str]) -> None:
    data = workbook(text_row("email", "note") + text_row("a", "b", *beyond))
    assert read_all(data, "a.xlsx") == [["email", "note"], ["a", "b", *beyond]]


def test_a_value_too_long_in_one_piece() -> None:
    data = written([["a@x.io", "x" * 40_000, ""]])
    error = rejection(data, "a.xlsx", limits=TableLimits(max_cell_chars=39_999))
    assert (error.code, error.field) == ("FILE_CELL_TOO_LONG", "max_cell_chars")
    assert read_all(data, "a.xlsx", limits=TableLimits(max_cell_chars=40_000))[1][1] == "x" * 40_000
