"""CSV: which character separates the columns."""

from __future__ import annotations

import pytest

from tests.unit.tabular.uploads import read_all


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_each_delimiter(delimiter: str) -> None:
    data = delimiter.join(["email", "name", "zip"]) + "\n" + delimiter.join(["a@b.example", "Ann", "01234"]) + "\n"
    assert read_all(data.encode()) == [["email", "name", "zip"], ["a@b.example", "Ann", "01234"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "name;price\nAnn;1,50\nBob;2,75\n",
            [["name", "price"], ["Ann", "1,50"], ["Bob", "2,75"]],
            id="decimal commas",
        ),
        pytest.param('"a,b,c";"d|e"\n"1,2";3\n', [["a,b,c", "d|e"], ["1,2", "3"]], id="quoted delimiters don't count"),
        pytest.param(
            "name, first;email\nAnn;a@b.example\n",
            [["name, first", "email"], ["Ann", "a@b.example"]],
            id="the rows agree with one only",
        ),
        pytest.param('"Id";"Name, a, b"\n', [["Id", "Name, a, b"]], id="nor in a header alone"),
        pytest.param("email\na@b.example\n", [["email"], ["a@b.example"]], id="one column"),
        pytest.param("a,b,c\n1\n1,2\n", [["a", "b", "c"], ["1"], ["1", "2"]], id="all rows ragged"),
        pytest.param("a|b\n", [["a", "b"]], id="header alone"),
        pytest.param('a,b\n1,2\n3,"x', None, id="a broken row at the end of the sample speaks against nobody"),
        pytest.param("sep=;\na,b;c\n1;2\n", [["a,b", "c"], ["1", "2"]], id="sep= wins"),
        pytest.param('"sep=|"\r\na|b\r\n', [["a", "b"]], id="sep= quoted"),
        pytest.param("SEP=\t\na\tb\n", [["a", "b"]], id="sep= TAB"),
        pytest.param("sep=:\na:b\n1:2\n", [["a", "b"], ["1", "2"]], id="sep= any character"),
        pytest.param("sep,x\n1,2\n", [["sep", "x"], ["1", "2"]], id="a column called sep"),
    ],
)
def test_detection(text: str, expected: list[list[str]] | None) -> None:
    if expected is None:
        from contacts.tabular.csv_delimiter import detect_delimiter

        assert detect_delimiter(text, []) == ","
    else:
        assert read_all(text.encode()) == expected


def test_mapped_columns_decide() -> None:
    """Nothing else tells the two apart: both give two columns in each row."""
    data = b"a,b;c\n1,2;3\n"
    assert read_all(data, columns=["b;c"])[0] == ["a", "b;c"]
    assert read_all(data, columns=["a,b"])[0] == ["a,b", "c"]
    assert read_all(data, columns=[" a,b "])[0] == ["a,b", "c"]


def test_utf8_mark_before_sep_line() -> None:
    assert read_all("\ufeffsep=;\na;b\n".encode()) == [["a", "b"]]
