"""The writers take rows only as they need them, hold little, and give chunks that are worth sending."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import cycle, islice

import pytest

from contacts.tabular.byte_chunks import CHUNK_BYTES, in_chunks
from contacts.tabular.write_csv import write_csv
from contacts.tabular.write_json import write_json, write_jsonl
from contacts.tabular.write_xlsx import write_xlsx
from tests.unit.tabular.peak_memory import PeakMemory

COLUMNS = ["email", "note"]
CHUNKS = 24


def endless_rows() -> Iterator[list[str]]:
    """Rows that don't compress well: they come again when deflate, which looks 32 KB back, has forgotten them."""
    chance = random.Random(1)
    return cycle([[f"{chance.randbytes(16).hex()}@example.com", chance.randbytes(1000).hex()] for _ in range(100)])


WRITERS: dict[str, Callable[[Iterator[list[str]]], Iterator[bytes]]] = {
    "csv": lambda rows: write_csv(COLUMNS, rows),
    "xlsx": lambda rows: write_xlsx(COLUMNS, rows),
    "json": lambda rows: write_json(dict(zip(COLUMNS, row, strict=True)) for row in rows),
    "jsonl": lambda rows: write_jsonl(dict(zip(COLUMNS, row, strict=True)) for row in rows),
}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_endless_rows(writer: Callable[[Iterator[list[str]]], Iterator[bytes]]) -> None:
    chunks = writer(endless_rows())
    with PeakMemory() as peak:
        sizes = [len(chunk) for chunk in islice(chunks, CHUNKS)]
    assert min(sizes) >= CHUNK_BYTES
    assert max(sizes) < 2 * CHUNK_BYTES
    assert peak.bytes < CHUNKS * CHUNK_BYTES // 2


@pytest.mark.parametrize(
    ("pieces", "sizes"),
    [
        ([], []),
        ([0, 0], []),
        ([1, 2], [3]),
        ([CHUNK_BYTES - 1, 2, 3], [CHUNK_BYTES + 1, 3]),
        ([CHUNK_BYTES] * 2, [CHUNK_BYTES] * 2),
    ],
)
def test_chunks(pieces: list[int], sizes: list[int]) -> None:
    assert [len(chunk) for chunk in in_chunks(bytes(size) for size in pieces)] == sizes


def test_writers_do_without_openpyxl() -> None:
    """A function that only writes starts without it."""
    program = (
        "import sys; import contacts.tabular.write_csv, contacts.tabular.write_json, contacts.tabular.write_xlsx; "
        "sys.exit(bool({'openpyxl', 'pandas'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)})
