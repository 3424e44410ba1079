"""Compound files (OLE2, [MS-CFB]): no table can be read from one, but its owner deserves to hear why."""

from __future__ import annotations

from contacts.domain.errors import FileRejected
from contacts.tabular.bounded_source import BoundedSource

_BLOCK_BYTES = 1 << 20


def _stream_name(name: str) -> bytes:
    """A directory entry's name as the file holds it: UTF-16 with a closing NUL."""
    return (name + "\0").encode("utf-16-le")


# An encrypted OOXML workbook is a compound file with this stream ([MS-OFFCRYPTO] 2.3.4.4); .xls has one of the others.
_ENCRYPTED = _stream_name("EncryptedPackage")
_OLD_EXCEL = (_stream_name("Workbook"), _stream_name("Book"))


def rejection_of_compound_file(source: BoundedSource) -> FileRejected:
    """Reads the file through, at constant memory, and says what kind of compound file it is."""
    overlap = len(_ENCRYPTED)
    tail = b""
    old_excel = False
    while block := source.read(_BLOCK_BYTES):
        window = tail + block
        if _ENCRYPTED in window:
            return FileRejected(
                "The workbook is protected with a password. Save it without one and import it again.",
                code="FILE_PASSWORD_PROTECTED",
            )
        old_excel = old_excel or any(name in window for name in _OLD_EXCEL)
        tail = window[-overlap:]
    if old_excel:
        return FileRejected(
            "The file is an Excel 97-2003 workbook (.xls). Save it as .xlsx and import it again.", code="FILE_OLD_EXCEL"
        )
    return FileRejected("The file is an old Office document, but not an Excel workbook.", code="FILE_NOT_A_WORKBOOK")
