"""5,000 contacts by one bulk create job against the same ones sent one request at a time, on one local stack over HTTP.

Of the second way a sample is driven and multiplied out. Both are ready to run before the clock starts: every function
has a process, and the job's time counts from its request to the answer that shows it ended.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from local.ephemeral import ephemeral_stack
from local.settings import ROOT, Settings
from local.stack import down
from tests.e2e.bulk_jobs import create, people
from tests.e2e.http_client import Api
from tests.e2e.imported_contacts import created

#: Issue 4: how much faster the bulk way has to be.
BUDGET = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=5_000)
    parser.add_argument("--sample", type=int, default=300, help="contacts that are sent one by one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stack = ephemeral_stack(Path(folder), os.getpid())
        try:
            ratio = compare(stack, arguments.contacts, arguments.sample)
        finally:
            down(Settings(port=0, directory=Path(folder), template=ROOT / "template.yaml"))
    if ratio < BUDGET:
        sys.exit(f"bulk create is {ratio:.1f} x as fast as one contact at a time; it has to be {BUDGET} x")


def compare(stack: dict[str, Any], contacts: int, sample: int) -> float:
    api = Api.of(stack, "a-user")
    one_by_one(api, 20)
    in_bulk(api, contacts)
    seconds_in_bulk = in_bulk(api, contacts)
    seconds_one_by_one = one_by_one(api, sample) / sample * contacts
    ratio = seconds_one_by_one / seconds_in_bulk
    print(f"{'way':<22} {'seconds':>9} {'contacts/s':>11}")
    for way, seconds in (("one at a time", seconds_one_by_one), ("bulk create", seconds_in_bulk)):
        print(f"{way:<22} {seconds:>9.1f} {contacts / seconds:>11,.0f}")
    print(
        f"{contacts:,} contacts on the local stack: {ratio:.1f} x as fast in bulk (budget: {BUDGET} x); "
        f"one at a time is {sample:,} contacts multiplied out"
    )
    return ratio


def in_bulk(api: Api, contacts: int) -> float:
    """Seconds until a job over so many contacts has ended."""
    entries = people(contacts, f"{uuid.uuid4().hex}.example")
    began = time.perf_counter()
    job = create(api, entries)
    seconds = time.perf_counter() - began
    if job["successCount"] != contacts:
        raise RuntimeError(f"{job['successCount']} of {contacts} contacts were created")
    return seconds


def one_by_one(api: Api, contacts: int) -> float:
    """Seconds for so many contacts, each in a request of its own after the answer to the one before."""
    entries = [
        {name: value for name, value in entry.items() if name != "clientContactId"}
        for entry in people(contacts, f"{uuid.uuid4().hex}.example")
    ]
    began = time.perf_counter()
    for entry in entries:
        created(api, **entry)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
