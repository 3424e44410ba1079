"""Whatever cells other programs write, the readers give back: CSV, XLSX by two writers, JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import date, datetime

import openpyxl
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from tests.unit.tabular.uploads import read_all

HEADER = ["E-mail", "Name", "Note"]
EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)

any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
csv_text = any_text | st.sampled_from(
    ["", "007", "+44 123", "=SUM(A1)", "@me", 'a"b', "x\r\ny", "\r", "a,b;c\td|e", " "]
)
# XML has no control characters, and turns CR into LF; both writers leave that to their user. Both know no _xHHHH_.
xlsx_text = any_text.filter(lambda text: not ILLEGAL_CHARACTERS_RE.search(text)).map(
    lambda text: text.replace("\r", "\n").replace("_x", "x_").replace("\ufffe", "").replace("\uffff", "")
) | st.sampled_from(["", "007", "+44 123", "@me", "  two  ", "line\nbreak", "<b>&amp;", "1.0"])


def rows_of(cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    # The first cell is never blank, so that no row is left out.
    row = st.lists(cells, min_size=len(HEADER) - 1, max_size=len(HEADER) - 1).map(lambda rest: ["x@example.com", *rest])
    return st.lists(row, max_size=8)


@EXAMPLES
@given(
    rows=rows_of(csv_text),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    # Where it quotes only what it must, the writer forgets a lone CR or LF that is not part of its own line end.
    style=st.sampled_from(
        [("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL), ("\r", csv.QUOTE_ALL)]
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    at_most=st.sampled_from([1, 3, 1 << 20]),
)
def test_csv(rows: list[list[str]], *, delimiter: str, style: tuple[str, int], encoding: str, at_most: int) -> None:
    line_end, quoting = style
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows([HEADER, *rows])
    data = text.getvalue().encode(encoding)
    assert read_all(data, columns=HEADER, at_most=at_most) == [HEADER, *rows]


@EXAMPLES
@given(rows=rows_of(csv_text))
def test_csv_in_windows_1252(rows: list[list[str]]) -> None:
    rows = [[cell.encode("cp1252", "ignore").decode("cp1252") for cell in row] for row in rows]
    # One cell that no UTF-8 file could hold; and what looks like UTF-8 is refused, as another test shows.
    rows = [[*row[:1], *(cell.replace("Ã", "").replace("Â", "") for cell in row[1:])] for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([[*HEADER[:2], "é"], *rows])
    assert read_all(text.getvalue().encode("cp1252")) == [[*HEADER[:2], "é"], *rows]


numbers = st.integers(-(10**15) + 1, 10**15 - 1) | st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-9)
cells = xlsx_text | numbers | st.booleans() | st.dates(date(1901, 1, 1)) | st.none()


def shown(value: object) -> str:
    """What a value of Python's is expected to come back as."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else fixed(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def fixed(value: float) -> str:
    """The shortest digits that give the double, without an exponent, found the slow way."""
    return next(text for digits in range(30) if float(text := f"{value:.{digits}f}") == value)


xlsx_rows = st.lists(st.lists(cells, min_size=2, max_size=2).map(lambda rest: ["x", *rest]), max_size=6)


@EXAMPLES
@given(rows=xlsx_rows)
def test_xlsx_by_openpyxl(rows: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [HEADER, *rows]:
        sheet.append(row)
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    data = io.BytesIO()
    book.save(data)
    expected = [[shown(at_16_digits(value)) for value in row] for row in rows]
    assert read_all(data.getvalue(), "a.xlsx") == [HEADER, *expected]


@EXAMPLES
@given(rows=xlsx_rows, in_line=st.booleans(), epoch_1904=st.booleans())
def test_xlsx_by_xlsxwriter(rows: list[list[object]], *, in_line: bool, epoch_1904: bool) -> None:
    data = io.BytesIO()
    options = {"in_memory": True, "constant_memory": in_line, "date_1904": epoch_1904}
    with xlsxwriter.Workbook(data, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet()
        for number, row in enumerate([HEADER, *rows]):
            for column, value in enumerate(row):
                if isinstance(value, bool):
                    sheet.write_boolean(number, column, value)
                elif isinstance(value, date):
                    # The first day that both epochs have.
                    sheet.write_datetime(number, column, max(value, date(1904, 1, 1)), day)
                elif isinstance(value, (int, float)):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_string(number, column, str(value))
    rows = [[max(value, date(1904, 1, 1)) if isinstance(value, date) else value for value in row] for row in rows]
    expected = [[shown(at_16_digits(value)) for value in row] for row in rows]
    assert read_all(data.getvalue(), "a.xlsx") == [HEADER, *expected]


def at_16_digits(value: object) -> object:
    """Neither of the writers puts more digits of a float into the file than this."""
    return float(f"{value:.16g}") if isinstance(value, float) else value


@EXAMPLES
@given(moment=st.datetimes(datetime(1901, 1, 1), datetime(2999, 1, 1)))  # noqa: DTZ001 - Excel knows no time zones
def test_xlsx_times(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    book = openpyxl.Workbook()
    book.active.append(["at"])
    book.active.append([moment])
    data = io.BytesIO()
    book.save(data)
    assert read_all(data.getvalue(), "a.xlsx") == [["at"], [moment.isoformat()]]


json_text = any_text | st.sampled_from(
    ["", "007", "\0", "\ud83c\udf89".encode("utf-16", "surrogatepass").decode("utf-16")]
)


@EXAMPLES
@given(
    rows=rows_of(json_text),
    ascii_only=st.booleans(),
    lines=st.booleans(),
    indent=st.sampled_from([None, 1]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    at_most=st.sampled_from([1, 5, 1 << 20]),
)
def test_json_of_text(
    rows: list[list[str]], *, ascii_only: bool, lines: bool, indent: int | None, encoding: str, at_most: int
) -> None:
    objects = [dict(zip(HEADER, row, strict=True)) for row in rows]
    if lines and objects:
        text = "\n".join(json.dumps(item, ensure_ascii=ascii_only) for item in objects)
    else:
        text = json.dumps(objects, ensure_ascii=ascii_only, indent=indent)
    data = text.encode(encoding)
    assert read_all(data, "a.json", columns=HEADER, at_most=at_most) == [HEADER, *rows]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)


@EXAMPLES
@given(value=json_values)
def test_json_of_anything(value: object) -> None:
    """A mapped key gives the text of what stands there: the value itself, or JSON that means the same."""
    text = read_all(json.dumps([{"a": value}]).encode(), "a.json", columns=["a"])[1][0]
    if value is None or isinstance(value, str):
        assert text == (value or "")
    else:
        assert json.loads(text) == value or (isinstance(value, float) and math.isclose(float(text), value))
