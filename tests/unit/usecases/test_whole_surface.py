"""The whole surface by chance against one model, and every point at which a worker can die: `make soak` in short."""

from __future__ import annotations

from collections import Counter

import pytest

from contacts.domain import row_reading
from contacts.domain.contact_write import Settlement
from contacts.domain.errors import DomainError
from contacts.domain.undoing import judge
from contacts.usecases import rollback_verdicts
from contacts.usecases.do_once import DoOnce
from contacts.usecases.finish_import import FinishImport
from contacts.usecases.unit_of_work import UnitOfWork
from tests.support.crash_points import HANDLERS, try_points
from tests.support.crash_scenarios import all_scenarios
from tests.support.memory_bulk_job_store import MemoryBulkJobStore
from tests.support.memory_files import MemoryFiles
from tests.support.memory_job_store import MemoryJobStore
from tests.support.memory_members import MemoryMembers
from tests.support.whole_actions import ACTIONS
from tests.support.whole_sequences import run_sequence

LENGTH = 120
SEQUENCES = 25

#: Guards, and what is there without them.
REMOVED = {
    "an unclear write is looked up": (
        UnitOfWork,
        "_settle",
        lambda _work, _of, writes: [Settlement.DONE] * len(writes),
    ),
    "a part counts once": (MemoryJobStore, "has_part", lambda *_: False),
    "a slice counts once": (MemoryBulkJobStore, "has_slice", lambda *_: False),
    "a part that broke off is accounted for": (FinishImport, "_reconcile", lambda *_: None),
    "later edits stay": (
        rollback_verdicts,
        "judge",
        lambda undo, found, **how: judge(undo, found, **{**how, "force": True}),
    ),
    "a key stands for one seed": (DoOnce, "__call__", lambda _once, _request, seed, make: (make(seed), False)),
    "an export takes its other tries away": (MemoryFiles, "delete", lambda *_: None),
    "the import takes an export's marks off": (row_reading, "unmark", lambda value: value),
    "a segment in use stays": (MemoryMembers, "pages", lambda *_: []),
}


def test_sequences_end_as_the_model_says():
    happened: Counter[str] = Counter()
    for number in range(SEQUENCES):
        happened += run_sequence(f"short {number}", LENGTH)
    # Whose collection can't be filled is rare.
    assert {f"step: {name}" for name in ACTIONS} <= {*happened, "step: retry a collection"}
    assert happened["crashes"] > 100


@pytest.mark.parametrize("guard", REMOVED)
def test_the_model_notices_that_a_guard_is_gone(guard, monkeypatch):
    monkeypatch.setattr(*REMOVED[guard])
    # What goes wrong first without a guard, and when, is a matter of chance.
    with pytest.raises((AssertionError, DomainError, FileNotFoundError)):
        _many_sequences()


def _many_sequences():
    for number in range(60):
        run_sequence(f"without {number}", LENGTH)


def test_a_death_at_any_point_changes_nothing_in_the_end():
    report = try_points(all_scenarios(), every=7)
    assert report.differences == []
    assert report.tried.total() >= 200
    # The slices' workers are one use case, and two functions.
    slices = {"create_bulk_slice", "delete_bulk_slice"}
    assert set(report.points) == {*HANDLERS.values(), *slices} - {"slice"}
