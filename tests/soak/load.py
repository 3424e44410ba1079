"""Many imports of many tenants at once on a local stack: `python -m tests.soak.load --jobs 100 --rows 10000`.

All are started at once over HTTP, as clients do. Meanwhile a small tenant imports ten rows and creates ten contacts,
again and again; how long that takes is printed beside what it takes on the idle stack. Afterwards every tenant is
exported, and jobs, results and contacts are compared with the files. Ends with 1 where anything is missing or double.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from local.ephemeral import ephemeral_stack
from local.settings import ROOT, Settings
from local.stack import down
from tests.e2e.http_client import Api
from tests.soak.load_checks import job_faults, tenant_faults
from tests.soak.load_clients import (
    IMPORTS,
    Clients,
    ended,
    exported_contacts,
    results,
    small_bulk_create,
    small_import,
    start_import,
)
from tests.soak.load_files import LoadFile, load_files

IDLE_VISITS = 3
#: The small tenant rests between its visits, so that it is no load itself.
REST_SECONDS = 2.0
VISITS: tuple[tuple[str, Callable[[Api, int, float], float]], ...] = (
    ("import of 10 rows", small_import),
    ("bulk create of 10 contacts", small_bulk_create),
)


@dataclass
class Import:
    """One job of the load, from its start to its end."""

    file: LoadFile
    job_id: str
    api: Api
    started: float
    job: dict[str, Any] = field(default_factory=dict)
    ended: float = 0.0


class SmallTenant:
    """Comes again and again, and notes how long it waited each time."""

    def __init__(self, api: Api, patience: float) -> None:
        self._api = api
        self._patience = patience
        self._visits = 0

    def visit(self) -> tuple[float, ...]:
        """Seconds that each of `VISITS` took."""
        self._visits += 1
        return tuple(do(self._api, self._visits, self._patience) for _, do in VISITS)

    def visit_until(self, enough: threading.Event) -> list[tuple[float, ...]]:
        """The waits of all visits that began before `enough`, of one at least."""
        waits = [self.visit()]
        while not enough.wait(REST_SECONDS):
            waits.append(self.visit())
        return waits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--rows", type=int, default=10_000, help="of each job's file")
    parser.add_argument("--tenants", type=int, default=20)
    parser.add_argument("--patience", type=float, default=3600, help="seconds after which a job counts as never ending")
    given = parser.parse_args()
    tenants = [f"load-{number:03}" for number in range(min(given.tenants, given.jobs))]
    files = load_files(tenants, given.jobs, given.rows)
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        stack = ephemeral_stack(Path(folder), os.getpid())
        try:
            faults = _load(Clients(stack, Path(folder)), files, given.patience)
        finally:
            down(Settings(port=0, directory=Path(folder), template=ROOT / "template.yaml"))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _load(clients: Clients, files: list[LoadFile], patience: float) -> list[str]:
    small = SmallTenant(clients.of("small"), patience)
    small.visit()  # so that nothing below waits for processes to start
    idle = [small.visit() for _ in range(IDLE_VISITS)]

    began = time.monotonic()
    imports, loaded = _run(clients, files, small, patience)
    seconds = max(each.ended for each in imports) - began

    rows = sum(file.rows for file in files)
    print(
        f"Load: {len(files)} imports of {files[0].rows:,} rows, {len({file.tenant for file in files})} tenants,"
        f" all started at once\n"
        f"  started after   {max(each.started for each in imports) - began:>9.1f} s\n"
        f"  all ended after {seconds:>9.1f} s, the first after {min(each.ended for each in imports) - began:.1f} s\n"
        f"  rows            {rows:>9,}  {rows / seconds:,.0f} rows/s, engine and functions on {os.cpu_count()} cores"
    )
    print(f"A small tenant's waits in seconds{'idle':>17}{'loaded, median':>17}{'longest':>10}   visits")
    for (name, _), before, under_load in zip(VISITS, zip(*idle, strict=True), zip(*loaded, strict=True), strict=True):
        print(
            f"  {name:<32}{median(before):>16.1f}{median(under_load):>17.1f}{max(under_load):>10.1f}"
            f"   {len(under_load):>6}"
        )

    began = time.monotonic()
    contacts, faults = _check(clients, imports, patience)
    print(
        f"Checked in {time.monotonic() - began:.0f} s: {rows:,} results, {contacts:,} exported contacts,"
        f" {len(faults)} faults"
    )
    return faults


def _run(
    clients: Clients, files: list[LoadFile], small: SmallTenant, patience: float
) -> tuple[list[Import], list[tuple[float, ...]]]:
    """The ended imports, and the small tenant's waits from the moment on that all of them were started."""
    enough = threading.Event()
    apis = {file.tenant: clients.of(file.tenant) for file in files}
    together = threading.Barrier(len(files))

    def start(file: LoadFile) -> Import:
        together.wait()
        job_id = start_import(apis[file.tenant], file)
        return Import(file, job_id, apis[file.tenant], time.monotonic())

    def finish(each: Import) -> Import:
        each.job = ended(each.api, f"{IMPORTS}/{each.job_id}", patience)
        each.ended = time.monotonic()
        return each

    with ThreadPoolExecutor(len(files)) as clients_at_once, ThreadPoolExecutor(1) as beside:
        running = list(clients_at_once.map(start, files))
        visiting = beside.submit(small.visit_until, enough)
        try:
            imports = list(clients_at_once.map(finish, running))
        finally:
            enough.set()
        return imports, visiting.result()


def _check(clients: Clients, imports: list[Import], patience: float) -> tuple[int, list[str]]:
    """How many contacts there are, and what is wrong."""
    by_tenant: dict[str, list[Import]] = defaultdict(list)
    for each in imports:
        by_tenant[each.file.tenant].append(each)
    faults: list[str] = []
    total = 0
    for tenant, own in by_tenant.items():
        created: list[str] = []
        for each in own:
            lines = results(each.api, each.job_id)
            faults += job_faults(each.file, each.job, lines)
            created += [line["contactId"] for line in lines if line["outcome"] == "created"]
        contacts = exported_contacts(own[0].api, patience)
        faults += tenant_faults(tenant, [each.file for each in own], created, contacts)
        total += len(contacts)
    return total, faults


if __name__ == "__main__":
    sys.exit(main())
