"""XLSX: on which sheets a table goes on, and on which it does not."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from contacts.domain.table import TableLimits
from tests.unit.tabular.uploads import read_all, rejection
from tests.unit.tabular.workbooks import MAIN, OFFICE, PACKAGE, ROOT_RELATIONS, package, sheet_xml, text_row

HEADER = ["E-mail", "Name"]


def workbook(*sheets: tuple[str, list[str]], hidden: str = "") -> bytes:
    """Sheets by name and header, each with one row that holds its name."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        for name, header in sheets:
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, header)
            if header:
                sheet.write_row(1, 0, ["x@example.com", name])
            if name == hidden:
                sheet.hide()
    return data.getvalue()


def names_read(data: bytes, sheet: str | None = None) -> list[str]:
    return [row[1] for row in read_all(data, "a.xlsx", sheet=sheet)[1:]]


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["Data", "Data 2"], ["Data", "Data 2"]),
        (["Data", "data 2", "DATA 3", "Data 5"], ["Data", "data 2", "DATA 3"]),
        (["Sheet1", "Sheet2"], ["Sheet1"]),
        (["Data", "Data (2)"], ["Data"]),
        (["Data", "Data2"], ["Data"]),
        (["Data", "Data 3"], ["Data"]),
        (["Data", "Other", "Data 2"], ["Data"]),
        (["Data 2", "Data"], ["Data 2"]),
        (["Data 2", "Data 3"], ["Data 2"]),
    ],
)
def test_names_and_order(names: list[str], read: list[str]) -> None:
    assert names_read(workbook(*((name, HEADER) for name in names))) == read


@pytest.mark.parametrize(
    ("header", "goes_on"),
    [
        (["E-mail ", " Name"], True),
        (["E-mail", "name"], False),
        (["Name", "E-mail"], False),
        (["E-mail", "Name", "Note"], False),
        (["E-mail"], False),
        ([], False),
    ],
)
def test_header(header: list[str], goes_on: bool) -> None:
    data = workbook(("Data", HEADER), ("Data 2", header), ("Data 3", HEADER))
    assert names_read(data) == (["Data", "Data 2", "Data 3"] if goes_on else ["Data"])


def test_hidden_sheets_are_not_read() -> None:
    assert names_read(workbook(("Data", HEADER), ("Data 2", HEADER), hidden="Data 2")) == ["Data"]


@pytest.mark.parametrize(("asked", "read"), [("Data", ["Data", "Data 2"]), ("Data 2", ["Data 2"])])
def test_of_a_sheet_asked_for(asked: str, read: list[str]) -> None:
    assert names_read(workbook(("First", HEADER), ("Data", HEADER), ("Data 2", HEADER)), asked) == read


def sheets_of(rows: str, further_rows: str) -> dict[str, str]:
    """The parts of a workbook whose table goes on in a second sheet."""
    relations = "".join(
        f'<Relationship Id="s{n}" Type="{OFFICE}/worksheet" Target="sheets/{n}.xml"/>' for n in range(2)
    )
    return {
        "_rels/.rels": ROOT_RELATIONS,
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="A" sheetId="1" '
        'r:id="s0"/><sheet name="A 2" sheetId="2" r:id="s1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
        "xl/sheets/0.xml": sheet_xml(text_row("a") + rows),
        "xl/sheets/1.xml": sheet_xml(text_row("a") + further_rows),
    }


def test_limit_of_rows_is_one_for_all_sheets() -> None:
    data = package(sheets_of(text_row("1") * 3, text_row("2") * 3))
    assert rejection(data, "a.xlsx", limits=TableLimits(max_rows=5)).code == "TOO_MANY_ROWS"
    assert len(read_all(data, "a.xlsx", limits=TableLimits(max_rows=6))) == 7


def test_limit_of_bytes_is_one_for_all_sheets() -> None:
    content = sheets_of(text_row("1") * 300, text_row("2") * 300)
    sizes = [len(content[f"xl/sheets/{n}.xml"]) for n in range(2)]
    limit = TableLimits(max_expanded_bytes=sum(sizes) - 1)
    assert rejection(package(content), "a.xlsx", limits=limit).code == "FILE_EXPANDS_TOO_MUCH"
    assert len(read_all(package(content), "a.xlsx", limits=TableLimits(max_expanded_bytes=sum(sizes)))) == 601


def test_a_formula_without_result_in_a_further_sheet() -> None:
    data = package(sheets_of(text_row("1"), "<row><c><f>A1</f></c></row>"))
    assert rejection(data, "a.xlsx", columns=["a"]).code == "FILE_FORMULA_NOT_CALCULATED"


def test_a_further_sheet_whose_part_is_missing() -> None:
    content = sheets_of(text_row("1"), "")
    del content["xl/sheets/1.xml"]
    assert rejection(package(content), "a.xlsx").code == "FILE_BROKEN_WORKBOOK"
