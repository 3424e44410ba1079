"""XLSX: files made to exhaust memory, disk or time end early, with an error."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import partial

import pytest

from contacts.domain.table import TableLimits
from tests.unit.tabular.peak_memory import PeakMemory
from tests.unit.tabular.uploads import read_all, rejection
from tests.unit.tabular.workbooks import MAIN, package, parts, sheet_xml, strings_xml, text_row, workbook

DOCTYPES = {
    "entities": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
    "external": '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    "empty": "<!DOCTYPE worksheet>",
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
@pytest.mark.parametrize("part", ["_rels/.rels", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_document_types_are_refused(part: str, doctype: str) -> None:
    content = parts(text_row("a"), strings=strings_xml("<t>x</t>"))
    content[part] = doctype + content[part].removeprefix('<?xml version="1.0"?>')
    assert rejection(package(content), "a.xlsx").code == "FILE_UNSAFE_XML"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_bottomless_nesting(part: str) -> None:
    content = parts(text_row("a"), strings=strings_xml("<t>x</t>"))
    root, closing = content[part].rsplit("</", 1)
    content[part] = f"{root}{'<q>' * 100_000}{'</q>' * 100_000}</{closing}"
    assert rejection(package(content), "a.xlsx").code == "FILE_UNSAFE_XML"


def bomb(part: str, before: str, filling: str, repeats: int, after: str) -> bytes:
    content = parts(text_row("a"), strings=strings_xml("<t>x</t>"))
    content[part] = before + filling * repeats + after
    return package(content)


SHEET_START, SHEET_END = sheet_xml("").split("</sheetData>")


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        pytest.param(
            partial(bomb, "xl/worksheets/sheet1.xml", SHEET_START + text_row("a"), " " * 1000, 40_000, SHEET_END),
            {"FILE_EXPANDS_TOO_MUCH"},
            id="blanks",
        ),
        pytest.param(
            partial(
                bomb,
                "xl/worksheets/sheet1.xml",
                SHEET_START + "<row><c><v>",
                "1" * 1000,
                40_000,
                "</v></c></row>" + SHEET_END,
            ),
            {"FILE_CELL_TOO_LONG"},
            id="a value",
        ),
        pytest.param(
            partial(
                bomb, "xl/worksheets/sheet1.xml", SHEET_START + '<row spans="', "1" * 1000, 10_000, '"/>' + SHEET_END
            ),
            {"FILE_EXPANDS_TOO_MUCH"},
            id="an attribute",
        ),
        pytest.param(
            partial(bomb, "xl/worksheets/sheet1.xml", "<!--", " " * 1000, 10_000, "-->" + SHEET_START + SHEET_END),
            {"FILE_EXPANDS_TOO_MUCH"},
            id="a comment",
        ),
        pytest.param(
            partial(
                bomb, "xl/sharedStrings.xml", f'<sst xmlns="{MAIN}"><si><t>', "x" * 1000, 40_000, "</t></si></sst>"
            ),
            {"FILE_CELL_TOO_LONG"},
            id="a shared string",
        ),
        pytest.param(
            partial(bomb, "xl/workbook.xml", f'<workbook xmlns="{MAIN}">', " " * 1000, 40_000, "</workbook>"),
            {"FILE_EXPANDS_TOO_MUCH"},
            id="the list of sheets",
        ),
        pytest.param(
            partial(
                bomb, "xl/worksheets/sheet1.xml", SHEET_START, '<row><c r="XFD1"><v>1</v></c></row>', 20_000, SHEET_END
            ),
            {"FILE_TOO_MANY_COLUMNS"},
            id="far columns",
        ),
        pytest.param(
            lambda: workbook(
                text_row("a") + "<row>" + '<c t="s"><v>0</v></c>' * 1_000 + "</row>",
                strings=strings_xml(f"<t>{'x' * 130_000}</t>"),
            ),
            {"FILE_ROW_TOO_LONG"},
            id="one text in a thousand cells",
        ),
        pytest.param(
            lambda: package(
                {**parts(text_row("a")), **{f"xl/media/{n}": "" for n in range(30_000)}}, zipfile.ZIP_STORED
            ),
            {"FILE_EXPANDS_TOO_MUCH"},
            id="members",
        ),
    ],
)
def test_bombs_end_early(make: Callable[[], bytes], codes: set[str]) -> None:
    data = make()
    with PeakMemory() as peak:
        error = rejection(data, "a.xlsx")
    assert error.code in codes
    assert peak.bytes < 48 << 20


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(
            partial(bomb, "xl/worksheets/sheet1.xml", SHEET_START + text_row("a"), "<row/>", 1_100_000, SHEET_END),
            "TOO_MANY_ROWS",
            id="blank rows",
        ),
        pytest.param(
            partial(bomb, "xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">', "<si/>", 4_000_000, "</sst>"),
            "FILE_EXPANDS_TOO_MUCH",
            id="shared strings",
        ),
    ],
)
def test_bombs_of_small_elements_end_early(make: Callable[[], bytes], code: str) -> None:
    assert rejection(make(), "a.xlsx").code == code


def test_expansion_beyond_the_limit() -> None:
    data = workbook(text_row("a") + "".join(text_row(f"{n * 7919}") for n in range(5000)))
    assert len(read_all(data, "a.xlsx", limits=TableLimits(max_expanded_bytes=1 << 20))) == 5001
    error = rejection(data, "a.xlsx", limits=TableLimits(max_expanded_bytes=1 << 17))
    assert (error.code, error.field) == ("FILE_EXPANDS_TOO_MUCH", "max_expanded_bytes")
