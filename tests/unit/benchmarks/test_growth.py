from __future__ import annotations

import pytest

from tests.benchmarks.figures import Figure, Verdict
from tests.benchmarks.growth import growth_figures


def found(rows: int, *, requests: float = 0.05, megabytes: float = 100) -> dict[str, float]:
    return {
        "requests": rows * requests,
        "write_units": rows,
        "read_units": rows,
        "cpu_seconds": rows / 10_000,
        "megabytes": megabytes,
    }


def missed(figures: list[Figure]) -> set[tuple[str, str]]:
    return {(each.subject, each.name) for each in figures if each.verdict is Verdict.MISS}


def test_a_cost_in_step_with_the_rows_is_in_budget() -> None:
    figures = list(growth_figures({rows: found(rows) for rows in (10_000, 100_000, 1_000_000)}, binds=True))
    assert missed(figures) == set()
    assert [each.value for each in figures if each.subject.startswith("exponent")] == [pytest.approx(1)] * 7


def test_a_cost_that_grows_faster_at_the_end_is_missed_there() -> None:
    sizes = {10_000: found(10_000), 100_000: found(100_000), 1_000_000: found(1_000_000, requests=0.06)}
    assert missed(list(growth_figures(sizes, binds=True))) == {("exponent, of the two largest", "AWS requests")}


@pytest.mark.parametrize(
    ("before", "largest", "name"), [(100, 121, "peak memory, growth"), (250, 257, "peak memory, MB")]
)
def test_memory_that_grows_or_is_too_much_is_missed(before: float, largest: float, name: str) -> None:
    sizes = {100_000: found(100_000, megabytes=before), 1_000_000: found(1_000_000, megabytes=largest)}
    assert missed(list(growth_figures(sizes, binds=True))) == {("import of 1,000,000 rows, staging and all", name)}
    assert missed(list(growth_figures(sizes, binds=False))) == set()
