"""What an export costs, each in a process of its own: CPU time, memory, requests, read units; pandas beside it.

    python -m tests.benchmarks.export_cost [--rows 100000 1000000] [--profile csv]

The functions' own use case, adapters and clients: contacts are read, written and sent; every custom field is asked for,
so that those of a table wait on disk. AWS is answered in this process, which makes the contacts as they are asked for
and forgets the file as it comes in; the time for that is left out. pandas writes the same rows to disk, from memory.

Counts and ratios bind, and so does the writers' speed, which `write_files` measures by themselves; the end is 1 where
one is missed.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import os
import pstats
import resource
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from math import ceil
from typing import Any

import orjson

from contacts.domain.export_job import ExportFormat, ExportJob, ExportOptions, ExportStatus
from contacts.runtime import clients
from contacts.runtime.exporting import write_export
from contacts.runtime.garbage_collection import collect_seldom
from contacts.runtime.wiring import Wiring
from tests.benchmarks.capacity import PRICE_REGION, item_size, read_units
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT, SETTINGS, TENANT
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB, Table
from tests.benchmarks.metered_s3 import MeteredS3, blocks_of
from tests.benchmarks.write_files import COLUMNS, MAX_GROWTH, MAX_MEGABYTES, PEERS, PEERS_ROWS, contact_rows
from tests.benchmarks.write_files import in_own_process as peer_in_own_process

SHARDS = 8
#: A page of 200 contacts a request, and little else.
MAX_REQUESTS_A_ROW = 0.006
#: Strongly consistent, and 4 KB a unit: a contact of this benchmark has about 360 bytes.
MAX_READ_UNITS_A_ROW = 0.1
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
    """Export so many contacts in this process."""
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return {
        "rowsACpuSecond": contacts / seconds,
        "megabytes": peak,
        "requestsARow": aws.requests.total() / contacts,
        "readUnitsARow": aws.dynamodb.read_units / contacts,
        "dollarsAMillion": aws.price() / contacts * 1_000_000,
        "fileMegabytes": s3.size / 1e6,
    }


def in_own_process(format_: str, rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", __spec__.name, "--measure", format_, "--rows", str(rows)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(
        f"{format_:9} {rows:>10,} {found['rowsACpuSecond']:>12,.0f} {found['megabytes']:>9.1f}"
        f" {found['fileMegabytes']:>9.1f} {found['requestsARow']:>11.4f} {found['readUnitsARow']:>11.3f}"
        f" {found['dollarsAMillion']:>9.3f}",
        flush=True,
    )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--measure", choices=list(ExportFormat), help="export to this one here, and nothing else")
    parser.add_argument("--profile", choices=list(ExportFormat), help="show where its time goes instead")
    arguments = parser.parse_args()
    os.environ.update(CLIENT_ENVIRONMENT)
    collect_seldom()  # as the function does
    if arguments.measure:
        print(json.dumps(export(arguments.measure, arguments.rows[0])))
        return 0
    if arguments.profile:
        profile = cProfile.Profile()
        export(arguments.profile, arguments.rows[0], profile)
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
        return 0
    print(
        f"{'export':9} {'rows':>10} {'rows/CPU-s':>12} {'peak MB':>9} {'file MB':>9} {'requests/row':>11}"
        f" {'units/row':>10} {'$/million':>9}"
    )
    rows = sorted(arguments.rows)
    found = {(each.value, count): in_own_process(each.value, count) for each in ExportFormat for count in rows}
    print("pandas, from rows in memory to a file on disk:")
    for name in PEERS:
        peer_in_own_process(name, PEERS_ROWS)
    print(f"Dollars: DynamoDB and S3 requests ({PRICE_REGION}); no compute, storage or transfer.")
    return 0 if _kept(found, rows) else 1


def _kept(found: dict[tuple[str, int], dict[str, float]], rows: list[int]) -> bool:
    largest = max(one["megabytes"] for one in found.values())
    growth = max(found[each, rows[-1]]["megabytes"] / found[each, rows[0]]["megabytes"] for each in ExportFormat)
    requests = max(one["requestsARow"] for one in found.values())
    units = max(one["readUnitsARow"] for one in found.values())
    checks = {
        f"memory: {largest:.0f} MB, at most {MAX_MEGABYTES}": largest <= MAX_MEGABYTES,
        f"growth from {rows[0]:,} to {rows[-1]:,} rows: {growth:.2f} times, at most {MAX_GROWTH}": growth <= MAX_GROWTH,
        f"AWS requests a row: {requests:.4f}, at most {MAX_REQUESTS_A_ROW}": requests <= MAX_REQUESTS_A_ROW,
        f"read units a row: {units:.3f}, at most {MAX_READ_UNITS_A_ROW}": units <= MAX_READ_UNITS_A_ROW,
    }
    for text, kept in checks.items():
        print(f"{'kept  ' if kept else 'MISSED'}  {text}")
    return all(checks.values())


if __name__ == "__main__":
    sys.exit(main())
