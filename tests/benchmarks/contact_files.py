"""Files of contacts to stage, of any size, written to disk at constant memory (texts that repeat in XLSX aside)."""

from __future__ import annotations

import csv
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

MAPPING = {
    "E-mail": "email",
    "First name": "firstName",
    "Last name": "lastName",
    "Company": "company",
    "Phone": "phone",
    "Zip": "customFields.zip",
}
HEADER = [*MAPPING, "Unmapped"]
#: One row in so many has no valid e-mail, which staging rejects.
BAD_EVERY = 100
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def contact_rows(count: int) -> Iterator[list[str]]:
    """One e-mail in ten is there twice, one row in a hundred is bad."""
    for n in range(count):
        yield [
            "not an e-mail" if n % BAD_EVERY == 0 else f"Person.{n - n % 10 // 9 * 5}@Example.com",
            f"Zoë{n % 1000}",
            f"Müller{n % 3000}",
            f"Company, {n % 5000} Ltd",
            f"+49 30 {n:07}",
            f"{n % 99_999:05}",
            "x",
        ]


def write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(contact_rows(count))


def write_json(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for n, row in enumerate(contact_rows(count)):
            file.write("[\n" if n == 0 else ",\n")
            json.dump(dict(zip(HEADER, row, strict=True)), file, ensure_ascii=False)
        file.write("\n]\n")


def write_xlsx(path: Path, count: int) -> None:
    """Texts are shared strings, as Excel writes them. By hand, since no library does that at constant memory."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_CONTENT_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_SPREADSHEET}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SPREADSHEET}.worksheet+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_SPREADSHEET}.sharedStrings+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}">'
            f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}">'
            f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="Contacts" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        with tempfile.TemporaryFile("w+", encoding="utf-8") as strings:
            with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
                _write_sheet(sheet.write, _SharedStrings(strings.write), count)
            strings.seek(0)
            with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
                part.write(f'<sst xmlns="{_MAIN}">'.encode())
                while text := strings.read(1 << 16):
                    part.write(text.encode())
                part.write(b"</sst>")


WRITERS: dict[str, Callable[[Path, int], None]] = {"csv": write_csv, "xlsx": write_xlsx, "json": write_json}


class _SharedStrings:
    """Numbers texts in their order; one that repeats has one number."""

    def __init__(self, write: Callable[[str], int]) -> None:
        self._write = write
        self._numbers: dict[str, int] = {}
        self._count = 0

    def number(self, text: str, *, repeats: bool) -> int:
        if repeats and text in self._numbers:
            return self._numbers[text]
        self._write(f"<si><t>{text}</t></si>")
        if repeats:
            self._numbers[text] = self._count
        self._count += 1
        return self._count - 1


def _write_sheet(write: Callable[[bytes], int], strings: _SharedStrings, count: int) -> None:
    write(f'<worksheet xmlns="{_MAIN}"><dimension ref="A1:G{count + 1}"/><sheetData>'.encode())
    header = "".join(
        f'<c r="{letter}1" t="s"><v>{strings.number(text, repeats=True)}</v></c>'
        for letter, text in zip("ABCDEFG", HEADER, strict=True)
    )
    write(f'<row r="1" spans="1:7">{header}</row>'.encode())
    for number, row in enumerate(contact_rows(count), start=2):
        cells = "".join(
            f'<c r="{letter}{number}"><v>{int(text)}</v></c>'
            if letter == "F"
            else f'<c r="{letter}{number}" t="s"><v>{strings.number(text, repeats=letter not in "AE")}</v></c>'
            for letter, text in zip("ABCDEFG", row, strict=True)
        )
        write(f'<row r="{number}" spans="1:7">{cells}</row>'.encode())
    write(b"</sheetData></worksheet>")
