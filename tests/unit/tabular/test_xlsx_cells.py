"""XLSX: what each kind of cell becomes, and what is a row."""

from __future__ import annotations

from hashlib import sha256

import pytest

from contacts.domain.table import TableLimits
from tests.unit.tabular.peak_memory import PeakMemory
from tests.unit.tabular.uploads import open_bytes, read_all, rejection
from tests.unit.tabular.workbooks import (
    MAIN,
    package,
    parts,
    sheet_xml,
    strings_xml,
    text_cell,
    text_row,
    workbook,
)

HEADER = text_row("a", "b", "c")


def cell(xml: str, **options: str | None) -> str:
    """What the cell becomes in the first column of the first row."""
    return read_all(workbook(HEADER + f"<row>{xml}</row>", **options), "a.xlsx")[1][0]


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<c><v>42</v></c>", "42"),
        ('<c t="n"><v>42.0</v></c>', "42"),
        ("<c><v>-7</v></c>", "-7"),
        ("<c><v>-0</v></c>", "0"),
        ("<c><v>447700900123</v></c>", "447700900123"),
        ("<c><v>4.47700900123E+11</v></c>", "447700900123"),
        ("<c><v>999999999999999</v></c>", "999999999999999"),
        ("<c><v>1E+15</v></c>", "1000000000000000"),
        ("<c><v>1.23456789012345E+18</v></c>", "1234567890123450000"),
        ("<c><v>-9.87654321098765E+20</v></c>", "-987654321098765000000"),
        ("<c><v>12345678901234567890</v></c>", "12345678901234567890"),
        ("<c><v>1.1000000000000001</v></c>", "1.1"),
        ("<c><v>0.1</v></c>", "0.1"),
        ("<c><v>-2.5E-5</v></c>", "-0.000025"),
        ("<c><v>1.25E-12</v></c>", "1.25E-12"),
        ("<c><v>1.5E+300</v></c>", "1.5E+300"),
        ("<c><v>1E+999</v></c>", "1E+999"),
        ("<c><v>no number</v></c>", "no number"),
        ('<c t="b"><v>1</v></c>', "true"),
        ('<c t="b"><v>0</v></c>', "false"),
        ('<c t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c t="str"><f>A1&amp;"x"</f><v>result</v></c>', "result"),
        ("<c><f>1+1</f><v>2</v></c>", "2"),
        ('<c t="d"><v>2021-01-01T12:30:00</v></c>', "2021-01-01T12:30:00"),
        ('<c t="inlineStr"><is><t>in &amp; line</t></is></c>', "in & line"),
        ('<c t="inlineStr"><is><t xml:space="preserve">  x  </t></is></c>', "  x  "),
        (
            '<c t="inlineStr"><is><r><t>rich</t></r><r><rPr><b/></rPr><t xml:space="preserve"> text</t></r></is></c>',
            "rich text",
        ),
        ('<c t="inlineStr"><is><t>kana</t><rPh sb="0" eb="1"><t>hint</t></rPh></is></c>', "kana"),
        ('<c t="inlineStr"><is><t><![CDATA[<raw>]]></t></is></c>', "<raw>"),
        ('<c t="inlineStr"><is><t>a_x000D_\nb_x005F_x000D_c_xD800_</t></is></c>', "a\r\nb_x000D_c_xD800_"),
        ('<c t="str"><v>_x0041_</v></c>', "A"),
        ('<c t="inlineStr"><is><t>=SUM(A1)</t></is></c>', "=SUM(A1)"),
        ('<c t="inlineStr"><is><t>007</t></is></c>', "007"),
        ('<c t="inlineStr"><is><t>1.0</t></is></c>', "1.0"),
    ],
)
def test_cells(xml: str, text: str) -> None:
    assert cell(xml) == text


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("<t>plain</t>", "plain"),
        ('<t xml:space="preserve"> kept </t>', " kept "),
        ("<r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r>", "rich text"),
        ('<t>kana</t><rPh sb="0" eb="1"><t>hint</t></rPh><phoneticPr fontId="1"/>', "kana"),
        ("<t>_x000D_</t>", "\r"),
        ("<t>x</t>" + "<t>" + "y" * 20_000 + "</t>", "x" + "y" * 20_000),
    ],
)
def test_shared_strings(item: str, text: str) -> None:
    strings = strings_xml("<t>a</t>", item)
    assert cell('<c t="s"><v>1</v></c>', strings=strings) == text


