"""Stages files of 10,000 to 1,000,000 rows: CPU time and memory, beside other ways to read the same files.

    python -m tests.benchmarks.stage_files [--rows 10000 100000 1000000] [--formats csv] [--pandas-rows 20000]

Every file is read in a process of its own; it is written before, which takes some ten seconds for a million rows of
XLSX. Staging is the function's own use case: read, map, validate (without phones), route, store the parts. AWS's tables
are answered in the process; what is stored lands in a directory, so that no request for it counts.

The baselines read the largest file but one, what pandas reads aside. What each of them does, `stage_runs` says. Rates
are this machine's, and do not bind; memory and growth do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.contact_files import WRITERS
from tests.benchmarks.figures import Figure, run
from tests.benchmarks.file_sizes import SIZES, measured_sizes, memory_and_growth
from tests.benchmarks.own_process import in_own_process

#: Design, section 6: rows a CPU-second.
MIN_STAGE_RATE = {"csv": 100_000}
MIN_READ_RATE = {"xlsx": 35_000}
#: What reading a format is held against.
READ_BASELINES = {"xlsx": "openpyxl", "json": "json.load"}


@dataclass(frozen=True)
class Sample:
    """A file on disk."""

    path: Path
    rows: int

    def measured(self, way: str) -> dict[str, float]:
        return in_own_process("tests.benchmarks.stage_runs", way, str(self.path), str(self.rows))

    def rate(self, way: str) -> float:
        return self.rows / self.measured(way)["cpuSeconds"]


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    for format_ in arguments.formats:
        with tempfile.TemporaryDirectory(prefix="stage-files-") as name:
            directory = Path(name)
            samples = [_written(directory, format_, rows) for rows in sorted(set(arguments.rows))]
            beside = samples[-2:][0]
            baselines = {}
            if format_ == "csv":
                few = _written(directory, format_, arguments.pandas_rows)
                baselines = {
                    "csv.DictReader+pydantic": beside.rate("csv.DictReader+pydantic"),
                    f"pandas+iterrows, {few.rows:,} rows, no checks": few.rate("pandas+iterrows"),
                }
            yield from _reading(format_, beside)
            yield from _staging(format_, samples, beside, baselines)


def _written(directory: Path, format_: str, rows: int) -> Sample:
    sample = Sample(directory / f"contacts-{rows}.{format_}", rows)
    if not sample.path.exists():
        print(f"writing {rows:,} rows of {format_.upper()} ...", file=sys.stderr, flush=True)
        WRITERS[format_](sample.path, rows)
    return sample


def _reading(format_: str, sample: Sample) -> Iterator[Figure]:
    subject = f"read {format_.upper()}, {sample.rows:,} rows"
    ours = sample.measured("read")
    way = READ_BASELINES.get(format_)
    other = sample.measured(way) if way else None
    yield Figure(
        subject=subject,
        name="rows a CPU-second",
        value=sample.rows / ours["cpuSeconds"],
        baseline=sample.rows / other["cpuSeconds"] if other else None,
        against=way or "",
        at_least=MIN_READ_RATE.get(format_),
        binds=False,
    )
    yield Figure(
        subject=subject,
        name="peak MB",
        value=ours["megabytes"],
        baseline=other["megabytes"] if other else None,
        against=way or "",
    )


def _staging(
    format_: str, samples: Sequence[Sample], beside: Sample, baselines: Mapping[str, float]
) -> Iterator[Figure]:
    """`baselines` are the rates of others, over the rows of `beside`."""
    subject = f"stage {format_.upper()}"
    by_rows = {sample.rows: sample for sample in samples}
    found = measured_sizes(lambda rows: by_rows[rows].measured("stage"), list(by_rows))
    for rows, each in found.items():
        rate = Figure(
            subject=subject,
            name=f"rows a CPU-second, {rows:,} rows",
            value=rows / each["cpuSeconds"],
            at_least=MIN_STAGE_RATE.get(format_),
            binds=False,
        )
        if rows == beside.rows and baselines:
            yield from (replace(rate, baseline=baseline, against=way) for way, baseline in baselines.items())
        else:
            yield rate
    yield from memory_and_growth(subject, found)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--formats", nargs="+", choices=list(WRITERS), default=list(WRITERS))
    parser.add_argument("--pandas-rows", type=int, default=20_000, help="that pandas reads, which takes its time")


if __name__ == "__main__":
    sys.exit(run(__doc__, measure, _add_arguments))
