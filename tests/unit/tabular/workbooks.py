"""Workbooks made part by part, so that a test says exactly what XML it means."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

ROOT_RELATIONS = (
    f'<Relationships xmlns="{PACKAGE}">'
    f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
WORKBOOK_RELATIONS = (
    f'<Relationships xmlns="{PACKAGE}">'
    f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
    "</Relationships>"
)
WORKBOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>'
)


def sheet_xml(rows: str, before: str = "") -> str:
    return f'<?xml version="1.0"?><worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData></worksheet>'


def strings_xml(*items: str) -> str:
    return f'<sst xmlns="{MAIN}">{"".join(f"<si>{item}</si>" for item in items)}</sst>'


def styles_xml(*formats: tuple[int, str | None]) -> str:
    """One cell style for each number format: its id, and its code where it is a custom one."""
    custom = "".join(f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for number, code in formats if code)
    cells = "".join(f'<xf numFmtId="{number}"/>' for number, _ in formats)
    # The style sheets before cellXfs count differently, and must not be mixed up with it.
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts>{custom}</numFmts><cellStyleXfs><xf numFmtId="14"/><xf numFmtId="14"/>'
        f"</cellStyleXfs><cellXfs>{cells}</cellXfs></styleSheet>"
    )


def parts(rows: str, *, strings: str | None = None, styles: str | None = None, before: str = "") -> dict[str, str]:
    """The parts of a small workbook whose one sheet has these rows."""
    result = {
        "_rels/.rels": ROOT_RELATIONS,
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": WORKBOOK_RELATIONS,
        "xl/worksheets/sheet1.xml": sheet_xml(rows, before),
    }
    if strings is not None:
        result["xl/sharedStrings.xml"] = strings
    if styles is not None:
        result["xl/styles.xml"] = styles
        result["xl/_rels/workbook.xml.rels"] = WORKBOOK_RELATIONS.replace(
            "</", f'<Relationship Id="r3" Type="{OFFICE}/styles" Target="styles.xml"/></'
        )
    return result


def package(content: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return data.getvalue()


def workbook(rows: str, *, strings: str | None = None, styles: str | None = None, before: str = "") -> bytes:
    return package(parts(rows, strings=strings, styles=styles, before=before))


def text_cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def text_row(*texts: str) -> str:
    return f"<row>{''.join(map(text_cell, texts))}</row>"
