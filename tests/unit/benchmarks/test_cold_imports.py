from __future__ import annotations

import pytest

from tests.benchmarks.cold_imports import Import, figures_of
from tests.benchmarks.figures import Verdict


def took(*seconds: float, modules: frozenset[str] = frozenset()) -> list[Import]:
    return [Import(each, added=300, mb=40, modules=modules) for each in seconds]


@pytest.mark.parametrize(
    ("seconds", "waited_for", "verdict"),
    [(0.219, True, Verdict.PASS), (0.221, True, Verdict.MISS), (0.9, False, Verdict.NONE)],
)
def test_functions_that_somebody_waits_for_have_a_budget(seconds: float, waited_for: bool, verdict: Verdict) -> None:
    figures = list(figures_of("a", took(seconds), took(0.1), waited_for=waited_for))
    assert {each.name: each.verdict for each in figures}["CPU ms"] is verdict


def test_the_mean_of_the_runs_counts_on_both_sides() -> None:
    time = next(figures_of("a", took(0.5, 0.2, 0.2), took(0.3, 0.1), waited_for=True))
    assert (time.value, time.baseline) == (pytest.approx(300), pytest.approx(200))


def test_a_heavy_library_is_a_miss_however_little_of_it_is_loaded() -> None:
    heavy = took(0.1, modules=frozenset({"openpyxl.cell", "openpyxl_like", "contacts"}))
    *_, last = figures_of("a", heavy, took(0.1), waited_for=True)
    assert (last.value, last.verdict) == (1, Verdict.MISS)
