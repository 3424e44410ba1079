"""Writes files of contacts, each in a process of its own, and prints speed and memory; pandas beside it.

    python -m tests.benchmarks.write_files [--rows 100000 1000000]

From rows to bytes: making the rows counts, and so does making the DataFrame. pandas writes 100,000 rows (to_excel with
XlsxWriter). Budgets: XLSX at least 60,000 rows a CPU-second; at most 256 MB resident; the most rows at most 1.2 times
the memory of the fewest. Ends with 1 where one is missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from contacts.tabular.write_csv import write_csv
from contacts.tabular.write_json import write_json, write_jsonl
from contacts.tabular.write_xlsx import write_xlsx

COLUMNS = ["email", "firstName", "lastName", "company", "phone", "customFields.zip"]
PEERS_ROWS = 100_000
MIN_XLSX_ROWS_A_CPU_SECOND = 60_000
MAX_MEGABYTES = 256
MAX_GROWTH = 1.2


def contact_rows(count: int, *, first: int = 0) -> Iterator[list[str | None]]:
    """One in seven has no company, one in a hundred a name that a spreadsheet would run."""
    for n in range(first, first + count):
        yield [
            f"person{n}@example.com",
            f"=Zoë{n}" if n % 100 == 0 else f"Zoë{n % 1000}",
            f"Müller-{n}",
            f"Company {n % 5000}, Inc. & Sons" if n % 7 else None,
            f"+49 30 {n:08}",
            f"{n % 99_999:05}",
        ]


def contact_objects(count: int) -> Iterator[dict[str, str | None]]:
    return (dict(zip(COLUMNS, row, strict=True)) for row in contact_rows(count))


def _size(chunks: Iterator[bytes]) -> int:
    return sum(map(len, chunks))


def _by_pandas(count: int, ending: str) -> int:
    import pandas as pd  # here, since its memory must not count for the others

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"contacts.{ending}"
        frame = pd.DataFrame(contact_rows(count), columns=COLUMNS)
        if ending == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_excel(path, index=False, engine="xlsxwriter")
        return path.stat().st_size


WRITERS: dict[str, Callable[[int], int]] = {
    "csv": lambda count: _size(write_csv(COLUMNS, contact_rows(count))),
    "xlsx": lambda count: _size(write_xlsx(COLUMNS, contact_rows(count))),
    "json": lambda count: _size(write_json(contact_objects(count))),
    "jsonl": lambda count: _size(write_jsonl(contact_objects(count))),
}
PEERS: dict[str, Callable[[int], int]] = {
    "to_csv": lambda count: _by_pandas(count, "csv"),
    "to_excel": lambda count: _by_pandas(count, "xlsx"),
}


def measure(name: str, rows: int) -> dict[str, float]:
    """Write so many rows in this process."""
    started = time.process_time()
    size = (WRITERS | PEERS)[name](rows)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return {"rowsACpuSecond": rows / seconds, "megabytes": peak, "fileMegabytes": size / 1e6}


def in_own_process(name: str, rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", __spec__.name, "--measure", name, "--rows", str(rows)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(output)
    print(
        f"{name:9} {rows:>10,} {found['rowsACpuSecond']:>12,.0f} {found['megabytes']:>9.1f}"
        f" {found['fileMegabytes']:>9.1f}",
        flush=True,
    )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--measure", choices=[*WRITERS, *PEERS], help="measure this one writer here, and nothing else")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.rows[0])))
        return 0
    print(f"{'writer':9} {'rows':>10} {'rows/CPU-s':>12} {'peak MB':>9} {'file MB':>9}")
    found = {(name, rows): in_own_process(name, rows) for name in WRITERS for rows in sorted(arguments.rows)}
    for name in PEERS:
        in_own_process(name, PEERS_ROWS)
    return 0 if _kept(found, sorted(arguments.rows)) else 1


def _kept(found: dict[tuple[str, int], dict[str, float]], rows: list[int]) -> bool:
    slowest = min(one["rowsACpuSecond"] for (name, _), one in found.items() if name == "xlsx")
    largest = max(one["megabytes"] for one in found.values())
    growth = max(found[name, rows[-1]]["megabytes"] / found[name, rows[0]]["megabytes"] for name in WRITERS)
    checks = {
        f"speed: XLSX {slowest:,.0f} rows a CPU-second, at least {MIN_XLSX_ROWS_A_CPU_SECOND:,}": slowest
        >= MIN_XLSX_ROWS_A_CPU_SECOND,
        f"memory: {largest:.0f} MB, at most {MAX_MEGABYTES}": largest <= MAX_MEGABYTES,
        f"growth from {rows[0]:,} to {rows[-1]:,} rows: {growth:.2f} times, at most {MAX_GROWTH}": growth <= MAX_GROWTH,
    }
    for text, kept in checks.items():
        print(f"{'kept  ' if kept else 'MISSED'}  {text}")
    return all(checks.values())


if __name__ == "__main__":
    sys.exit(main())
