"""A tenant with much to do keeps no other waiting behind it."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.e2e import bulk_jobs as bulk
from tests.e2e.http_client import Api

BIG_JOBS = 20
#: Two slices each: enough to fill the line of their tenant, and done in seconds.
BIG_JOB_CONTACTS = 510


def test_ten_contacts_do_not_wait_behind_another_tenants_twenty_jobs(stack: dict[str, Any]) -> None:
    many, few = Api.of(stack, "c-user"), Api.of(stack, "b-admin")
    bulk.create(few, [{"firstName": "Before"}])  # so that nothing below waits for processes to start
    domain = f"d{uuid.uuid4().hex}.example"

    def start(number: int) -> str:
        contacts = bulk.people(BIG_JOB_CONTACTS, f"{number}.{domain}")
        return str(bulk.start(many, bulk.CREATE, {"contacts": contacts})["jobId"])

    with ThreadPoolExecutor(4) as threads:
        big = list(threads.map(start, range(BIG_JOBS)))
    small = bulk.create(few, bulk.people(10, domain))
    still_waiting = [job["jobId"] for job in many.pages("/api/jobs", type="bulk_create", status="QUEUED", limit=100)]
    assert bulk.counts(small) == {"success": 10}
    assert len(set(still_waiting) & set(big)) > BIG_JOBS / 4, "the large tenant's line is far from empty"

    for job_id in big:
        assert bulk.counts(bulk.ended(many, bulk.CREATE, job_id)) == {"success": BIG_JOB_CONTACTS}
