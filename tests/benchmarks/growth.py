"""How an import grows with its file: requests, units, CPU time and memory of 10,000, 100,000 and 1,000,000 rows.

    python -m tests.benchmarks.growth [--rows 10000 100000 1000000]

A file is staged, every part applied and the import finished, in one process for each size, which is more than any one
function does. AWS is answered in that process; it keeps all that it holds on disk, and the time for its answers is left
out, so that memory and time are the import's. The file is written before, by this process.

The exponent is the b of `cost = a * rows ** b`, by least squares over all sizes; of what is counted, and so the same in
every run, also between the two largest. Time is counted after a first small import has filled the caches of the SDK, as
in a function that has run before; what is then still constant, such as the job's start and end, is counted with the
rows. The sizes take turns, and the medians count, because the machine's speed changes while it measures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.figures import Figure, run
from tests.benchmarks.file_sizes import MAX_EXPONENT, MAX_MEGABYTES, MAX_MEMORY_GROWTH, SIZES, measured_sizes
from tests.benchmarks.growth_exponent import exponent
from tests.benchmarks.import_on_disk import UPLOAD
from tests.benchmarks.import_sample import write_sample
from tests.benchmarks.own_process import in_own_process

#: What is measured, by its name in the table.
MEASURED = {
    "AWS requests": "requests",
    "write units": "write_units",
    "read units": "read_units",
    "CPU seconds": "cpu_seconds",
}
_MEGABYTES = "megabytes"


def _measure_once(rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="growth-") as name:
        contents = write_sample(Path(name) / UPLOAD, rows, "1")
        return in_own_process("tests.benchmarks.import_on_disk", name, json.dumps(asdict(contents)))


def growth_figures(found: Mapping[int, Mapping[str, float]], *, binds: bool) -> Iterator[Figure]:
    """Of what was measured, by the number of rows."""
    sizes = sorted(found)
    before, largest = sizes[-2:]
    subject = f"import of {largest:,} rows, staging and all"
    against = f"{before:,} rows"
    for name, key in MEASURED.items():
        scale = 1_000_000 if key == "cpu_seconds" else 1
        yield Figure(
            subject=subject,
            name=f"{name} a row" if scale == 1 else "CPU microseconds a row",
            value=found[largest][key] / largest * scale,
            baseline=found[before][key] / before * scale,
            against=against,
        )
    yield Figure(
        subject=subject, name="peak memory, MB", value=found[largest][_MEGABYTES], at_most=MAX_MEGABYTES, binds=binds
    )
    yield Figure(
        subject=subject,
        name="peak memory, growth",
        value=found[largest][_MEGABYTES],
        baseline=found[before][_MEGABYTES],
        against=against,
        at_most=MAX_MEMORY_GROWTH,
        of_ratio=True,
        binds=binds,
    )
    counted = {name: key for name, key in MEASURED.items() if key != "cpu_seconds"}
    for which, chosen, measured_of in (
        (f"import of {sizes[0]:,} to {largest:,} rows", sizes, MEASURED),
        ("of the two largest", sizes[-2:], counted),
    ):
        for name, key in measured_of.items():
            yield Figure(
                subject=f"exponent, {which}",
                name=name,
                value=exponent(chosen, [found[rows][key] for rows in chosen]),
                at_most=MAX_EXPONENT,
                binds=binds,
            )


def measured(arguments: argparse.Namespace) -> Iterator[Figure]:
    found = measured_sizes(_measure_once, arguments.rows)
    for rows, one in found.items():
        print(
            f"{rows:>9,} rows: {one['requests']:,.0f} requests, {one['write_units']:,.0f} write units,"
            f" {one['cpu_seconds']:.1f} CPU seconds, {one[_MEGABYTES]:.0f} MB",
            flush=True,
        )
    # Memory and exponents are promised for files that are large enough for what is constant not to count.
    yield from growth_figures(found, binds=max(found) >= max(SIZES))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help="sizes; budgets bind from the default's on")


if __name__ == "__main__":
    sys.exit(run(__doc__, measured, add_arguments))
