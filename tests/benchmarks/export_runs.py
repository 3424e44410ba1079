"""Exports contacts, or writes files of them, in this process and prints what that took; see `export_cost`.

    python -m tests.benchmarks.export_runs export csv 100000

An export is the functions' own use case, adapters and clients: contacts are read, written and sent; every custom field
is asked for, so that those of a table wait on disk. AWS is answered in this process, which makes the contacts as they
are asked for and forgets the file as it comes in; the time for that is left out.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import os
import pstats
import time
from collections.abc import Callable, Iterator
from itertools import islice
from math import ceil
from typing import Any

import orjson

from contacts.domain.export_job import ExportFormat, ExportJob, ExportOptions, ExportStatus
from contacts.runtime import clients
from contacts.runtime.exporting import write_export
from contacts.runtime.garbage_collection import collect_seldom
from contacts.runtime.wiring import Wiring
from tests.benchmarks.capacity import item_size, read_units
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT, SETTINGS, TENANT
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table
from tests.benchmarks.metered_s3 import MeteredS3, blocks_of
from tests.benchmarks.own_process import peak_megabytes
from tests.benchmarks.write_files import COLUMNS, WRITERS, by_pandas, contact_rows

SHARDS = 8
_NOW = "2026-01-01T00:00:00.000Z"
_FIXED_COLUMNS = tuple(name for name in COLUMNS if not name.startswith("customFields."))


class CannedContacts(MeteredDynamoDB):
    """Tables of which that of the contacts has as many as asked for, evenly spread, made a page at a time."""

    def __init__(self, contacts: int) -> None:
        super().__init__({SETTINGS.contacts_table: Table(), SETTINGS.jobs_table: Table()})
        settings = {"pk": {"S": f"{TENANT}#settings"}, "salt": {"B": "c2FsdA=="}, "shards": {"N": str(SHARDS)}}
        self._settings = settings
        share = ceil(contacts / SHARDS)
        self._partitions = {
            f"{TENANT}#{shard:02}": (shard * share, max(0, min(share, contacts - shard * share)))
            for shard in range(SHARDS)
        }
        self._rows: dict[str, Iterator[list[str | None]]] = {}

    def answer(self, operation: str, request: Any) -> tuple[int, bytes]:
        asked = orjson.loads(request.body)
        if asked.get("TableName") != SETTINGS.contacts_table:
            return super().answer(operation, request)
        if operation == "GetItem":
            self.read_units += 1
            return 200, orjson.dumps({"Item": {**asked["Key"], **self._settings}})
        if operation != "Query":
            raise NotImplementedError(operation)
        return 200, orjson.dumps(self._page(asked))

    def _page(self, asked: Any) -> dict[str, Any]:
        pk = asked["ExpressionAttributeValues"][":pk"]["S"]
        first, count = self._partitions[pk]
        start = int(asked["ExclusiveStartKey"]["sk"]["S"]) + 1 if "ExclusiveStartKey" in asked else 0
        rows = self._rows.setdefault(pk, contact_rows(count, first=first))
        items = [_item(pk, start + number, row) for number, row in enumerate(islice(rows, asked["Limit"]))]
        # Items are alike: one tells the size of all.
        size = len(items) * item_size(items[0]) if items else 0
        self.read_units += read_units(size, consistent=asked["ConsistentRead"])
        more = (
            {"LastEvaluatedKey": {"pk": items[-1]["pk"], "sk": items[-1]["sk"]}} if start + len(items) < count else {}
        )
        return {"Items": items, "Count": len(items), **more}


def _item(pk: str, number: int, row: list[str | None]) -> dict[str, Any]:
    slot = f"{number:020}"
    *texts, zip_code = row
    return {
        "pk": {"S": pk},
        "sk": {"S": slot},
        "id": {"S": f"{slot}{number:016}"},
        "version": {"N": "1"},
        "createdAt": {"S": _NOW},
        "updatedAt": {"S": _NOW},
        "createdBy": {"S": f"3f0f6f6e-8d7a-4b0e-9d3c-0a4d0c1f2b3a:{number}"},
        **{name: {"S": text} for name, text in zip(_FIXED_COLUMNS, texts, strict=True) if text is not None},
        "tags": {"L": [{"S": "import"}, {"S": "2026"}]},
        "customFields": {"M": {"zip": {"S": zip_code}}},
    }


class ForgettingS3(MeteredS3):
    """Takes files in and keeps nothing but their size and checksum."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.sha256 = hashlib.sha256()

    def answer(self, operation: str, request: Any) -> tuple[int, bytes, dict[str, str]]:
        if operation == "ListObjectsV2":
            return 200, b"<ListBucketResult/>", {}
        if operation in {"PutObject", "UploadPart"}:
            for block in blocks_of(request):
                self.size += len(block)
                self.sha256.update(block)
            return 200, b"", {"ETag": '"etag"'}
        return super().answer(operation, request)


