"""Stages CSV files of 100,000 and of 1,000,000 rows, each in a process of its own, and prints memory and speed.

    python -m tests.benchmarks.stage_memory

Budgets: at least 100,000 rows a CPU-second without phone checks; at most 256 MB resident; 1M rows at most 1.2 times the
memory of 100k. Ends with 1 where one is missed. The bucket is a directory, so that what was stored does not count.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from contacts.domain.import_job import ImportJob, ImportOptions
from contacts.domain.table import TableLimits
from contacts.ports import FileInfo
from contacts.tabular.open_table import open_table
from contacts.usecases.stage_import import StageImport
from tests.support.memory_contact_store import MemoryContactStore
from tests.support.memory_job_store import MemoryJobStore
from tests.support.memory_segment_store import MemorySegmentStore

ROWS = (100_000, 1_000_000)
MIN_ROWS_A_CPU_SECOND = 100_000
MAX_MEGABYTES = 256
MAX_GROWTH = 1.2
MAPPING = {
    "E-mail": "email",
    "First name": "firstName",
    "Last name": "lastName",
    "Company": "company",
    "Phone": "phone",
    "Zip": "customFields.zip",
}
_NOW = "2026-01-01T00:00:00.000Z"


class DirectoryFiles:
    """As much of a `FileStore` as staging needs, in a directory."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def info(self, key: str) -> FileInfo:
        return FileInfo(self._path(key).stat().st_size, "v1")

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        return self._path(key).open("rb")

    def put(self, key: str, body: bytes) -> None:
        self._path(key).write_bytes(body)

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> int:
        with self._path(key).open("wb") as file:
            return sum(file.write(chunk) for chunk in chunks)

    def _path(self, key: str) -> Path:
        return self._root / key.replace("/", "_")


def write_sample(path: Path, rows: int) -> None:
    """One e-mail in ten is there twice, one row in a hundred is bad."""
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(MAPPING) + ",Unmapped\n")
        for row in range(rows):
            email = "not an e-mail" if row % 100 == 0 else f"Person.{row - row % 10 // 9 * 5}@Example.com"
            file.write(f'{email},Anne{row},Müller-{row},"Company, {row % 5000} Ltd",+49 30 {row:07},0{row:07},x\n')


def stage(rows: int) -> dict[str, float]:
    """Stage a file of so many rows in this process."""
    with tempfile.TemporaryDirectory(prefix="stage-memory-") as directory:
        write_sample(Path(directory) / "upload", rows)
        jobs = MemoryJobStore()
        jobs.create_import(
            ImportJob(
                id="job",
                tenant="acme",
                created_by="user",
                created_at=_NOW,
                changed_at=_NOW,
                file_name="people.csv",
                file_key="upload",
                file_url="",
                field_mapping=MAPPING,
                options=ImportOptions(),
            )
        )
        use_case = StageImport(
            jobs=jobs,
            contacts=MemoryContactStore(),
            segments=MemorySegmentStore(),
            files=DirectoryFiles(Path(directory)),  # type: ignore[arg-type]  # the part of it that is called
            open_table=open_table,
            is_phone=str.isdigit,
            limits=TableLimits(),
            clock=lambda: _NOW,
        )
        started = time.process_time()
        use_case("job")
        seconds = time.process_time() - started
        staged = jobs.jobs["job"].staged
    if staged is None or (staged.total_rows, staged.rejected.errors) != (rows, rows // 100):
        raise SystemExit(f"staged wrongly: {staged}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return {"rows": rows, "cpuSeconds": seconds, "megabytes": peak, "parts": staged.parts}


def main() -> int:
    found = []
    for rows in ROWS:
        output = subprocess.run(
            [sys.executable, "-m", __spec__.name, str(rows)], check=True, capture_output=True, text=True
        ).stdout
        found.append(json.loads(output))
        one = found[-1]
        print(
            f"{rows:>9,} rows  {one['parts']:>5,.0f} parts  {rows / one['cpuSeconds']:>9,.0f} rows a CPU-second"
            f"  {one['megabytes']:>6.1f} MB peak"
        )
    small, large = found
    growth = large["megabytes"] / small["megabytes"]
    slowest = min(one["rows"] / one["cpuSeconds"] for one in found)
    checks = {
        f"speed: {slowest:,.0f} rows a CPU-second, at least {MIN_ROWS_A_CPU_SECOND:,}": slowest
        >= MIN_ROWS_A_CPU_SECOND,
        f"memory: {large['megabytes']:.0f} MB, at most {MAX_MEGABYTES}": large["megabytes"] <= MAX_MEGABYTES,
        f"growth from 100k to 1M rows: {growth:.2f} times, at most {MAX_GROWTH}": growth <= MAX_GROWTH,
    }
    for text, kept in checks.items():
        print(f"{'kept  ' if kept else 'MISSED'}  {text}")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(stage(int(sys.argv[1]))))
    else:
        sys.exit(main())
