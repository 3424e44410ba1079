"""CSV values that a spreadsheet would run are marked, nothing else is, and each mark comes off again."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain.formula_marks import mark, unmark
from tests.support.third_party_files import third_party_file

EXAMPLES = settings(max_examples=500, deadline=None, derandomize=True)
any_text = st.text(alphabet="'=+-@\t\r0 5().a\n\0;\"!|,") | st.text()


@pytest.mark.parametrize(
    "value",
    [
        "=SUM(A1)",
        "=",
        "@handle",
        "\tx",
        "\r",
        "+a",
        "-SUM(A1)",
        "+49 30 123x",
        "+49\n30",
        "-1+cmd|' /C calc'!A0",
        "+1,5",
        "-٣",
        "'=SUM(A1)",
        "''''@handle",
        "'+a",
    ],
)
def test_dangerous_values_get_one_mark(value: str) -> None:
    assert mark(value) == f"'{value}"
    assert unmark(mark(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Anne",
        "+49 30 123",
        "-5",
        "-5.25",
        "+1 (212) 555-0100",
        "(030) 1",
        "-",
        "'-5",
        "'",
        "''",
        "'Anne",
        "'t Hooft",
        " =1",
        "a=1",
        "0049",
    ],
)
def test_other_values_pass_as_they_are(value: str) -> None:
    assert mark(value) == value
    assert unmark(value) == value


@EXAMPLES
@given(value=any_text)
def test_a_mark_comes_off_again(value: str) -> None:
    assert unmark(mark(value)) == value


@EXAMPLES
@given(value=any_text)
def test_what_was_marked_is_inert(value: str) -> None:
    marked = mark(value)
    assert not marked.startswith(("=", "@", "\t", "\r"))
    assert not marked.startswith(("+", "-")) or not set(marked[1:]) - set("0123456789 ().-")


@pytest.mark.parametrize(
    ("value", "marked"),
    [
        ("Acme;=HYPERLINK(0);x", "Acme;'=HYPERLINK(0);x"),
        ("Acme\t=1", "Acme\t'=1"),
        ("Hello\n=cmd|' /C calc'!A0\nbye", "Hello\n'=cmd|' /C calc'!A0\nbye"),
        ("Hello\r\n@SUM(A1)", "Hello\r\n'@SUM(A1)"),
        ("x;-cmd|a;+b(1)", "x;'-cmd|a;'+b(1)"),
        ("x;-a!b", "x;'-a!b"),
        ("x;'=1", "x;''=1"),
        ('x;"=1', "x;'\"=1"),
        ("x;'\"'=1", "x;''\"'=1"),
        ("\t=x", "'\t'=x"),
        ("=1;=1", "'=1;'=1"),
        ("+1;x", "'+1;x"),
        ("x;+1\ta(b)", "x;'+1\ta(b)"),
    ],
)
def test_what_stands_after_a_semicolon_a_tab_or_a_line_break_is_marked_too(value: str, marked: str) -> None:
    assert mark(value) == marked
    assert unmark(marked) == value


@pytest.mark.parametrize(
    "value",
    [
        "a;-b",
        "Agenda (today):\n- milk\n- bread\n-- \n@home",
        "1;-5;+49 30 1;-5",
        "x;-5\n+49 (30) 1",
        "vip; =1",
        "a,=1",
        "a\n'tis",
        'x;"y"',
        "x;'-b",
        "x;'+49 (30) 1",
    ],
)
def test_pieces_that_could_do_nothing_pass_as_they_are(value: str) -> None:
    assert mark(value) == value
    assert unmark(value) == value


def spreadsheet_cells(text: str, separator: str) -> list[str]:
    """The cells that Excel sees where this is the list separator: quotes count at a cell's start alone."""
    cells, at = [], 0
    while at <= len(text):
        cell = ""
        if text.startswith('"', at):
            quoted = re.compile(r'"((?:[^"]|"")*+)(?:"|\Z)').match(text, at)
            assert quoted
            cell, at = quoted[1].replace('""', '"'), quoted.end()
        rest = re.compile(rf"[^{separator}\r\n]*").match(text, at)
        assert rest
        cells.append(cell + rest[0])
        at = rest.end() + 1
    return cells


@EXAMPLES
@given(value=any_text, separator=st.sampled_from(";\t"))
def test_where_other_characters_separate_cells_none_of_them_acts(value: str, separator: str) -> None:
    line = ",".join(
        '"' + text.replace('"', '""') + '"' if re.search('[",\r\n]', text) else text for text in ("x", mark(value))
    )
    for cell in spreadsheet_cells(line, separator):
        assert not cell.startswith("=")
        # The last one ends with the quotation mark that ends the field.
        acts = re.match(r'[+\-@](?![0-9 ().\-]*"?\Z).*[(!|]', cell, re.DOTALL)
        assert not acts, cell


def test_the_programs_cells_are_what_they_are_said_to_be() -> None:
    assert spreadsheet_cells('x,"Acme;=1;y"', ";") == ['x,"Acme', "=1", 'y"']
    assert spreadsheet_cells('"a;""b";c\r\nd', ";") == ['a;"b', "c", "", "d"]
    assert spreadsheet_cells('x,"y\n=1"', ";") == ['x,"y', '=1"']


@EXAMPLES
@given(value=any_text)
def test_marks_are_all_that_changes(value: str) -> None:
    places = 1 + len(re.findall("[;\t\r\n]", value))
    assert 0 <= len(mark(value)) - len(value) <= places
    assert mark(value).replace("'", "") == value.replace("'", "") == unmark(value).replace("'", "")


@EXAMPLES
@given(cell=any_text)
def test_a_cell_keeps_its_value_where_it_is_marked_anew(cell: str) -> None:
    """As in a list of failed rows: a cell may come with marks or without, or with some."""
    assert unmark(mark(unmark(cell))) == unmark(cell)


@pytest.mark.parametrize("value", ["\n-" * 65_000 + "(", ";'=a" * 32_000, "\n+" + "1" * 131_000, ";\"'" * 40_000])
def test_the_longest_values_take_no_longer_than_they_are_long(value: str) -> None:
    """Taken quadratically, these would not end within the test run."""
    assert unmark(mark(value)) == value


def test_naughty_strings() -> None:
    for value in json.loads(third_party_file("blns.json")):
        assert unmark(mark(value)) == value
        assert unmark(mark(mark(value))) == mark(value)