def test_empty_shared_string_is_an_empty_cell() -> None:
    rows = HEADER + f'<row>{text_cell("x")}<c t="s"><v>0</v></c></row>'
    assert read_all(workbook(rows, strings=strings_xml("<t/>")), "a.xlsx")[1] == ["x", "", ""]


@pytest.mark.parametrize("index", ["1", "-1", "99999999999", "x", "1.0"])
def test_shared_string_that_is_not_there(index: str) -> None:
    data = workbook(HEADER + f'<row><c t="s"><v>{index}</v></c></row>', strings=strings_xml("<t>only</t>"))
    assert rejection(data, "a.xlsx").code == "FILE_BROKEN_WORKBOOK"


def test_shared_strings_without_their_part() -> None:
    assert rejection(workbook(HEADER + '<row><c t="s"><v>0</v></c></row>'), "a.xlsx").code == "FILE_BROKEN_WORKBOOK"


def test_shared_strings_by_the_thousand() -> None:
    """More than the cache holds, asked for back and forth."""
    count = 3000
    order = [n * 977 % count for n in range(count)]
    strings = strings_xml(*(f"<t>{str(n) * 200 * len(str(n))}</t>" for n in range(count)))
    rows = "".join(f'<row><c t="s"><v>{n}</v></c></row>' for n in order)
    expected = [[str(n) * 200 * len(str(n))] for n in order]
    assert read_all(workbook(text_row("a") + rows, strings=strings), "a.xlsx")[1:] == expected


def test_shared_strings_do_not_pile_up_in_memory() -> None:
    texts = [sha256(b"%d" % n).hexdigest() * 16 for n in range(40_000)]
    data = workbook(
        text_row("a") + "".join(f'<row><c t="s"><v>{n}</v></c></row>' for n in range(len(texts))),
        strings=strings_xml(*(f"<t>{text}</t>" for text in texts)),
    )
    with PeakMemory() as peak:
        assert all(row == [text] for row, text in zip(open_bytes(data, "a.xlsx").rows(), texts, strict=True))
    assert peak.bytes < sum(map(len, texts)) * 3 // 4


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_blanks_between_elements_are_no_text(part: str) -> None:
    """However many; a writer may indent its XML."""
    content = parts(text_row("a") + '<row><c t="s"><v>1</v></c></row>', strings=strings_xml("<t>0</t>", "<t>1</t>"))
    last = "<si>" if "Strings" in part else "<row><c t="
    before, _, after = content[part].rpartition(last)
    content[part] = before + "\n " * 100_000 + last + after
    assert read_all(package(content), "a.xlsx", limits=TableLimits(max_cell_chars=20)) == [["a"], ["1"]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(HEADER + text_row("1"), [["a", "b", "c"], ["1", "", ""]], id="filled up to the header"),
        pytest.param(HEADER + '<row r="7"><c r="C7"><v>3</v></c></row>', [["a", "b", "c"], ["", "", "3"]], id="sparse"),
        pytest.param(
            HEADER + '<row><c r="C2"><v>3</v></c><c r="A2"><v>1</v></c></row>',
            [["a", "b", "c"], ["1", "", "3"]],
            id="cells in disorder",
        ),
        pytest.param(
            HEADER + '<row><c r="B2"><v>2</v></c><c><v>3</v></c></row>',
            [["a", "b", "c"], ["", "2", "3"]],
            id="a cell without reference follows the last",
        ),
        pytest.param(
            HEADER + "<row/><row><c/><c><v/></c></row>" + text_row("") + text_row("1"),
            [["a", "b", "c"], ["1", "", ""]],
            id="blank rows",
        ),
        pytest.param(
            "<row/>" + text_row("") + HEADER + text_row("1"),
            [["a", "b", "c"], ["1", "", ""]],
            id="header is the first row with anything",
        ),
        pytest.param(text_row(" a ", "b\n") + text_row(" 1 "), [["a", "b"], [" 1 ", ""]], id="header trimmed"),
        pytest.param(text_row("a") + text_row("1", "2"), [["a"], ["1", "2"]], id="beyond the header, as it is"),
        pytest.param(text_row("a", "b", "") + text_row("1", "2", ""), [["a", "b"], ["1", "2"]], id="blank at the end"),
        pytest.param(HEADER, [["a", "b", "c"]], id="header alone"),
    ],
)
def test_rows(rows: str, expected: list[list[str]]) -> None:
    assert read_all(workbook(rows), "a.xlsx") == expected


