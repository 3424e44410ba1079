"""Imports on metered tables and a bucket that are on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.capacity import Index
from tests.benchmarks.disk_backed_aws import DiskS3, DiskTable
from tests.benchmarks.import_runs import Bench


class DiskBench(Bench):
    """A bench whose tables and bucket are in a folder, which is made.

    What stays in this process's memory spreads over all of it: hardly anything that an import allocates would find room
    where the part before it has left some. Fresh memory costs up to a third of an import's time, and in a function,
    which keeps nothing, there is no such cost.
    """

    def __init__(self, folder: Path) -> None:
        self.bucket = folder / "bucket"
        self.bucket.mkdir(parents=True)
        numbers = iter(range(100))

        def new_table(indexes: Sequence[Index]) -> DiskTable:
            return DiskTable(folder / f"table-{next(numbers)}", indexes)

        super().__init__(new_table, DiskS3(self.bucket))
