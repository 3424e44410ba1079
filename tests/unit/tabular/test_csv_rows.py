"""CSV: what is a row, what is a cell, and what is refused."""

from __future__ import annotations

import csv
from typing import BinaryIO, cast

import pytest

from contacts.domain.errors import FileRejected
from contacts.domain.table import TableLimits
from contacts.tabular.csv_table import SAMPLE_CHARS
from contacts.tabular.open_table import open_table
from contacts.tabular.text_blocks import BLOCK_BYTES, MAX_ROW_CHARS
from tests.unit.tabular.uploads import EndlessStream, open_bytes, read_all, rejection


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"a,b\r\n1,2\r\n3,4\r\n", [["a", "b"], ["1", "2"], ["3", "4"]], id="CRLF"),
        pytest.param(b"a,b\n1,2\n3,4", [["a", "b"], ["1", "2"], ["3", "4"]], id="LF, none at the end"),
        pytest.param(b"a,b\r1,2\r3,4\r", [["a", "b"], ["1", "2"], ["3", "4"]], id="bare CR"),
        pytest.param(b"a,b\r\n1,2\n3,4\r5,6", [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]], id="mixed line ends"),
        pytest.param(b'a,b\n"x\ny","p\r\nq"\n', [["a", "b"], ["x\ny", "p\r\nq"]], id="quoted line breaks"),
        pytest.param(b'a\r"x\ry"\r', [["a"], ["x\ry"]], id="quoted bare CR"),
        pytest.param(b'a,b\n"say ""hi""",""""\n', [["a", "b"], ['say "hi"', '"']], id="doubled quotes"),
        pytest.param(b'a,b\n5" disk,x"y"\n', [["a", "b"], ['5" disk', 'x"y"']], id="quotes within a bare cell"),
        pytest.param(b"a,b\n1\n1,2,3\n", [["a", "b"], ["1"], ["1", "2", "3"]], id="ragged rows as they are"),
        pytest.param(b"\n\r\na,b\n\n1,2\n   \n,\n3,4\n\n", [["a", "b"], ["1", "2"], ["3", "4"]], id="blank lines"),
        pytest.param(b"a,b\n , x \n", [["a", "b"], [" ", " x "]], id="no trimming"),
        pytest.param(b" a ,\tb\n1,2\n", [["a", "b"], ["1", "2"]], id="header trimmed"),
        pytest.param(
            b"a,b,c,d\n007,+4412,=SUM(A1),@me\n",
            [["a", "b", "c", "d"], ["007", "+4412", "=SUM(A1)", "@me"]],
            id="as is",
        ),
        pytest.param(
            b"a\x0bb,c\nx\x0cy\x1cz,\xc2\x85\xe2\x80\xa8\n",
            [["a\x0bb", "c"], ["x\x0cy\x1cz", "\x85\u2028"]],
            id="only CR and LF end a line",
        ),
        pytest.param("a\n\ufffd\n".encode(), [["a"], ["\ufffd"]], id="a U+FFFD of the file's own stays"),
    ],
)
@pytest.mark.parametrize("at_most", [1, 3, 1 << 20])
def test_rows_and_cells(data: bytes, expected: list[list[str]], at_most: int) -> None:
    assert read_all(data, at_most=at_most) == expected


@pytest.mark.parametrize(
    "data", [b"", b"\n\n \r\n", b"\xef\xbb\xbf", b",,\n"], ids=["no byte", "blanks", "mark", "delimiters"]
)
def test_empty_file(data: bytes) -> None:
    assert rejection(data).code == "FILE_EMPTY"


def test_a_row_of_more_cells_than_columns_are_allowed_is_refused_by_name() -> None:
    limits = TableLimits(max_columns=3)
    error = rejection(b'a,b\n1,2\n\n"x\ny",2,3\n1,2,3,4\n', limits=limits)
    assert (error.code, error.field) == ("FILE_TOO_MANY_COLUMNS", "max_columns")
    assert error.message == "Row 3 (line 6) has more than 3 columns."
    assert rejection(b"a,b\n,,,4\n", limits=limits).code == "FILE_TOO_MANY_COLUMNS"
    assert read_all(b"a,b\n,,,\n1,2,3\n", limits=limits) == [["a", "b"], ["1", "2", "3"]], "blank, and of that width"


@pytest.mark.parametrize(
    ("header", "row", "refused"),
    [
        ("a,b,c,row,code,error", "1,2,3,4,5,6", False),
        ("a,b,c,row,code,error", "1,2,3", False),
        ("a,b,c,row,code,error", "1,2,3,4", True),
        ("a,b,c,row,code,error", "1,2,3,4,5,6,7", True),
        ("a,b,c,d,row,code,error", "", True),
        ("a,(beyond the header),(beyond the header),row,code,error", "1,2,3,4,5,6", False),
        ("a,b,c,row,error,code", "", True),
        ("code,b,c,row,code,error", "", False),
    ],
)
def test_a_list_of_failed_rows_has_its_three_columns_on_top(header: str, row: str, *, refused: bool) -> None:
    data, limits = f"{header}\n{row}\n".encode(), TableLimits(max_columns=3)
    if refused:
        assert rejection(data, limits=limits).code == "FILE_TOO_MANY_COLUMNS"
    else:
        assert read_all(data, limits=limits)[0] == header.split(",")


