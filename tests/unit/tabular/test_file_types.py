"""What kind of file it is: magic bytes before the asked type before the name; and the stream's size."""

from __future__ import annotations

from typing import BinaryIO, cast

import pytest

from contacts.domain.errors import FileRejected
from contacts.domain.table import TableLimits
from contacts.tabular.bounded_source import IncompleteSource
from contacts.tabular.file_type import HEAD_BYTES
from contacts.tabular.open_table import open_table
from tests.unit.tabular.uploads import OneWayStream, open_bytes, rejection
from tests.unit.tabular.workbooks import text_row, workbook

WORKBOOK = workbook(text_row("a") + text_row("1"))
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
CSV = b"a\n1\n"
JSON = b' [ {"a": "1"} ] '


def directory_entry(name: str) -> bytes:
    return name.encode("utf-16-le").ljust(64, b"\0") + bytes(64)


@pytest.mark.parametrize(
    ("data", "file_name", "file_type", "expected"),
    [
        (CSV, "a.csv", None, "csv"),
        (CSV, "a.tsv", None, "csv"),
        (CSV, "a.txt", None, "csv"),
        (CSV, "no ending", None, "csv"),
        (CSV, "a.json", "csv", "csv"),
        (CSV, "a.xlsx", "CSV", "csv"),
        (CSV, "a.tsv", "tsv", "csv"),
        (JSON, "a.json", None, "json"),
        (JSON, "a.txt", None, "json"),
        (JSON, "a.csv", None, "json"),
        (JSON, "a.csv", "json", "json"),
        (b'\xef\xbb\xbf{"a": "1"}\n', "a.txt", None, "json"),
        (b'{"a": "1"}\n', "a.jsonl", "jsonl", "json"),
        (b'{"a": "1"}\n', "a.x", "ndjson", "json"),
        (b"[]", "a.json", None, "json"),
        (b"[x]\n1\n", "a.csv", None, "csv"),
        (b"{x},b\n1,2\n", "a.csv", "csv", "csv"),
        (WORKBOOK, "a.xlsx", None, "xlsx"),
        (WORKBOOK, "a.csv", None, "xlsx"),
        (WORKBOOK, "a.xls", "xlsx", "xlsx"),
    ],
)
def test_detected(data: bytes, file_name: str, file_type: str | None, expected: str) -> None:
    table = open_bytes(data, file_name, file_type=file_type)
    assert table.file_type == expected
    list(table.rows())


@pytest.mark.parametrize(
    ("data", "file_name", "file_type", "code"),
    [
        (b"", "a.xlsx", "xlsx", "FILE_EMPTY"),
        (b"", "a.json", None, "FILE_EMPTY"),
        (b"  \n", "a.json", None, "FILE_EMPTY"),
        (CSV, "a.csv", "parquet", "FILE_TYPE_NOT_SUPPORTED"),
        (CSV, "a.xlsx", None, "FILE_NOT_A_WORKBOOK"),
        (CSV, "a.csv", "xlsx", "FILE_NOT_A_WORKBOOK"),
        (b"<html><table>", "a.xls", None, "FILE_TYPE_NOT_SUPPORTED"),
        (WORKBOOK, "a.csv", "csv", "FILE_TYPE_MISMATCH"),
        (WORKBOOK, "a.json", "json", "FILE_TYPE_MISMATCH"),
        (COMPOUND, "a.csv", "csv", "FILE_TYPE_MISMATCH"),
        (JSON, "a.json", "csv", "FILE_TYPE_MISMATCH"),
        (CSV, "a.json", None, "FILE_NOT_JSON"),
        (CSV, "a.csv", "json", "FILE_NOT_JSON"),
        (b"%PDF-1.7\n", "a.csv", None, "FILE_TYPE_NOT_SUPPORTED"),
        (b"\x1f\x8b\x08\0", "a.csv", "csv", "FILE_TYPE_NOT_SUPPORTED"),
        (b"\x89PNG\r\n", "a.csv", None, "FILE_TYPE_NOT_SUPPORTED"),
        ("\ufeff<!DOCTYPE html>".encode("utf-16-le"), "a.csv", None, "FILE_TYPE_NOT_SUPPORTED"),
        (COMPOUND + directory_entry("Workbook"), "a.xls", None, "FILE_OLD_EXCEL"),
        (COMPOUND + directory_entry("Book"), "a.xls", None, "FILE_OLD_EXCEL"),
        (COMPOUND + directory_entry("EncryptedPackage"), "a.xlsx", None, "FILE_PASSWORD_PROTECTED"),
        (COMPOUND + directory_entry("WordDocument"), "a.doc", None, "FILE_NOT_A_WORKBOOK"),
    ],
)
def test_rejected(data: bytes, file_name: str, file_type: str | None, code: str) -> None:
    assert rejection(data, file_name, file_type=file_type).code == code


