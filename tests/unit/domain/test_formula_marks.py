"""CSV values that a spreadsheet would run are marked, nothing else is, and each mark comes off again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain.formula_marks import mark, unmark
from tests.support.third_party_files import third_party_file

EXAMPLES = settings(max_examples=500, deadline=None, derandomize=True)
any_text = st.text(alphabet="'=+-@\t\r0 5().a\n\0") | st.text()


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
        "\n=1",
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


@EXAMPLES
@given(value=any_text)
def test_at_most_one_mark_is_put_and_one_taken(value: str) -> None:
    assert mark(value) in (value, "'" + value)
    assert unmark(value) in (value, value[1:])


def test_naughty_strings() -> None:
    for value in json.loads(third_party_file("blns.json")):
        assert unmark(mark(value)) == value
        assert unmark(mark(mark(value))) == mark(value)
