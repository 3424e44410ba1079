"""XLSX as it is written: what people see of it, what other programs read, and every text back again."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Sequence
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from contacts.tabular.cell_text import Cell
from contacts.tabular.write_xlsx import MAX_COLUMNS, write_xlsx
from contacts.tabular.xlsx_row_xml import column_letters
from tests.unit.tabular.uploads import read_all
from tests.unit.tabular.written_texts import naughty_strings, texts

HEADER = ["email", "name", "note"]
EXAMPLES = settings(max_examples=80, deadline=None, derandomize=True)


def written(columns: Sequence[str], rows: Sequence[Sequence[Cell]], **limits: int) -> bytes:
    return b"".join(write_xlsx(columns, iter(rows), **limits))


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def by_calamine(data: bytes, sheet: int = 0) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(sheet).to_python(skip_empty_area=False)


def decoded(cell: object) -> str:
    """openpyxl leaves _xHHHH_ to its user."""
    return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), str(cell or ""))


def calamine_knows(rows: list[list[str]]) -> bool:
    """It decodes _xHHHH_, but not for these two, which are no characters."""
    return not any("\ufffe" in cell or "\uffff" in cell for row in rows for cell in row)


def test_what_people_see() -> None:
    sheet = opened(written(HEADER, [["a@x.io", "Anne", "long " * 50], ["somebody@example.com", None, ""]])).active
    assert sheet.title == "Contacts"
    assert (sheet.freeze_panes, sheet.sheet_view.pane.state) == ("A2", "frozen")
    assert [cell.font.b for cell in sheet[1]] == [True] * 3
    assert [cell.font.b for cell in sheet[2]] == [False] * 3
    widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
    assert widths == [len("somebody@example.com") + 2, 10, 60]


def test_types() -> None:
    row: list[Cell] = ["=1+1", "007", "+49 30 1", 5, -1.5, True, False, 10**15 - 1, 10**15, None, "", "1e5"]
    data = written([f"c{n}" for n in range(len(row))], [row])
    cells = opened(data).active[2]
    assert [cell.data_type for cell in cells] == ["s", "s", "s", "n", "n", "b", "b", "n", "s", "n", "n", "s"]
    assert [cell.value for cell in cells] == [*row[:8], "1000000000000000", None, None, "1e5"]
    # What is typed over a text stays a text.
    assert [cell.number_format for cell in cells[:5]] == ["@", "@", "@", "General", "General"]
    expected = ["=1+1", "007", "+49 30 1", "5", "-1.5", "true", "false", "9" * 15, "1" + "0" * 15, "", "", "1e5"]
    assert read_all(data, "a.xlsx")[1] == expected


def test_every_part_is_xml_that_excel_can_stream() -> None:
    rows = [["]]>", "plain", "plain"], ["<", "plain", "plain"], ["&amp;", '"', "'"]]
    with zipfile.ZipFile(io.BytesIO(written(HEADER, rows, max_rows_a_sheet=2))) as archive:
        assert archive.namelist()[0] == "[Content_Types].xml"
        for info in archive.infolist():
            ElementTree.fromstring(archive.read(info))
            # ZIP64, which Excel does not read in a streamed archive, would need 45.
            assert (info.extract_version, info.extra) == (20, b"")


@pytest.mark.parametrize("column", range(3))
@pytest.mark.parametrize("value", [" x", "x ", "\tx", "x\n", " ", "\n"])
def test_blanks_at_the_ends_are_protected(value: str, column: int) -> None:
    """Excel takes them away otherwise; other readers may not."""
    row = ["y", "a b", "z"]
    row[column] = value
    with zipfile.ZipFile(io.BytesIO(written(HEADER, [row]))) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert f'<t xml:space="preserve">{value}</t>' in xml


def test_same_rows_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    first = written(HEADER, [["a", "b", "c"]])
    monkeypatch.setattr("time.time", lambda: now + 1_000_000)
    assert written(HEADER, [["a", "b", "c"]]) == first


@pytest.mark.parametrize(
    ("rows", "sheets"),
    [(0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])],
)
def test_further_sheets(rows: int, sheets: list[int]) -> None:
    expected = [[f"{n}@x.io", "", f"{n}"] for n in range(rows)]
    data = written(HEADER, expected, max_rows_a_sheet=3)
    book = opened(data)
    assert book.sheetnames == ["Contacts", "Contacts 2", "Contacts 3"][: len(sheets)]
    assert [sheet.max_row - 1 for sheet in book] == sheets
    assert [sheet.freeze_panes for sheet in book] == ["A2"] * len(sheets)
    assert [sheet.sheet_view.tabSelected for sheet in book] == [True, None, None][: len(sheets)]
    assert all([cell.value for cell in sheet[1]] == HEADER and sheet["A1"].font.b for sheet in book)
    assert read_all(data, "a.xlsx") == [HEADER, *expected]
    assert [row for number in range(len(sheets)) for row in by_calamine(data, number)[1:]] == expected


def test_a_sheet_ends_before_it_is_too_large() -> None:
    expected = [[f"{n}@x.io", "x" * 500, ""] for n in range(1000)]
    data = written(HEADER, expected, max_sheet_bytes=100_000)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sizes = [info.file_size for info in archive.infolist() if "worksheets" in info.filename]
    assert len(sizes) == 7
    assert max(sizes) < 102_000
    assert read_all(data, "a.xlsx") == [HEADER, *expected]


@EXAMPLES
@given(rows=st.lists(st.tuples(st.just("x@example.com"), texts, texts).map(list), max_size=6))
def test_every_text_comes_back(rows: list[list[str]]) -> None:
    data = written(HEADER, rows)
    assert read_all(data, "a.xlsx") == [HEADER, *rows]
    in_openpyxl = opened(data).active.iter_rows(min_row=2, max_col=3, values_only=True)
    assert [[decoded(cell) for cell in row] for row in in_openpyxl] == rows
    if calamine_knows(rows):
        assert by_calamine(data)[1:] == rows


def test_naughty_strings() -> None:
    rows = [["x@example.com", text, str(number)] for number, text in enumerate(naughty_strings())]
    data = written(HEADER, rows)
    assert read_all(data, "a.xlsx") == [HEADER, *rows]
    known = [row for row in rows if calamine_knows([row])]
    assert len(known) > 500
    assert by_calamine(written(HEADER, known))[1:] == known
    assert {cell.data_type for row in opened(data).active for cell in row if cell.value} == {"s"}


@pytest.mark.parametrize("row", [["a"], ["a", "b", "c", "d"], ["a", "b", float("nan")], ["a", "b", float("-inf")]])
def test_rows_that_no_file_can_hold(row: list[Cell]) -> None:
    with pytest.raises(ValueError, match=r"row has|NaN"):
        written(HEADER, [row])


@pytest.mark.parametrize("columns", [["a", "a "], ["a", ""], [f"c{n}" for n in range(MAX_COLUMNS + 1)]])
def test_columns_that_could_not_be_told_apart(columns: list[str]) -> None:
    with pytest.raises(ValueError, match="different names"):
        written(columns, [])


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_column_letters(index: int, letters: str) -> None:
    assert column_letters(index) == letters