def test_columns_of_these_names_that_are_mapped_are_the_files_own() -> None:
    error = rejection(b"a,b,c,row,code,error\n", columns=["code"], limits=TableLimits(max_columns=5))
    assert error.message == "The header (line 1) has more than 5 columns."


def test_header_alone_is_no_rows() -> None:
    table = open_bytes(b"email,name\n")
    assert (table.header, list(table.rows())) == (("email", "name"), [])


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        pytest.param(b'a,b\n1,2\n3,"x\n', "FILE_UNTERMINATED_QUOTE", "Row 2 (line 3)", id="to the end"),
        pytest.param(
            b'a,b\n1,2\n\n3,"x\n4,"y",z\n', "FILE_UNTERMINATED_QUOTE", "Row 2 (line 4)", id="to the next quote"
        ),
        pytest.param(b'a,b\n1,"x" y\n', "FILE_STRAY_QUOTE", "Row 1 (line 2)", id="text after the quote"),
        pytest.param(b'sep=,\n"a,b\n1,2\n', "FILE_UNTERMINATED_QUOTE", "The header (line 2)", id="header"),
        pytest.param(b"a,b\n1,2\n3,x\0y\n", "FILE_NUL_CHARACTER", "Row 2 (line 3)", id="NUL"),
    ],
)
def test_broken_rows_name_their_place(data: bytes, code: str, place: str) -> None:
    error = rejection(data, columns=["a", "b"])
    assert (error.code, place in error.message) == (code, True), error.message


def test_line_numbers_where_blocks_part_a_crlf() -> None:
    lines = SAMPLE_CHARS // 2
    error = rejection(b"a\r\n" + b"1\r\n" * lines + b"\0\r\n", at_most=1)
    assert f"Row {lines + 1} (line {lines + 2})" in error.message


def test_quote_that_is_never_closed_in_a_large_file() -> None:
    data = b"a,b\n" + b"1,2\n" * 9 + b'3,"x\n' + b"4,y\n" * 100_000
    error = rejection(data)
    assert error.code == "FILE_UNTERMINATED_QUOTE"
    assert "Row 10 (line 11)" in error.message


@pytest.mark.parametrize("chars", [20, 200_000], ids=["below the csv module's own limit", "above it"])
def test_longest_cell(chars: int) -> None:
    limits = TableLimits(max_cell_chars=chars)
    fits, too_long = b"x" * chars, b"x" * (chars + 1)
    assert read_all(b"a,b\n1," + fits + b"\n", limits=limits)[1] == ["1", fits.decode()]
    error = rejection(b"a,b\n1,2\n3," + too_long + b"\n", limits=limits)
    assert (error.code, error.field) == ("FILE_CELL_TOO_LONG", "max_cell_chars")
    assert "Row 2" in error.message


def test_limit_of_the_csv_module_is_never_lowered() -> None:
    """Another reader in the process may be at work with a higher one."""
    before = csv.field_size_limit()
    read_all(b"a\n1\n", limits=TableLimits(max_cell_chars=20))
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("prefix", "block"),
    [
        pytest.param(b"a,b\n1,2\n", b"x" * BLOCK_BYTES, id="a cell"),
        pytest.param(b"a,b\n1,2\n", b"x," * BLOCK_BYTES, id="a line"),
        pytest.param(b"a,b\n1,2\n", b'"x\n",' * BLOCK_BYTES, id="a record of many lines"),
        pytest.param(b"", b"x" * BLOCK_BYTES, id="the header"),
    ],
)
def test_endless_record_ends_early(prefix: bytes, block: bytes) -> None:
    stream = cast(BinaryIO, EndlessStream(prefix, block, patience=4 * MAX_ROW_CHARS))
    with pytest.raises(FileRejected) as caught:
        list(open_table(stream, size=1 << 29, file_name="a.csv", file_type=None, columns=[]).rows())
    assert caught.value.code in {"FILE_ROW_TOO_LONG", "FILE_CELL_TOO_LONG"}


def test_many_blank_lines_are_no_long_row() -> None:
    assert read_all(b"a\n" + b"\n" * (MAX_ROW_CHARS + BLOCK_BYTES) + b"1\n") == [["a"], ["1"]]


def test_rows_can_be_read_once() -> None:
    table = open_bytes(b"a\n1\n")
    assert list(table.rows()) == [["1"]]
    with pytest.raises(RuntimeError):
        table.rows()
