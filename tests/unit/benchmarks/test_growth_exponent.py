from __future__ import annotations

import pytest

from tests.benchmarks.growth_exponent import exponent


@pytest.mark.parametrize("power", [0, 0.5, 1, 1.05, 2])
def test_of_a_power_it_is_the_power(power: float) -> None:
    sizes = [10_000, 100_000, 1_000_000]
    assert exponent(sizes, [3.7 * size**power for size in sizes]) == pytest.approx(power)


def test_it_fits_all_points_and_not_the_ends_alone() -> None:
    # By hand: logarithms 0, 1, 2, 3 to the base of 10, values 0, 1, 2, 6; the slope is 9.5 / 5.
    assert exponent([1, 10, 100, 1_000], [1, 10, 100, 1_000_000]) == pytest.approx(1.9)


def test_a_constant_part_makes_it_smaller() -> None:
    assert exponent([100, 1_000], [100 + 50, 1_000 + 50]) < 1


@pytest.mark.parametrize(
    ("sizes", "values", "message"),
    [
        ([1, 2], [1], "2 sizes, but 1 values"),
        ([1, 2], [1, 0], "above zero"),
        ([0, 2], [1, 1], "above zero"),
        ([5, 5], [1, 2], "two different sizes"),
        ([5], [1], "two different sizes"),
        ([], [], "above zero"),
    ],
)
def test_without_a_slope_it_says_why(sizes: list[float], values: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        exponent(sizes, values)
