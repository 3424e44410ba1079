"""Valid files to make damaged ones of: CSV in its encodings and dialects, workbooks of several writers, JSON."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pandas
import xlsxwriter

from contacts.tabular.write_xlsx import write_xlsx
from tests.soak.input_staging import Sample
from tests.unit.tabular.workbooks import strings_xml, styles_xml, text_row, workbook

CORPUS = Path(os.environ.get("CONTACTS_CORPUS") or Path(__file__).resolve().parents[3] / "shared" / "corpus")
MAPPING = {
    "E-mail": "email",
    "Name": "firstName",
    "Phone": "phone",
    "Zip": "customFields.zip",
    "Notes": "notes",
}
HEADER = (*MAPPING, "Joined")
_NOTES = ("", 'said: "next year"', "first line\nsecond line", "a, b; c | d", "=SUM(A1)", "'quoted", "naïve, café")


def all_samples() -> list[Sample]:
    """Those that are made here, and of the files that others made those that are there and are valid."""
    return [*_made(_csv_files()), *_made(_workbooks()), *_made(_json_files()), *_third_party_files()]


def people(number: int, start: int = 1) -> list[list[str]]:
    """Rows under `HEADER`; some have no good e-mail or phone, or one that was there before."""
    return [
        [
            "" if n % 17 == 0 else "no address" if n % 13 == 0 else f"Person.{n - n % 7 // 6}@Example.com",
            f"Zoë {n}",
            f"+1 202 555 {n:04}" if n % 3 else f"0{n}",
            f"{n:05}",
            _NOTES[n % len(_NOTES)],
            date(2020, 1 + n % 12, 1 + n % 28).isoformat(),
        ]
        for n in range(start, start + number)
    ]


def _made(files: Mapping[str, tuple[bytes, int]]) -> list[Sample]:
    return [Sample(name, content, rows, MAPPING) for name, (content, rows) in files.items()]


def _csv_files() -> dict[str, tuple[bytes, int]]:
    def text(rows: int, delimiter: str = ",", line_end: str = "\r\n", first: str = "") -> str:
        out = io.StringIO(newline="")
        # Of a line break that is not `line_end`, the writer would not think that it needs quotation marks.
        quoting = csv.QUOTE_MINIMAL if line_end.endswith("\n") else csv.QUOTE_ALL
        writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
        writer.writerows([HEADER, *people(rows)])
        return first + out.getvalue()

    return {
        "utf8.csv": (text(40).encode(), 40),
        "byte-order-mark.csv": (text(30, ";", "\n").encode("utf-8-sig"), 30),
        "utf16.csv": (text(25, "\t").encode("utf-16"), 25),
        "utf16be.csv": (text(20, ";").encode("utf-16-be"), 20),
        "cp1252.csv": (text(35, ";").encode("cp1252"), 35),
        "tabs.tsv": (text(30, "\t", "\n").encode(), 30),
        "pipes.csv": (text(30, "|", "\r").encode(), 30),
        "named-separator.csv": (text(30, ";", first="sep=;\r\n").encode(), 30),
        # Longer than the blocks and the sample that readers take at once.
        "long.csv": (text(3_000).encode(), 3_000),
        "one-row.csv": (text(1).encode(), 1),
    }


def _workbooks() -> dict[str, tuple[bytes, int]]:
    return {
        "openpyxl.xlsx": (_by_openpyxl(people(30)), 30),
        "openpyxl-styled.xlsx": (_by_openpyxl(people(15), styled=True), 15),
        "xlsxwriter.xlsx": (_by_xlsxwriter(people(30), constant_memory=False), 30),
        "xlsxwriter-inline.xlsx": (_by_xlsxwriter(people(30), constant_memory=True), 30),
        "pandas.xlsx": (_by_pandas(people(25)), 25),
        "product.xlsx": (_by_the_product(people(30)), 30),
        "by-hand.xlsx": (_by_hand(8), 8),
    }


def _by_openpyxl(rows: Sequence[Sequence[str]], *, styled: bool = False) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    for number, row in enumerate(rows, start=2):
        sheet.append(row)
        # openpyxl takes a text that begins with = for a formula; it would be one without a result.
        sheet.cell(number, HEADER.index("Notes") + 1).data_type = "s"
        if styled:
            joined = sheet.cell(number, len(HEADER), date.fromisoformat(row[-1]))
            joined.number_format = "dd/mm/yyyy"
            sheet.cell(number, HEADER.index("Zip") + 1, number + 0.5)
    if styled:
        book.create_sheet("Hidden", 0).sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _by_xlsxwriter(rows: Sequence[Sequence[str]], *, constant_memory: bool) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": constant_memory, "strings_to_formulas": False})
    for sheet, of_it in ((book.add_worksheet("People"), rows[:20]), (book.add_worksheet("People 2"), rows[20:])):
        for number, row in enumerate([HEADER, *of_it]):
            sheet.write_row(number, 0, row)
            if number:
                sheet.write_formula(number, len(HEADER) - 1, f"=DATE(2020,1,{number})", value=43830 + number)
    book.close()
    return out.getvalue()


def _by_pandas(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.BytesIO()
    frame = pandas.DataFrame([[*row[:-1], pandas.Timestamp(row[-1])] for row in rows], columns=HEADER)
    frame["Notes"] = frame["Notes"].str.lstrip("=")
    frame.to_excel(out, index=False, engine="openpyxl")
    return out.getvalue()


def _by_the_product(rows: Sequence[Sequence[str]]) -> bytes:
    return b"".join(write_xlsx(HEADER, iter(rows)))


def _by_hand(rows: int) -> bytes:
    """All kinds of cells that the others write seldom: rich texts, formulas, dates as numbers, texts in place."""
    cells = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>{n % 2}</v></c><c r="B{n}" s="1"><v>4419{n}.5</v></c>'
        f'<c r="C{n}" t="str"><f>A1</f><v>+1 202 555 010{n % 10}</v></c><c r="E{n}" t="b"><v>1</v></c></row>'
        for n in range(2, rows + 2)
    )
    return workbook(
        text_row(*HEADER) + cells,
        strings=strings_xml("<t>ann@example.com</t>", "<r><t>b</t></r><r><t>ob@example.com</t></r>"),
        styles=styles_xml((0, None), (164, "yyyy-mm-dd")),
        before=f'<dimension ref="A1:F{rows + 1}"/>',
    )


def _json_files() -> dict[str, tuple[bytes, int]]:
    def objects(rows: int) -> list[dict[str, object]]:
        nested = {"address": {"city": "Łódź 🎉", "codes": [1.50, True, None]}, "age": 41}
        return [{**dict(zip(HEADER, row, strict=True)), **nested} for row in people(rows)]

    lines = "\n".join(json.dumps(each, ensure_ascii=False) for each in objects(30))
    return {
        "array.json": (json.dumps(objects(30)).encode(), 30),
        "indented.json": (json.dumps(objects(15), ensure_ascii=False, indent=2).encode("utf-8-sig"), 15),
        "utf16.json": (json.dumps(objects(10), ensure_ascii=False).encode("utf-16"), 10),
        "lines.jsonl": (f"{lines}\n".encode(), 30),
        "long.json": (json.dumps(objects(2_000)).encode(), 2_000),
    }


#: File -> the column that is mapped to the e-mail, and the rows that it has.
_THIRD_PARTY: dict[str, tuple[str, int]] = {
    "csvkit_mac_newlines.csv": ("a", 2),
    "csvkit_test_utf16_little.csv": ("a", 2),
    "ghost_members-formula-like-values.csv": ("email", 2),
    "notify_tab_separated.tsv": ("name", 3),
    "notify_excel_2007.xlsx": ("name", 3),
    "poi_SampleSS.strict.xlsx": ("Test spreadsheet", 2),
    "calamine_date_1904.xlsx": ("2021-01-01", 2),
    "spectrum_utf8.json": ("a", 2),
}


def _third_party_files() -> list[Sample]:
    return [
        Sample(name, (CORPUS / name).read_bytes(), rows, {column: "email"})
        for name, (column, rows) in _THIRD_PARTY.items()
        if (CORPUS / name).is_file()
    ]
