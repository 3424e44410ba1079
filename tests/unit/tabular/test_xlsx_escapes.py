"""_xHHHH_: what XML can't hold, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from contacts.tabular.xlsx_escapes import escape, unescape
from tests.unit.tabular.written_texts import texts


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain_text x0041_", "plain_text x0041_"),
        ("\r", "_x000D_"),
        ("\0\x1f", "_x0000__x001F_"),
        ("\t\n\x7f\x85", "\t\n\x7f\x85"),
        ("\ufffe\uffff\ufffd", "_xFFFE__xFFFF_\ufffd"),
        ("_x0041_", "_x005F_x0041_"),
        ("_xabcd_", "_x005F_xabcd_"),
        # Two that share an underscore; and an underscore that the next escape would complete.
        ("_x0041_x0042_", "_x005F_x0041_x005F_x0042_"),
        ("_x0041\r", "_x005F_x0041_x000D_"),
        ("_x004", "_x004"),
        ("_X0041_", "_X0041_"),
        ("_xD800_", "_x005F_xD800_"),
    ],
)
def test_escape(text: str, escaped: str) -> None:
    assert escape(text) == escaped
    assert unescape(escaped) == text


@settings(max_examples=500, deadline=None, derandomize=True)
@given(text=texts)
def test_every_text_comes_back(text: str) -> None:
    assert unescape(escape(text)) == text
