"""Finds one's way in a workbook: which part holds the wanted sheet, the shared strings and the number formats."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Final

from contacts.domain.errors import FileRejected
from contacts.tabular.xlsx_numbers import DateStyle, date_style_of
from contacts.tabular.xlsx_package import WorkbookPackage, broken_workbook
from contacts.tabular.xlsx_sheet_names import continuation_name
from contacts.tabular.xlsx_xml import walk

# What other programs pack into an archive, by a part that only theirs have.
_FOREIGN_PARTS: Final = {
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "meta-inf/manifest.xml": "an OpenDocument file",
    "index/document.iwa": "an Apple Numbers or Pages document",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    visible: bool
    part: str


@dataclass(frozen=True, slots=True)
class _Relation:
    kind: str
    target: str


@dataclass(frozen=True, slots=True)
class Workbook:
    """The parts that reading a sheet takes; `shared_strings` is None where the workbook has none."""

    sheets: tuple[Sheet, ...]
    shared_strings: str | None
    styles: str | None
    epoch_1904: bool

    def sheet(self, name: str | None) -> Sheet:
        """The worksheet of that name, without regard to case as in Excel; without a name, the first visible one.

        Raises:
            FileRejected: FILE_SHEET_NOT_FOUND; the message names the worksheets there are.
        """
        for sheet in self.sheets:
            if sheet.visible if name is None else sheet.name.casefold() == name.casefold():
                return sheet
        names = ", ".join(f'"{sheet.name[:31]}"' for sheet in self.sheets[:20]) or "none"
        what = "no visible worksheet" if name is None else "no worksheet of the asked name"
        raise FileRejected(
            f"The workbook has {what}. Its worksheets: {names}.", code="FILE_SHEET_NOT_FOUND", field="sheet"
        )

    def continuations(self, first: Sheet) -> list[Sheet]:
        """The sheets that can go on where `first` ends: those right behind it, visible, "<its name> 2" and so on.

        They do if they have its header, too, which is for the reader to see.
        """
        found: list[Sheet] = []
        for sheet in self.sheets[self.sheets.index(first) + 1 :]:
            name = continuation_name(first.name, len(found) + 2)
            if not sheet.visible or sheet.name.casefold() != name.casefold():
                break
            found.append(sheet)
        return found


def read_workbook(package: WorkbookPackage) -> Workbook:
    """
    Raises:
        FileRejected: FILE_NOT_A_WORKBOOK for another program's archive, FILE_BROKEN_WORKBOOK.
    """
    root = _relations(package, "")
    main = next((relation.target for relation in root.values() if relation.kind == "officeDocument"), None)
    if main is None or main not in package or not main.lower().endswith(".xml") or "/document" in main:
        raise _not_a_workbook(package)
    relations = _relations(package, main)
    by_kind = {relation.kind: relation.target for relation in relations.values()}
    sheets: list[Sheet] = []
    epoch_1904 = False

    def visit(path: tuple[str, ...], attributes: dict[str, str]) -> None:
        nonlocal epoch_1904
        if len(path) == 1 and path != ("workbook",):
            raise _not_a_workbook(package)
        if path == ("workbook", "workbookPr"):
            epoch_1904 = attributes.get("date1904", "").lower() in {"1", "true", "on"}
        elif path == ("workbook", "sheets", "sheet"):
            relation = relations.get(_relation_id(attributes))
            # Charts and macro sheets are listed, too, and have no cells.
            if relation is not None and relation.kind == "worksheet":
                visible = attributes.get("state", "visible") == "visible"
                sheets.append(Sheet(attributes.get("name", ""), visible, relation.target))

    walk(package, main, visit)
    return Workbook(tuple(sheets), by_kind.get("sharedStrings"), by_kind.get("styles"), epoch_1904)


def read_cell_styles(package: WorkbookPackage, part: str | None) -> dict[str, DateStyle | None]:
    """What each cell style makes of a number, by the index that cells name it with; None is a plain number."""
    if part is None:
        return {}
    formats: dict[int, str] = {}
    styles: dict[str, DateStyle | None] = {}

    def visit(path: tuple[str, ...], attributes: dict[str, str]) -> None:
        if path == ("styleSheet", "numFmts", "numFmt"):
            formats[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif path == ("styleSheet", "cellXfs", "xf"):
            number_format = _number(attributes.get("numFmtId"))
            styles[str(len(styles))] = date_style_of(number_format, formats.get(number_format))

    walk(package, part, visit)
    return styles


def _relations(package: WorkbookPackage, part: str) -> dict[str, _Relation]:
    """The relations of a part ("" is the package itself) by id; targets are full names of parts."""
    folder, name = posixpath.split(part)
    relations_part = posixpath.join(folder, "_rels", f"{name}.rels")
    relations: dict[str, _Relation] = {}

    def visit(path: tuple[str, ...], attributes: dict[str, str]) -> None:
        if path == ("Relationships", "Relationship") and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            # The kinds of Transitional and Strict OOXML differ in all but their last word.
            kind = attributes.get("Type", "").rpartition("/")[2]
            relations[attributes.get("Id", "")] = _Relation(kind, target.lstrip("/"))

    if relations_part in package:
        walk(package, relations_part, visit)
    return relations


def _relation_id(attributes: dict[str, str]) -> str:
    return next((value for name, value in attributes.items() if name.endswith(":id")), "")


def _number(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise broken_workbook("a number format has no number.")
    return int(text[:9])


def _not_a_workbook(package: WorkbookPackage) -> FileRejected:
    found = next((name for part, name in _FOREIGN_PARTS.items() if part in package), "an archive")
    return FileRejected(
        f"The file is {found}, not an Excel workbook (.xlsx). Save it as .xlsx or CSV and import it again.",
        code="FILE_NOT_A_WORKBOOK",
    )
