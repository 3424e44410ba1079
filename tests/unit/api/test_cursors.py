"""Cursors are opaque, and of use in the list that made them alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.contracts.cursors import make_cursor, open_cursor
from contacts.domain.errors import InvalidRequest

SCOPE = ("a", "contacts", None)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.lists(st.none() | st.text(max_size=5), max_size=4))
def test_cursor_leads_back_to_its_position(position: str, scope: list[str | None]) -> None:
    cursor = make_cursor(position, *scope)
    assert cursor is not None
    assert cursor.isascii()
    assert open_cursor(cursor, *scope) == position


@given(st.integers(min_value=0), st.characters())
def test_cursor_with_another_character_is_refused(index: int, character: str) -> None:
    cursor = make_cursor("uploads/position", *SCOPE) or ""
    index %= len(cursor)
    changed = cursor[:index] + character + cursor[index + 1 :]
    if changed != cursor:
        with pytest.raises(InvalidRequest):
            open_cursor(changed, *SCOPE)


@pytest.mark.parametrize("cursor", ["", "!", "x", "====", "AAAA", "a" * 5_000, "ä", "\ud800"])
def test_text_that_is_no_cursor(cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        open_cursor(cursor, *SCOPE)
    assert (refused.value.code, refused.value.field) == ("CURSOR_INVALID", "cursor")


@pytest.mark.parametrize("scope", [("b", *SCOPE[1:]), ("a", "jobs", None), ("a", "contacts", "x"), ("a", "contacts")])
def test_cursor_of_another_list(scope: tuple[str | None, ...]) -> None:
    with pytest.raises(InvalidRequest):
        open_cursor(make_cursor("position", *SCOPE), *scope)


def test_scopes_do_not_run_into_each_other() -> None:
    with pytest.raises(InvalidRequest):
        open_cursor(make_cursor("p", "a", "bc"), "ab", "c")


def test_no_cursor_is_no_position() -> None:
    assert make_cursor(None, *SCOPE) is None
    assert open_cursor(None, *SCOPE) is None
