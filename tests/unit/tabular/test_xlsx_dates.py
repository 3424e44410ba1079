"""XLSX: numbers that their style makes dates and times."""

from __future__ import annotations

import pytest

from tests.unit.tabular.uploads import read_all, rejection
from tests.unit.tabular.workbooks import package, parts, styles_xml, text_row, workbook

HEADER = text_row("a")


def cell(xml: str, *, styles: str | None = None) -> str:
    """What the cell becomes in the first row."""
    return read_all(workbook(HEADER + f"<row>{xml}</row>", styles=styles), "a.xlsx")[1][0]


@pytest.mark.parametrize(
    ("style", "serial", "text"),
    [
        pytest.param((14, None), "44197", "2021-01-01", id="built-in day"),
        pytest.param((22, None), "44197", "2021-01-01T00:00:00", id="built-in day and time, at midnight"),
        pytest.param((22, None), "44197.520833333336", "2021-01-01T12:30:00", id="built-in day and time"),
        pytest.param((14, None), "44197.5", "2021-01-01T12:00:00", id="a time that the style hides"),
        pytest.param((20, None), "0.52083333333333337", "12:30:00", id="time of day"),
        pytest.param((46, None), "10.632060185185185", "255:10:10", id="elapsed"),
        pytest.param((57, None), "44197", "2021-01-01", id="East Asian"),
        pytest.param((164, "yyyy\\-mm\\-dd"), "44197", "2021-01-01", id="custom day"),
        pytest.param((165, "[$-409]d\\-mmm\\-yyyy;@"), "44197", "2021-01-01", id="custom with language"),
        pytest.param((165, "DD/MM/YYYY HH:MM"), "44197", "2021-01-01T00:00:00", id="capitals"),
        pytest.param((166, "mmm"), "44197", "2021-01-01", id="month alone"),
        pytest.param((167, "hh:mm:ss.000"), "0.50000001157407402", "12:00:00.001", id="milliseconds"),
        pytest.param((168, "0.00&quot; days&quot;"), "44197", "44197", id="quoted letters"),
        pytest.param((169, "[Red]0"), "44197", "44197", id="a colour"),
        pytest.param((170, "[$USD] #,##0.00"), "44197", "44197", id="a currency"),
        pytest.param((2, None), "44197", "44197", id="plain number"),
        pytest.param((49, None), "44197", "44197", id="text"),
        pytest.param((14, None), "1", "1900-01-01", id="first day"),
        pytest.param((14, None), "59", "1900-02-28", id="before Lotus's leap day"),
        pytest.param((14, None), "60", "1900-02-29", id="Lotus's leap day"),
        pytest.param((14, None), "61", "1900-03-01", id="after it"),
        pytest.param((14, None), "2958465", "9999-12-31", id="last day"),
        pytest.param((14, None), "2958466", "2958466", id="beyond the last day"),
        pytest.param((14, None), "2958465.9999999999", "2958466", id="rounded beyond the last day"),
        pytest.param((14, None), "-1", "-1", id="before the first day"),
        pytest.param((14, None), "soon", "soon", id="no number"),
        pytest.param((22, None), "44196.999999999", "2021-01-01T00:00:00", id="rounded to the next day"),
    ],
)
def test_dates(style: tuple[int, str | None], serial: str, text: str) -> None:
    assert cell(f'<c s="1"><v>{serial}</v></c>', styles=styles_xml((0, None), style)) == text


@pytest.mark.parametrize("style", ["2", "-1", "x"])
def test_style_that_is_not_there(style: str) -> None:
    """A date would come through as a number."""
    data = workbook(HEADER + f'<row><c s="{style}"><v>44197</v></c></row>', styles=styles_xml((0, None), (14, None)))
    assert rejection(data, "a.xlsx").code == "FILE_BROKEN_WORKBOOK"


def test_styles_without_their_part() -> None:
    content = parts(HEADER, styles=styles_xml((14, None)))
    del content["xl/styles.xml"]
    assert rejection(package(content), "a.xlsx").code == "FILE_BROKEN_WORKBOOK"


def test_workbook_without_styles() -> None:
    assert cell('<c s="0"><v>44197</v></c>') == "44197"


@pytest.mark.parametrize("flag", ["1", "true"])
@pytest.mark.parametrize(
    ("serial", "text"),
    [("42735", "2021-01-01"), ("0", "1904-01-01"), ("2957003", "9999-12-31"), ("2957004", "2957004")],
)
def test_dates_of_1904(serial: str, text: str, flag: str) -> None:
    content = parts(HEADER + f'<row><c s="0"><v>{serial}</v></c></row>', styles=styles_xml((14, None)))
    content["xl/workbook.xml"] = content["xl/workbook.xml"].replace(
        "<sheets>", f'<workbookPr date1904="{flag}"/><sheets>'
    )
    assert read_all(package(content), "a.xlsx")[1][0] == text
