from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.figures import Figure, number, show


def figure(**more: Any) -> Figure:
    return Figure(**{"subject": "import, create", "name": "requests a row", "value": 12.0, **more})


@pytest.mark.parametrize(
    ("more", "verdict", "budget"),
    [
        ({}, "", ""),
        ({"at_most": 12}, "pass", "<= 12.0"),
        ({"at_most": 11.9}, "MISS", "<= 11.9"),
        ({"at_least": 12}, "pass", ">= 12.0"),
        ({"at_least": 1_000}, "MISS", ">= 1,000"),
        ({"at_least": 1_000, "binds": False}, "(miss)", ">= 1,000"),
        ({"at_least": 12.1, "at_most": 13}, "MISS", "<= 13.0 >= 12.1"),
        ({"at_least": 6, "of_ratio": True, "baseline": 2.0}, "pass", ">= 6.000 x"),
        ({"at_least": 6.1, "of_ratio": True, "baseline": 2.0}, "MISS", ">= 6.100 x"),
        ({"at_most": 5.9, "of_ratio": True, "baseline": 2.0}, "MISS", "<= 5.900 x"),
        ({"at_most": 20, "baseline": 1.0}, "pass", "<= 20.0"),
        ({"value": 0.0, "at_most": 0}, "pass", "<= 0"),
    ],
)
def test_a_budget_bounds_the_value_or_its_ratio(more: dict[str, Any], verdict: str, budget: str) -> None:
    found = figure(**more)
    assert (found.verdict.value, found.budget) == (verdict, budget)


@pytest.mark.parametrize("baseline", [None, 0.0])
def test_a_budget_of_a_ratio_needs_a_baseline(baseline: float | None) -> None:
    assert figure(baseline=baseline).ratio is None
    with pytest.raises(ValueError, match="requests a row: a budget of a ratio, and no baseline"):
        _ = figure(baseline=baseline, at_least=2, of_ratio=True).verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), (0.0585, "0.059"), (9.9, "9.900"), (10, "10.0"), (100, "100"), (1_234_567.8, "1,234,568")],
)
def test_numbers_have_as_many_digits_as_can_be_read(value: float | None, text: str) -> None:
    assert number(value) == text


def test_what_is_stored_can_be_read_again() -> None:
    whole = figure(baseline=3.0, against="the loop", at_least=2.0, at_most=5.0, of_ratio=True, binds=False)
    assert whole.to_json()["ratio"] == 4
    assert Figure.from_json(whole.to_json()) == whole


def test_the_table_names_a_subject_once(capsys: pytest.CaptureFixture[str]) -> None:
    show([figure(), figure(name="write units a row", at_most=1), figure(subject="export")])
    printed = capsys.readouterr().out
    assert printed.count("import, create") == 1
    assert "write units a row" in printed
    assert "MISS" in printed
