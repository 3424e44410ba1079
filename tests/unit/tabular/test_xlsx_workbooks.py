"""XLSX: which sheet is read, and which archives and workbooks are refused, each by its own name."""

from __future__ import annotations

import gc
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from tests.unit.tabular.uploads import open_bytes, read_all, rejection
from tests.unit.tabular.workbooks import (
    MAIN,
    OFFICE,
    PACKAGE,
    ROOT_RELATIONS,
    package,
    parts,
    sheet_xml,
    strings_xml,
    text_row,
    workbook,
)

STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
GOOD = workbook(text_row("a") + text_row("1"))


def workbook_of_sheets(*sheets: tuple[str, str, str]) -> bytes:
    """Sheets by name, state and kind; each has its name as its header."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="s{n}"/>' for n, (name, state, _) in enumerate(sheets)
    )
    relations = "".join(
        f'<Relationship Id="s{n}" Type="{OFFICE}/{kind}" Target="sheets/{n}.xml"/>'
        for n, (*_, kind) in enumerate(sheets)
    )
    return package(
        {
            "_rels/.rels": ROOT_RELATIONS,
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
            **{f"xl/sheets/{n}.xml": sheet_xml(text_row(name)) for n, (name, *_) in enumerate(sheets)},
        }
    )


SHEETS = workbook_of_sheets(
    ("Chart", "visible", "chartsheet"),
    ("Secret", "hidden", "worksheet"),
    ("Deep", "veryHidden", "worksheet"),
    ("People", "visible", "worksheet"),
    ("More", "visible", "worksheet"),
)


@pytest.mark.parametrize(
    ("asked", "read"),
    [(None, "People"), ("More", "More"), ("more", "More"), ("Secret", "Secret"), ("People", "People")],
)
def test_sheet(asked: str | None, read: str) -> None:
    assert open_bytes(SHEETS, "a.xlsx", sheet=asked).header == (read,)


@pytest.mark.parametrize("asked", ["Nobody", "Chart", ""])
def test_unknown_sheet(asked: str) -> None:
    error = rejection(SHEETS, "a.xlsx", sheet=asked)
    assert (error.code, error.field) == ("FILE_SHEET_NOT_FOUND", "sheet")
    assert '"Secret", "Deep", "People", "More"' in error.message


def test_no_visible_sheet() -> None:
    data = workbook_of_sheets(("Secret", "hidden", "worksheet"))
    assert rejection(data, "a.xlsx").code == "FILE_SHEET_NOT_FOUND"


def test_strict_ooxml_is_read() -> None:
    content = parts(text_row("a") + '<row><c t="s"><v>0</v></c></row>', strings=strings_xml("<t>one</t>"))
    strict = {name: part.replace(MAIN, STRICT_MAIN).replace(OFFICE, STRICT_OFFICE) for name, part in content.items()}
    assert read_all(package(strict), "a.xlsx") == [["a"], ["one"]]


def test_names_of_parts_in_another_case() -> None:
    content = {name.replace("sharedStrings", "SharedStrings"): part for name, part in parts("").items()}
    content["XL/SharedStrings.xml"] = strings_xml("<t>a</t>")
    content["xl/worksheets/sheet1.xml"] = sheet_xml('<row><c t="s"><v>0</v></c></row>')
    assert read_all(package(content), "a.xlsx") == [["a"]]


def without(name: str) -> bytes:
    content = parts(text_row("a"))
    del content[name]
    return package(content)


def changed(name: str, old: str, new: str) -> bytes:
    content = parts(text_row("a") + text_row("1"))
    assert old in content[name]
    content[name] = content[name].replace(old, new)
    return package(content)


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        pytest.param(package({"readme.txt": "x"}), "FILE_NOT_A_WORKBOOK", "an archive", id="other archive"),
        pytest.param(package({}), "FILE_NOT_A_WORKBOOK", "an archive", id="empty archive"),
        pytest.param(package({"xl/workbook.bin": "x"}), "FILE_NOT_A_WORKBOOK", ".xlsb", id="binary workbook"),
        pytest.param(package({"META-INF/manifest.xml": "x"}), "FILE_NOT_A_WORKBOOK", "OpenDocument", id="OpenDocument"),
        pytest.param(
            package(
                {"_rels/.rels": ROOT_RELATIONS.replace("xl/workbook", "word/document"), "word/document.xml": "<d/>"}
            ),
            "FILE_NOT_A_WORKBOOK",
            "a Word document",
            id="Word",
        ),
        pytest.param(changed("xl/workbook.xml", "workbook", "document"), "FILE_NOT_A_WORKBOOK", "", id="another root"),
        pytest.param(without("xl/workbook.xml"), "FILE_NOT_A_WORKBOOK", "", id="no workbook"),
        pytest.param(without("xl/worksheets/sheet1.xml"), "FILE_BROKEN_WORKBOOK", "missing", id="no sheet"),
        pytest.param(without("xl/_rels/workbook.xml.rels"), "FILE_SHEET_NOT_FOUND", "", id="no relations"),
        pytest.param(
            changed("xl/worksheets/sheet1.xml", "</sheetData>", ""), "FILE_BROKEN_WORKBOOK", "not XML", id="broken XML"
        ),
        pytest.param(
            changed("xl/worksheets/sheet1.xml", "</sheetData></worksheet>", ""),
            "FILE_BROKEN_WORKBOOK",
            "not XML",
            id="XML cut short",
        ),
        pytest.param(changed("xl/worksheets/sheet1.xml", MAIN, "urn:x"), "FILE_BROKEN_WORKBOOK", "", id="namespace"),
        pytest.param(GOOD[:-30], "FILE_BROKEN_WORKBOOK", "cut short", id="archive cut short"),
        pytest.param(b"PK\x03\x04" + b"x" * 500, "FILE_BROKEN_WORKBOOK", "", id="no archive at all"),
        pytest.param(
            package(parts(text_row("a")), zipfile.ZIP_BZIP2), "FILE_BROKEN_WORKBOOK", "compressed", id="bzip2"
        ),
    ],
)
def test_rejected(data: bytes, code: str, words: str) -> None:
    error = rejection(data, "a.xlsx")
    assert (error.code, words in error.message) == (code, True), error.message


def test_part_twice() -> None:
    data = io.BytesIO(GOOD)
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("XL/worksheets/Sheet1.xml", sheet_xml(text_row("b")))
    assert rejection(data.getvalue(), "a.xlsx").code == "FILE_BROKEN_WORKBOOK"


def test_checksum_is_checked() -> None:
    """The data may unpack, parse and still not be what was written."""
    data = package(parts(text_row("a") + text_row("value")), zipfile.ZIP_STORED)
    assert read_all(data, "a.xlsx")[1] == ["value"]
    assert rejection(data.replace(b"value", b"VALUE"), "a.xlsx").code == "FILE_BROKEN_WORKBOOK"


def test_declared_size_is_not_believed() -> None:
    """A part that says it is shorter than it is would be read half."""
    content = parts(text_row("a") + text_row("1") * 9)
    data = package(content, zipfile.ZIP_STORED)
    size = struct.pack("<L", len(content["xl/worksheets/sheet1.xml"]))
    shorter = struct.pack("<L", len(content["xl/worksheets/sheet1.xml"]) - 100)
    assert data.count(size) >= 2
    assert rejection(data.replace(size, shorter), "a.xlsx").code == "FILE_BROKEN_WORKBOOK"


def test_encrypted_archive() -> None:
    data = bytearray(GOOD)
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    assert rejection(bytes(data), "a.xlsx").code == "FILE_PASSWORD_PROTECTED"


def test_temporary_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the rows end, are left in the middle, or nothing can be read; and they lie where TMPDIR says."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("this system does not list a process's open files")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def open_temporary_files() -> int:
        gc.collect()
        links = [os.readlink(link) for link in descriptors.iterdir() if link.is_symlink()]
        return sum(link.startswith(str(tmp_path)) for link in links)

    table = open_bytes(GOOD, "a.xlsx")
    assert open_temporary_files() > 0
    list(table.rows())
    assert open_temporary_files() == 0
    rows = open_bytes(workbook(text_row("a") * 9), "a.xlsx").rows()
    next(rows)
    del rows
    assert open_temporary_files() == 0
    rejection(GOOD[:-30], "a.xlsx")
    rejection(SHEETS, "a.xlsx", sheet="Nobody")
    assert open_temporary_files() == 0
