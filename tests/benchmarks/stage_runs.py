"""Reads or stages one file in this process, in our way or in another, and prints what that took; see `stage_files`.

    python -m tests.benchmarks.stage_runs stage contacts.csv 100000

What was staged lands in a directory, so that storing it costs no requests.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, BinaryIO
from zlib import crc32

from contacts.domain.import_job import ImportJob, ImportOptions
from contacts.domain.table import TableLimits
from contacts.ports import FileInfo
from contacts.runtime import clients
from contacts.runtime.staging import stage_import
from contacts.runtime.wiring import Wiring
from contacts.tabular.open_table import open_table
from tests.benchmarks.contact_files import BAD_EVERY, HEADER, MAPPING
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT, SETTINGS, TENANT
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table
from tests.benchmarks.metered_s3 import MeteredS3
from tests.benchmarks.own_process import peak_megabytes

_UPLOAD = "upload"


class DirectoryFiles:
    """As much of a `FileStore` as staging needs: the upload where it lies, everything else in a directory."""

    def __init__(self, upload: Path, root: Path) -> None:
        self._upload = upload
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
        return self._upload if key == _UPLOAD else self._root / key.replace("/", "_")


def stage(path: Path, rows: int) -> float:
    """The function's own use case: read, map, validate, route, store the parts. CPU seconds."""
    aws = MeteredAws(MeteredDynamoDB({SETTINGS.contacts_table: Table(), SETTINGS.jobs_table: Table()}), MeteredS3())
    aws.attach(clients.dynamodb(), clients.dynamodb_sending_once())
    clients.s3()  # which the function has in memory, too
    with tempfile.TemporaryDirectory(prefix="stage-") as directory:
        wiring = Wiring(SETTINGS, files=DirectoryFiles(path, Path(directory)))
        now = wiring.clock()
        wiring.jobs.create_import(
            ImportJob(
                id="job",
                tenant=TENANT,
                created_by="user",
                created_at=now,
                changed_at=now,
                file_name=path.name,
                file_key=_UPLOAD,
                file_url="",
                field_mapping=MAPPING,
                options=ImportOptions(),
            )
        )
        started = time.process_time()
        stage_import(wiring)("job")
        seconds = time.process_time() - started
    job = wiring.jobs.find_import("job")
    staged = None if job is None else job.staged
    if staged is None or (staged.total_rows, staged.rejected.errors) != (rows, _bad(rows)):
        raise SystemExit(f"staged wrongly: {staged}")
    return seconds


def read(path: Path, rows: int) -> float:
    """Our reader alone: rows of texts. CPU seconds."""
    started = time.process_time()
    with path.open("rb") as file:
        table = open_table(
            file,
            size=path.stat().st_size,
            file_name=path.name,
            file_type=None,
            columns=list(MAPPING),
            limits=TableLimits(max_rows=2_000_000, max_bytes=10**9),
        )
        found = sum(1 for _ in table.rows())
    _check(found, rows)
    return time.process_time() - started


def dict_reader_and_pydantic(path: Path, rows: int) -> float:
    """CSV as it is mostly done in Python: a dict and a model a row, mapped, validated, and routed by its e-mail into
    parts of JSON lines, which lie in memory until the end."""
    from pydantic import BaseModel, Field, StringConstraints, ValidationError

    class Person(BaseModel):
        email: Annotated[str, StringConstraints(pattern=r"^[^\s@]+@[^\s@]+\.[^\s@]+$")] = Field(alias="E-mail")
        first_name: str = Field(alias="First name")
        last_name: str = Field(alias="Last name")
        company: str = Field(alias="Company")
        phone: str = Field(alias="Phone")
        zip_code: str = Field(alias="Zip")

    started = time.process_time()
    bad = 0
    parts: list[list[str]] = [[] for _ in range(rows // 1_000 + 1)]
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                person = Person.model_validate(row)
            except ValidationError:
                bad += 1
                continue
            parts[crc32(person.email.strip().lower().encode()) % len(parts)].append(person.model_dump_json())
    with tempfile.TemporaryDirectory(prefix="stage-") as directory:
        for number, lines in enumerate(parts):
            (Path(directory) / str(number)).write_text("\n".join(lines), encoding="utf-8")
    _check(bad, _bad(rows))
    _check(bad + sum(map(len, parts)), rows)
    return time.process_time() - started


def pandas_and_iterrows(path: Path, rows: int) -> float:
    """CSV as data scientists do it: a DataFrame, a Series a row, a dict of it. It validates nothing."""
    import pandas as pd

    started = time.process_time()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    found = sum(1 for _, row in frame.iterrows() if {target: row[column] for column, target in MAPPING.items()})
    _check(found, rows)
    return time.process_time() - started


def openpyxl_read_only(path: Path, rows: int) -> float:
    """openpyxl in the mode that is meant for large files: rows of values."""
    from openpyxl import load_workbook

    started = time.process_time()
    book = load_workbook(path, read_only=True)
    found = sum(1 for _ in book.worksheets[0].iter_rows(values_only=True)) - 1
    book.close()
    _check(found, rows)
    return time.process_time() - started


def json_load(path: Path, rows: int) -> float:
    """The whole file at once: dicts of values, all in memory."""
    started = time.process_time()
    with path.open(encoding="utf-8") as file:
        found = sum(1 for row in json.load(file) if len(row) == len(HEADER))
    _check(found, rows)
    return time.process_time() - started


WAYS: dict[str, Callable[[Path, int], float]] = {
    "stage": stage,
    "read": read,
    "csv.DictReader+pydantic": dict_reader_and_pydantic,
    "pandas+iterrows": pandas_and_iterrows,
    "openpyxl": openpyxl_read_only,
    "json.load": json_load,
}


def _bad(rows: int) -> int:
    return -(-rows // BAD_EVERY)


def _check(found: int, expected: int) -> None:
    if found != expected:
        raise SystemExit(f"{found} in place of {expected}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("file", type=Path)
    parser.add_argument("rows", type=int, help="that the file has")
    arguments = parser.parse_args()
    seconds = WAYS[arguments.way](arguments.file, arguments.rows)
    print(json.dumps({"cpuSeconds": seconds, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    os.environ.update(CLIENT_ENVIRONMENT)
    main()
