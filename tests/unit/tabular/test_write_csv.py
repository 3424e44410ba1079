"""CSV as it is written: RFC 4180, formulas inert, and every text back again through our reader and others."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain.formula_marks import unmark
from contacts.tabular.cell_text import Cell
from contacts.tabular.write_csv import write_csv
from tests.unit.tabular.uploads import read_all
from tests.unit.tabular.written_texts import naughty_strings, texts_for_csv

HEADER = ["email", "name", "note"]
EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)


def written(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, bom: bool = False) -> bytes:
    return b"".join(write_csv(columns, iter(rows), bom=bom))


def unmarked(rows: list[list[str]]) -> list[list[str]]:
    return [[unmark(cell) for cell in row] for row in rows]


def test_rfc_4180() -> None:
    rows = [["a@x.io", 'say "hi"', "one, two"], ["b@x.io", "line\r\nbreak", None], ["c@x.io", "", "ü"]]
    assert written(HEADER, rows).decode() == (
        'email,name,note\r\na@x.io,"say ""hi""","one, two"\r\nb@x.io,"line\r\nbreak",\r\nc@x.io,,ü\r\n'
    )


def test_byte_order_mark() -> None:
    assert written(HEADER, [], bom=True) == b"\xef\xbb\xbfemail,name,note\r\n"
    assert written(HEADER, []) == b"email,name,note\r\n"


def test_formulas_are_marked_and_phones_are_not() -> None:
    data = written(["=email", "phone"], [["=1+1", "+49 30 123"], ["'@x", "-5"], ["\r", "(030) 1"]])
    assert data.decode() == "'=email,phone\r\n'=1+1,+49 30 123\r\n''@x,-5\r\n\"'\r\",(030) 1\r\n"


def test_numbers_and_booleans() -> None:
    assert written(["a", "b", "c", "d"], [[-5, 0.1, True, False]]) == b"a,b,c,d\r\n-5,0.1,true,false\r\n"


@pytest.mark.parametrize("row", [["a"], ["a", "b", "c", "d"], ["a", "b", float("nan")], ["a", "b", float("inf")]])
def test_rows_that_no_file_can_hold(row: list[Cell]) -> None:
    with pytest.raises(ValueError, match=r"row has|NaN"):
        written(HEADER, [row])


@EXAMPLES
@given(
    rows=st.lists(st.tuples(st.just("x@example.com"), texts_for_csv, texts_for_csv).map(list), max_size=6),
    bom=st.booleans(),
    at_most=st.sampled_from([1, 3, 1 << 20]),
)
def test_every_text_comes_back(rows: list[list[str]], *, bom: bool, at_most: int) -> None:
    data = written(HEADER, rows, bom=bom)
    assert unmarked(read_all(data, columns=HEADER, at_most=at_most)) == [HEADER, *rows]
    text = io.StringIO(data.decode("utf-8-sig" if bom else "utf-8"), newline="")
    assert unmarked(list(csv.reader(text, strict=True))) == [HEADER, *rows]


@EXAMPLES
@given(cells=st.lists(texts_for_csv.filter(lambda text: bool(text.strip())), max_size=6))
def test_one_column_alone(cells: list[str]) -> None:
    """Nothing in the file then speaks for the comma but the header."""
    data = written(["company"], [[cell] for cell in cells])
    assert unmarked(read_all(data, columns=["company"])) == [["company"], *([cell] for cell in cells)]


def test_naughty_strings() -> None:
    rows = [["x@example.com", text, str(number)] for number, text in enumerate(naughty_strings())]
    assert unmarked(read_all(written(HEADER, rows), columns=HEADER)) == [HEADER, *rows]


def test_a_long_value() -> None:
    rows = [["x@example.com", '",\r\n' * 16_384, "z"]]
    assert read_all(written(HEADER, rows), columns=HEADER) == [HEADER, *rows]
