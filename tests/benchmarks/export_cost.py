"""What an export costs: CPU time, memory, requests, read units; and the writers of files by themselves, beside pandas.

    python -m tests.benchmarks.export_cost [--rows 10000 100000 1000000] [--peer-rows 100000] [--formats csv]

Each in a process of its own; how each is done, `export_runs` says. pandas writes the same rows to disk, from memory:
it is held against our writers, that read no table either.

Counts, memory and growth bind; rates are this machine's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from functools import partial

from contacts.domain.export_job import ExportFormat
from tests.benchmarks.figures import Figure, run
from tests.benchmarks.file_sizes import SIZES, binds, measured_sizes, memory_and_growth
from tests.benchmarks.own_process import in_own_process

#: A page of 200 contacts a request, and little else.
MAX_REQUESTS_A_ROW = 0.006
#: Strongly consistent, and 4 KB a unit: a contact of this benchmark has about 360 bytes.
MAX_READ_UNITS_A_ROW = 0.1
#: Design, section 6: rows a CPU-second.
MIN_WRITE_RATE = {"xlsx": 60_000}
PANDAS = {"csv": "to_csv", "xlsx": "to_excel, XlsxWriter", "json": "to_json", "jsonl": "to_json, lines"}


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    for format_ in arguments.formats:
        found = measured_sizes(partial(_measured, "export", format_), arguments.rows)
        yield from _exporting(format_, found)
    for format_ in arguments.formats:
        yield from _writing(format_, arguments.peer_rows)


def _measured(way: str, format_: str, rows: int) -> dict[str, float]:
    return in_own_process("tests.benchmarks.export_runs", way, format_, str(rows))


def _exporting(format_: str, found: Mapping[int, Mapping[str, float]]) -> Iterator[Figure]:
    subject = f"export {format_.upper()}"
    for rows, each in found.items():
        yield Figure(subject=subject, name=f"rows a CPU-second, {rows:,} rows", value=rows / each["cpuSeconds"])
    most = max(found)
    last = found[most]
    counts = (
        ("AWS requests a row", "requests", MAX_REQUESTS_A_ROW),
        ("read units a row", "readUnits", MAX_READ_UNITS_A_ROW),
    )
    for name, key, at_most in counts:
        yield Figure(subject=subject, name=name, value=last[key] / most, at_most=at_most, binds=binds(found))
    yield Figure(subject=subject, name="dollars a million rows", value=last["dollars"] / most * 1_000_000)
    yield from memory_and_growth(subject, found, {"requests": "requests", "readUnits": "read units"})


def _writing(format_: str, rows: int) -> Iterator[Figure]:
    subject = f"write {format_.upper()}, {rows:,} rows"
    ours, pandas = _measured("write", format_, rows), _measured("pandas", format_, rows)
    against = f"pandas {PANDAS[format_]}"
    yield Figure(
        subject=subject,
        name="rows a CPU-second",
        value=rows / ours["cpuSeconds"],
        baseline=rows / pandas["cpuSeconds"],
        against=against,
        at_least=MIN_WRITE_RATE.get(format_),
        binds=False,
    )
    for key, name in (("megabytes", "peak MB"), ("fileMegabytes", "MB of the file")):
        yield Figure(subject=subject, name=name, value=ours[key], baseline=pandas[key], against=against)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help="of the exports")
    parser.add_argument("--peer-rows", type=int, default=100_000, help="that our writers and pandas write")
    parser.add_argument("--formats", nargs="+", choices=list(ExportFormat), default=list(ExportFormat))


if __name__ == "__main__":
    sys.exit(run(__doc__, measure, _add_arguments))