def export(format_: str, contacts: int, profile: cProfile.Profile | None = None) -> dict[str, float]:
    """Export so many contacts."""
    s3 = ForgettingS3()
    aws = MeteredAws(CannedContacts(contacts), s3)
    for client in (clients.dynamodb, clients.dynamodb_sending_once, clients.s3, clients.events):
        client.cache_clear()
        aws.attach(client())
    wiring = Wiring(SETTINGS)
    now = wiring.clock()
    job = ExportJob(
        id="job",
        tenant=TENANT,
        created_by="user",
        created_at=now,
        changed_at=now,
        expires_at="2999-01-01T00:00:00.000Z",
        options=ExportOptions(format=ExportFormat(format_), include_custom_fields=True),
    )
    wiring.exports.create_export(job)
    aws.reset()
    if profile:
        profile.enable()
    written = write_export(wiring)(job.id)
    if profile:
        profile.disable()
    seconds = aws.cpu_seconds()
    done = wiring.exports.find_export(job.id)
    if not written or done is None or done.file is None:
        raise SystemExit("the export went wrong")
    found = (done.status, done.total, done.announced, done.file.size, done.file.sha256)
    if found != (ExportStatus.COMPLETED, contacts, True, s3.size, s3.sha256.hexdigest()):
        raise SystemExit(f"the export went wrong: {found}")
    return {
        "cpuSeconds": seconds,
        "requests": aws.requests.total(),
        "readUnits": aws.dynamodb.read_units,
        "dollars": aws.price(),
        "fileMegabytes": s3.size / 1e6,
    }


def write(format_: str, contacts: int) -> dict[str, float]:
    """Our writer alone, from rows to bytes."""
    return _timed(lambda: WRITERS[format_](contacts))


def write_by_pandas(format_: str, contacts: int) -> dict[str, float]:
    """pandas, from rows to a file."""
    import pandas  # noqa: F401 - which is not what is measured

    return _timed(lambda: by_pandas(format_, contacts))


def _timed(write_file: Callable[[], int]) -> dict[str, float]:
    started = time.process_time()
    size = write_file()
    return {"cpuSeconds": time.process_time() - started, "fileMegabytes": size / 1e6}


WAYS: dict[str, Callable[[str, int], dict[str, float]]] = {
    "export": export,
    "write": write,
    "pandas": write_by_pandas,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=[*WAYS, "profile"], help="profile shows where an export's time goes")
    parser.add_argument("format", choices=list(ExportFormat))
    parser.add_argument("contacts", type=int)
    arguments = parser.parse_args()
    collect_seldom()  # as the function does
    if arguments.way == "profile":
        profile = cProfile.Profile()
        export(arguments.format, arguments.contacts, profile)
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
        return
    found = WAYS[arguments.way](arguments.format, arguments.contacts)
    print(json.dumps({**found, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    os.environ.update(CLIENT_ENVIRONMENT)
    main()
