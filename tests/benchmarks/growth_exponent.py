"""How a value grows with the size of the work: the slope of a straight line through both logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from math import log


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The b of `value = a * size ** b` that fits best: 1 where twice the work costs twice as much.

    Least squares over the logarithms. Sizes and values are positive, and at least two sizes differ.
    """
    if len(sizes) != len(values):
        raise ValueError(f"{len(sizes)} sizes, but {len(values)} values")
    if min((*sizes, *values), default=0) <= 0:
        raise ValueError("sizes and values must be above zero")
    xs, ys = [log(size) for size in sizes], [log(value) for value in values]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    if not spread:
        raise ValueError("at least two different sizes are needed")
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
