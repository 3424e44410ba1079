"""How sizes of files are measured, and what is told of them."""

from __future__ import annotations

import pytest

from tests.benchmarks.figures import Figure, Verdict
from tests.benchmarks.file_sizes import measured_sizes, memory_and_growth

SMALL, LARGE = 100_000, 1_000_000


def figures(small: tuple[float, float], large: tuple[float, float], rows: int = LARGE) -> dict[str, Figure]:
    """Of (megabytes, CPU seconds) at two sizes, the larger of which has so many rows."""
    found = {
        rows // 10: {"megabytes": small[0], "cpuSeconds": small[1]},
        rows: {"megabytes": large[0], "cpuSeconds": large[1]},
    }
    return {each.name: each for each in memory_and_growth("stage CSV", found)}


def test_sizes_take_turns_and_their_medians_count() -> None:
    turns: list[int] = []

    def measure(rows: int) -> dict[str, float]:
        turns.append(rows)
        return {"cpuSeconds": {3: 70.0, 7: 72.0, 5: 9.0, 6: 0.5}.get(len(turns), 2.0)}

    found = measured_sizes(measure, [LARGE, SMALL, SMALL])
    once = [SMALL, SMALL, LARGE, SMALL]
    assert turns == [*once, *once]
    assert list(found) == [SMALL, LARGE]
    assert list(found.values()) == [{"cpuSeconds": 2.0}, {"cpuSeconds": 71.0}]


def test_one_size_may_be_all() -> None:
    assert measured_sizes(lambda rows: {"cpuSeconds": float(rows)}, [7, 7]) == {7: {"cpuSeconds": 7.0}}


@pytest.mark.parametrize(
    ("small", "large", "missed"),
    [
        ((100, 1), (119, 10), set()),
        ((100, 1), (121, 10), {"growth of peak MB"}),
        ((250, 1), (257, 10), {"peak MB, 1,000,000 rows"}),
        ((100, 1), (100, 11.1), set()),
        ((100, 1), (100, 11.4), {"exponent of CPU seconds"}),
    ],
)
def test_memory_and_growth_have_budgets(
    small: tuple[float, float], large: tuple[float, float], missed: set[str]
) -> None:
    found = figures(small, large)
    assert {name for name, each in found.items() if each.verdict is Verdict.MISS} == missed


def test_memory_is_held_against_the_next_smaller_size_and_time_against_all() -> None:
    found = {
        10_000: {"megabytes": 50.0, "cpuSeconds": 0.1},
        SMALL: {"megabytes": 100.0, "cpuSeconds": 1.2},
        LARGE: {"megabytes": 110.0, "cpuSeconds": 10.0},
    }
    told = {each.name: each for each in memory_and_growth("stage CSV", found)}
    assert told["growth of peak MB"].ratio == pytest.approx(1.1)
    assert told["exponent of CPU seconds"].value == pytest.approx(1.0)


def test_small_files_promise_nothing() -> None:
    found = figures((100, 1), (300, 30), rows=10_000)
    assert {each.binds for each in found.values()} == {False}


def test_what_else_grows_is_told_of_too() -> None:
    found = {
        10: {"megabytes": 1.0, "cpuSeconds": 1.0, "n": 3.0},
        100: {"megabytes": 1.0, "cpuSeconds": 1.0, "n": 300.0},
    }
    (told,) = (each for each in memory_and_growth("x", found, {"n": "requests"}) if each.name == "exponent of requests")
    assert told.value == pytest.approx(2)


def test_one_size_shows_no_growth() -> None:
    found = {LARGE: {"megabytes": 1.0, "cpuSeconds": 1.0}}
    assert [each.name for each in memory_and_growth("x", found)] == ["peak MB, 1,000,000 rows"]
