"""Work over files of several sizes: how it is measured, and what it shows of memory and growth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

from tests.benchmarks.figures import Figure
from tests.benchmarks.growth_exponent import exponent

SIZES = (100_000, 1_000_000)
MAX_MEGABYTES = 256
#: From the fewest rows to the most.
MAX_MEMORY_GROWTH = 1.2
MAX_EXPONENT = 1.05
#: How often sizes below the largest are measured, before the largest and after it.
_TURNS_BEFORE, _TURNS_AFTER = 3, 2

Found = Mapping[str, float]


def measured_sizes(measure: Callable[[int], Found], sizes: Sequence[int]) -> dict[int, dict[str, float]]:
    """What `measure` finds for each number of rows, fewest first.

    Sizes below the largest are measured several times around it, and the medians count: other work on the machine
    weighs more on short runs, and slows one half of a benchmark down and not the other.
    """
    *smaller, largest = sorted(set(sizes))
    turns: dict[int, list[Found]] = {rows: [] for rows in smaller}
    for _ in range(_TURNS_BEFORE):
        for rows in smaller:
            turns[rows].append(measure(rows))
    found = measure(largest)
    for _ in range(_TURNS_AFTER):
        for rows in smaller:
            turns[rows].append(measure(rows))
    medians = {
        rows: {name: median(each[name] for each in of_size) for name in of_size[0]} for rows, of_size in turns.items()
    }
    return {**medians, largest: dict(found)}


def binds(sizes: Sequence[int] | Mapping[int, object]) -> bool:
    """Whether sizes are large enough for promises that leave out what is constant."""
    return max(sizes) >= max(SIZES)


def memory_and_growth(
    subject: str, found: Mapping[int, Found], grows: Mapping[str, str] | None = None
) -> Iterator[Figure]:
    """Peak memory, and how it and CPU time grow with the rows; growth is told of from two sizes on.

    Args:
        subject: of the figures.
        found: `megabytes`, `cpuSeconds` and what `grows` names, by number of rows.
        grows: what else is to grow no faster than the rows: its name in the table, by its name in `found`.
    """
    sizes = sorted(found)
    fewest, most = sizes[0], sizes[-1]
    memory = {rows: each["megabytes"] for rows, each in found.items()}
    yield Figure(
        subject=subject,
        name=f"peak MB, {most:,} rows",
        value=memory[most],
        at_most=MAX_MEGABYTES,
        binds=binds(sizes),
    )
    if fewest == most:
        return
    yield Figure(
        subject=subject,
        name="peak MB, most rows against fewest",
        value=memory[most],
        baseline=memory[fewest],
        against=f"{fewest:,} rows",
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
