"""Texts that a writer of files may stumble over."""

from __future__ import annotations

import json

import pytest
from hypothesis import strategies as st

from tests.support.third_party_files import third_party_file

# Pieces of escapes, marks, quotes, markup and blanks: what goes wrong goes wrong where two of them meet.
_FRAGMENTS = [
    *("_", "_x", "x0041_", "_x000D_", "_xD800_", "_x005F_", "0041_", "_X0041_", "\r", "\n", "\t", " ", "\x0b", "\x1f"),
    *("\ufffe", "\uffff", "\x7f", "\x85", "\u2028", "\xa0", "\ufeff", "&amp;", "<", ">", "]]>", '"', "'", ",", ";"),
    *("|", "=", "+", "-", "@", "1", "a", "é", "😀", "\u200d", "sep=;"),
]
_texts_without_nul = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)

#: Everything that a contact can hold but a NUL, which a CSV file can't.
texts_for_csv = st.lists(st.sampled_from(_FRAGMENTS), max_size=6).map("".join) | _texts_without_nul
texts = st.lists(st.sampled_from([*_FRAGMENTS, "\0"]), max_size=6).map("".join) | _texts_without_nul


def naughty_strings() -> list[str]:
    """The third-party list; skips the test where it is not there."""
    strings: list[str] = json.loads(third_party_file("blns.json"))
    if len(strings) < 500:
        pytest.fail("the list of naughty strings is not what it was")
    return strings
