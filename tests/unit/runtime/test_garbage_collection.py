"""Functions do not look for cycles over and over: not while they are loaded, not with a thousand contacts at hand."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import pytest

from contacts.runtime.garbage_collection import collect_seldom
from tests.unit.template.sam_template import ROOT

#: The threshold when the handler is loaded, and the full collections since the package that sets it is.
LOAD = """
import gc, json, sys
sys.path[:0] = sys.argv[1:]
generations = []
def note(phase, info):
    if "contacts.runtime" in sys.modules:
        generations.append(info["generation"])
gc.callbacks.append(note)
import handler
print(json.dumps([gc.get_threshold()[0], generations.count(2)]))
"""


def test_a_part_of_a_thousand_contacts_starts_no_collection_by_the_dozen() -> None:
    before = gc.get_threshold()
    try:
        collect_seldom()
        young, *older = gc.get_threshold()
        assert young >= 40 * 1_000
        assert older == list(before[1:])
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize("function", ["jobs_api", "apply_import_part"])
def test_a_function_is_loaded_without_looking_through_all_that_is_there(function: str) -> None:
    folders = [str(ROOT / "functions" / function), str(ROOT / "layers/contacts/python")]
    done = subprocess.run([sys.executable, "-c", LOAD, *folders], capture_output=True, text=True, check=True)
    threshold, full_collections = json.loads(done.stdout)
    assert threshold >= 40 * 1_000
    assert full_collections == 0
