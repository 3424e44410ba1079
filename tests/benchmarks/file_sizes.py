"""Work over files of several sizes: how it is measured, and what it shows of memory and growth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

from tests.benchmarks.figures import Figure
from tests.benchmarks.growth_exponent import exponent

SIZES = (10_000, 100_000, 1_000_000)
MAX_MEGABYTES = 256
#: Of the most rows to the next fewer.
MAX_MEMORY_GROWTH = 1.2
MAX_EXPONENT = 1.05
#: How often the largest size is measured, and each time around it every smaller one, before and after.
_ROUNDS = 2
_TURNS_BEFORE, _TURNS_AFTER = 2, 1

Found = Mapping[str, float]


def measured_sizes(measure: Callable[[int], Found], sizes: Sequence[int]) -> dict[int, dict[str, float]]:
    """What `measure` finds for each number of rows, fewest first: the medians of several turns.

    The machine's speed changes while it measures. The sizes take turns, so that all meet the same changes, and shorter
    runs, on which they weigh more, have more turns.
    """
    *smaller, largest = sorted(set(sizes))
    turns: dict[int, list[Found]] = {rows: [] for rows in (*smaller, largest)}
    for _ in range(_ROUNDS):
        for rows in (*smaller * _TURNS_BEFORE, largest, *smaller * _TURNS_AFTER):
            turns[rows].append(measure(rows))
    return {
        rows: {name: median(each[name] for each in of_size) for name in of_size[0]} for rows, of_size in turns.items()
    }


def binds(sizes: Sequence[int] | Mapping[int, object]) -> bool:
    """Whether sizes are large enough for promises that leave out what is constant."""
    return max(sizes) >= max(SIZES)


def memory_and_growth(
    subject: str, found: Mapping[int, Found], grows: Mapping[str, str] | None = None
) -> Iterator[Figure]:
    """Peak memory, and how it and CPU time grow with the rows; growth is told of from two sizes on.

    Memory is held against the next smaller size: what a process has at its start would hide growth beside fewer rows.
    Exponents are over all sizes.

    Args:
        subject: of the figures.
        found: `megabytes`, `cpuSeconds` and what `grows` names, by number of rows.
        grows: what else is to grow no faster than the rows: its name in the table, by its name in `found`.
    """
    sizes = sorted(found)
    most = sizes[-1]
    memory = {rows: each["megabytes"] for rows, each in found.items()}
    yield Figure(
        subject=subject,
        name=f"peak MB, {most:,} rows",
        value=memory[most],
        at_most=MAX_MEGABYTES,
        binds=binds(sizes),
    )
    if len(sizes) == 1:
        return
    before = sizes[-2]
    yield Figure(
        subject=subject,
        name="growth of peak MB",
        value=memory[most],
        baseline=memory[before],
        against=f"{before:,} rows",
        at_most=MAX_MEMORY_GROWTH,
        of_ratio=True,
        binds=binds(sizes),
    )
    for key, name in {"cpuSeconds": "CPU seconds", **(grows or {})}.items():
        yield Figure(
            subject=subject,
            name=f"exponent of {name}",
            value=exponent(sizes, [found[rows][key] for rows in sizes]),
            at_most=MAX_EXPONENT,
            binds=binds(sizes),
        )