def test_stream_name_across_blocks() -> None:
    """A compound file is searched block by block, and a name may lie in several."""
    data = COMPOUND + bytes(HEAD_BYTES) + directory_entry("EncryptedPackage")
    assert rejection(data, at_most=7).code == "FILE_PASSWORD_PROTECTED"


def read_stream(stream: OneWayStream, *, size: int, file_name: str, limits: TableLimits | None = None) -> None:
    source = cast(BinaryIO, stream)
    table = open_table(
        source, size=size, file_name=file_name, file_type=None, columns=[], limits=limits or TableLimits()
    )
    list(table.rows())


@pytest.mark.parametrize(("data", "file_name"), [(CSV * 99, "a.csv"), (JSON, "a.json"), (WORKBOOK, "a.xlsx")])
@pytest.mark.parametrize("announced", [True, False], ids=["by its size", "by its bytes"])
def test_too_large(data: bytes, file_name: str, *, announced: bool) -> None:
    stream = OneWayStream(data, at_most=10)
    limits = TableLimits(max_bytes=len(data) - 1)
    with pytest.raises(FileRejected) as caught:
        read_stream(stream, size=len(data) if announced else 1, file_name=file_name, limits=limits)
    assert (caught.value.code, caught.value.field) == ("FILE_TOO_LARGE", "max_bytes")
    assert not announced or stream.given == 0
    assert len(list(open_bytes(data, file_name, limits=TableLimits(max_bytes=len(data))).rows())) > 0


@pytest.mark.parametrize(("data", "file_name"), [(CSV, "a.csv"), (JSON, "a.json"), (WORKBOOK, "a.xlsx")])
def test_stream_that_ends_early_is_trouble_with_the_transfer(data: bytes, file_name: str) -> None:
    """Never a shorter file: `a\\n1\\n` of a longer CSV file reads perfectly well."""
    with pytest.raises(IncompleteSource):
        read_stream(OneWayStream(data), size=len(data) + 1, file_name=file_name)


@pytest.mark.parametrize(
    ("data", "file_name"),
    [
        (b"a\n1\n2\n\n3\n", "a.csv"),
        (b'[{"a":1},{"a":2},{"a":3}]', "a.json"),
        (workbook(text_row("a") + text_row("1") + text_row("2") + "<row/>" + text_row("3")), "a.xlsx"),
    ],
)
def test_too_many_rows(data: bytes, file_name: str) -> None:
    error = rejection(data, file_name, limits=TableLimits(max_rows=2))
    assert (error.code, error.field) == ("TOO_MANY_ROWS", "max_rows")
    assert len(list(open_bytes(data, file_name, limits=TableLimits(max_rows=3)).rows())) == 3


@pytest.mark.parametrize(
    ("data", "file_name"),
    [(b"a,b,c\n", "a.csv"), (b'[{"a":1,"b":2,"c":3}]', "a.json"), (workbook(text_row("a", "b", "c")), "a.xlsx")],
)
def test_too_many_columns(data: bytes, file_name: str) -> None:
    error = rejection(data, file_name, limits=TableLimits(max_columns=2))
    assert (error.code, error.field) == ("FILE_TOO_MANY_COLUMNS", "max_columns")
    assert open_bytes(data, file_name, limits=TableLimits(max_columns=3)).header == ("a", "b", "c")
