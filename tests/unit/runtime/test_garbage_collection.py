"""Workers that hold a thousand contacts at a time do not look for cycles over and over."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest

from contacts.runtime.garbage_collection import collect_seldom

FUNCTIONS = Path(__file__).resolve().parents[3] / "functions"


def test_a_part_of_a_thousand_contacts_starts_no_collection_by_the_dozen() -> None:
    before = gc.get_threshold()
    try:
        collect_seldom()
        young, *older = gc.get_threshold()
        assert young >= 40 * 1_000
        assert older == list(before[1:])
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize(
    "function", ["apply_import_part", "finish_import", "roll_back_part", "finish_rollback", "write_export"]
)
def test_the_workers_ask_for_it_when_they_are_loaded(function: str) -> None:
    handler = (FUNCTIONS / function / "handler.py").read_text("utf-8")
    assert re.search(r"^collect_seldom\(\)$", handler, re.MULTILINE)
