"""What kind of file it is: by its first bytes, by what the caller said, by its name, in this order of trust."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import PurePath

from contacts.domain.errors import FileRejected

HEAD_BYTES = 4096

_ASKED_TYPES = {"csv": "csv", "tsv": "csv", "xlsx": "xlsx", "json": "json", "jsonl": "json", "ndjson": "json"}
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb"})
_JSON_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN_MAGIC = {
    b"%PDF-": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"{\\rtf": "a Rich Text document",
}
_MARKUP = re.compile(rb"<(!doctype|html|\?xml|table)", re.IGNORECASE)
# No CSV header starts like this, whatever its name: an object, or an array of objects, and its first key.
_JSON_START = re.compile(rb'(\[\s*)?\{\s*["}]')


class Content(Enum):
    """What a file is read as. COMPOUND is the container of old and of encrypted workbooks, and always refused."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    COMPOUND = "compound"


def detect_content(head: bytes, *, file_name: str, file_type: str | None) -> Content:
    """Decides from the first `HEAD_BYTES` of the file.

    Raises:
        FileRejected: FILE_EMPTY, FILE_TYPE_NOT_SUPPORTED, FILE_TYPE_MISMATCH or FILE_NOT_A_WORKBOOK.
    """
    asked = _asked_type(file_type)
    if not head:
        raise FileRejected("The file is empty.", code="FILE_EMPTY")
    binary = _binary_content(head)
    if binary is not None:
        if asked not in (None, Content.XLSX):
            raise _mismatch(asked, "an Excel workbook")
        return binary
    suffix = PurePath(file_name).suffix.lower()
    if asked is Content.XLSX or (asked is None and suffix in _WORKBOOK_SUFFIXES):
        raise FileRejected(
            "The file is not an Excel workbook (.xlsx). If it is a text file, rename it to .csv.",
            code="FILE_NOT_A_WORKBOOK",
        )
    starts_as_json = _JSON_START.match(_as_ascii(head)) is not None
    if asked is Content.CSV and starts_as_json:
        raise _mismatch(asked, "JSON")
    if asked is not None:
        return asked
    return Content.JSON if starts_as_json or suffix in _JSON_SUFFIXES else Content.CSV


def _asked_type(file_type: str | None) -> Content | None:
    if file_type is None:
        return None
    known = _ASKED_TYPES.get(file_type.lower())
    if known is None:
        raise FileRejected(
            f"The file type must be one of {', '.join(sorted(_ASKED_TYPES))}.",
            code="FILE_TYPE_NOT_SUPPORTED",
            field="fileType",
        )
    return Content(known)


def _binary_content(head: bytes) -> Content | None:
    if head.startswith(_ZIP_MAGIC):
        return Content.XLSX
    if head.startswith(_COMPOUND_MAGIC):
        return Content.COMPOUND
    for magic, name in _FOREIGN_MAGIC.items():
        if head.startswith(magic):
            raise _not_supported(name)
    if _MARKUP.match(_as_ascii(head)):
        raise _not_supported("HTML or XML")
    return None


def _as_ascii(head: bytes) -> bytes:
    """The head without byte order mark, the NUL halves of UTF-16 and leading blanks: good enough to recognise ASCII."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe").replace(b"\0", b"").lstrip()


def _not_supported(name: str) -> FileRejected:
    return FileRejected(
        f"The file is {name}; CSV, XLSX and JSON can be imported.", code="FILE_TYPE_NOT_SUPPORTED", field="fileType"
    )


def _mismatch(asked: Content | None, found: str) -> FileRejected:
    name = asked.value if asked else "unknown"
    return FileRejected(
        f"The file was announced as {name}, but its content is {found}.", code="FILE_TYPE_MISMATCH", field="fileType"
    )