@pytest.mark.parametrize("rows", ["", "<row/>", "<row><c><v></v></c></row>"])
def test_empty_sheet(rows: str) -> None:
    assert rejection(workbook(rows), "a.xlsx").code == "FILE_EMPTY"


@pytest.mark.parametrize(
    "row",
    [
        '<row><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
        '<row><c r="2"><v>1</v></c></row>',
        '<row><c r="ABCD2"><v>1</v></c></row>',
        "<row><row/></row>",
        "<row><c><c/></c></row>",
        "<c><v>1</v></c>",
        "<row><c><v>1<v>2</v></v></c></row>",
    ],
)
def test_contradictions(row: str) -> None:
    assert rejection(workbook(HEADER + row), "a.xlsx").code == "FILE_BROKEN_WORKBOOK"


@pytest.mark.parametrize(
    ("columns", "code"),
    [(["a"], "FILE_FORMULA_NOT_CALCULATED"), ([" a "], "FILE_FORMULA_NOT_CALCULATED"), (["c"], None)],
    ids=["mapped", "mapped with blanks", "not mapped"],
)
@pytest.mark.parametrize("value", ["", "<v/>"])
@pytest.mark.parametrize("padding", [0, 5000])
def test_formula_without_result(columns: list[str], code: str | None, value: str, padding: int) -> None:
    """As openpyxl writes them: the value exists in nobody's file, and an empty cell would be a lie."""
    data = workbook(HEADER + text_row("x") * padding + f"<row><c><f>1+1</f>{value}</c></row>")
    if code:
        error = rejection(data, "a.xlsx", columns=columns)
        assert (error.code, error.field) == (code, "a")
    else:
        assert len(read_all(data, "a.xlsx", columns=columns)) == padding + 1


def test_formula_whose_result_is_empty_text() -> None:
    data = workbook(HEADER + '<row><c t="str"><f>""</f><v></v></c><c><v>2</v></c></row>')
    assert read_all(data, "a.xlsx", columns=["a"])[1] == ["", "2", ""]


@pytest.mark.parametrize("chars", [20, 40_000])
@pytest.mark.parametrize("shared", [True, False])
def test_cell_that_is_too_long(chars: int, *, shared: bool) -> None:
    def data(length: int) -> bytes:
        if shared:
            return workbook(HEADER + '<row><c t="s"><v>0</v></c></row>', strings=strings_xml(f"<t>{'x' * length}</t>"))
        return workbook(HEADER + text_row("x" * length))

    limits = TableLimits(max_cell_chars=chars)
    assert len(read_all(data(chars), "a.xlsx", limits=limits)[1][0]) == chars
    error = rejection(data(chars + 1), "a.xlsx", limits=limits)
    assert (error.code, error.field) == ("FILE_CELL_TOO_LONG", "max_cell_chars")


def test_shared_string_that_is_too_long_and_used_by_no_cell() -> None:
    data = workbook(HEADER, strings=strings_xml("<t>123</t>"))
    assert rejection(data, "a.xlsx", limits=TableLimits(max_cell_chars=2)).code == "FILE_CELL_TOO_LONG"


def test_names_with_a_prefix() -> None:
    """As the Open XML SDK writes them."""
    content = parts("")
    content["xl/worksheets/sheet1.xml"] = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c></x:row>'
        '<x:row><x:c t="s"><x:v>0</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    content["xl/sharedStrings.xml"] = f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>one</x:t></x:si></x:sst>'
    assert read_all(package(content), "a.xlsx") == [["a"], ["one"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_encodings_of_parts(encoding: str) -> None:
    content: dict[str, str | bytes] = dict(parts(""))
    xml = sheet_xml(text_row("Zoë")).replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
    content["xl/worksheets/sheet1.xml"] = xml.encode(encoding)
    assert read_all(package(content), "a.xlsx") == [["Zoë"]]


@pytest.mark.parametrize("encoding", ["UITF-8", "shift_jis", "idna", "hex", "utf-32", "windows-1252"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_other_encodings_of_parts_are_refused(part: str, encoding: str) -> None:
    content = parts(text_row("a"))
    content[part] = f'<?xml version="1.0" encoding="{encoding}"?>{content[part].partition("?>")[2] or content[part]}'
    assert rejection(package(content), "a.xlsx").code == "FILE_BROKEN_WORKBOOK"
