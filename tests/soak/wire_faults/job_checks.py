"""Invariants 2, 4 and 6 on jobs of all kinds, and on who owns each item and object."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from urllib.parse import unquote

from tests.soak.wire_faults.findings import Findings, Invariant
from tests.soak.wire_faults.ledger import Ledger
from tests.soak.wire_faults.stored_jobs import Item, StoredJobs, contact_tenant

_ENDED = {
    "import": {"completed", "failed", "rolled_back"},
    "export": {"completed", "failed"},
    "bulk_create": {"COMPLETED", "PARTIAL", "FAILED"},
    "bulk_delete": {"COMPLETED", "PARTIAL", "FAILED"},
}
#: Prefixes under which a tenant's objects are in folders of its jobs.
_JOB_PREFIXES = {"staged", "undo", "results", "bulk", "exports"}
#: Parts of the jobs table that belong to a tenant and not to one job.
_TENANT_PARTITIONS = {"LINE", "TENANT", "SEG", "COL", "AUDIT"}


def check_keys(jobs: StoredJobs, ledger: Ledger, findings: Findings) -> None:
    """One key led to one thing; each job was asked for by somebody, and each that was promised is there."""
    led_to: dict[tuple[str, str], set[str]] = defaultdict(set)
    for answer in ledger.answers:
        led_to[answer.tenant, answer.key].add(answer.thing)
    for (tenant, key), things in led_to.items():
        findings.check(Invariant.ONE_KEY_ONE_JOB, len(things) == 1, f"{tenant}: key {key} led to {sorted(things)}")
    promised = {job.job_id for job in ledger.jobs}
    for job_id in promised:
        findings.check(Invariant.ONE_KEY_ONE_JOB, job_id in jobs.jobs, f"job {job_id} was promised and is not there")
    nobodys = set(jobs.jobs) - promised
    # A client that gave up does not know of its job.
    findings.check(
        Invariant.ONE_KEY_ONE_JOB,
        len(nobodys) <= len(ledger.unanswered),
        f"{len(nobodys)} jobs that no client knows of: {sorted(nobodys)[:5]}",
    )


def check_ends(jobs: StoredJobs, findings: Findings) -> None:
    """Every job is over and announced, and nothing waits for anybody."""
    for job_id, job in jobs.jobs.items():
        over = job["status"] in _ENDED[job["kind"]] or _can_be_taken_up(job)
        name = f"{job['kind']} {job_id}"
        findings.check(Invariant.EVERY_JOB_ENDS, over, f"{name} is {job['status']}")
        findings.check(Invariant.EVERY_JOB_ENDS, "openKey" not in job, f"{name} is still looked after")
        findings.check(Invariant.EVERY_JOB_ENDS, job.get("rollbackStatus") != "running", f"{name} is still rolled back")
    waiting = [item["sk"] for item in jobs.state.jobs_table if item["pk"].startswith("LINE#")]
    findings.check(Invariant.EVERY_JOB_ENDS, not waiting, f"slices wait in a line: {waiting[:5]}")
    for queue, number in jobs.state.messages.items():
        findings.check(Invariant.EVERY_JOB_ENDS, not number, f"{number} messages are in {queue}")


def _can_be_taken_up(job: Item) -> bool:
    """A rollback that failed has ended; its import stays as it is until somebody asks again."""
    return bool(job["status"] == "rolling_back" and job["rollbackStatus"] == "failed")


def check_tenants(jobs: StoredJobs, ledger: Ledger, findings: Findings) -> None:
    """What is under a tenant's key is the tenant's, and no other tenant's marker is in it."""
    tenants = set(ledger.markers)
    for item in jobs.state.contacts_table:
        _has_no_foreign_data(contact_tenant(item), repr(item), f"item {item['sk']}", ledger, findings)
        findings.check(
            Invariant.TENANTS_ARE_APART, contact_tenant(item) in tenants, f"contacts item of {item['pk']} is nobody's"
        )
    for item in jobs.state.jobs_table:
        head, _, rest = item["pk"].partition("#")
        tenant = jobs.tenant(rest) if head == "JOB" else unquote(rest.partition("#")[0])
        if head == "JOB" or head in _TENANT_PARTITIONS:
            owner = f"item {item['pk']} {item['sk']}"
            findings.check(Invariant.TENANTS_ARE_APART, tenant in tenants, f"{owner} is nobody's")
            _has_no_foreign_data(str(tenant), repr(item), owner, ledger, findings)
    for key, body in jobs.state.objects.items():
        prefix, tenant, name, *_ = [unquote(part) for part in key.split("/")]
        of_job = jobs.tenant(name) if prefix in _JOB_PREFIXES else tenant
        findings.check(Invariant.TENANTS_ARE_APART, of_job == tenant, f"object {key} is of a job of {of_job}")
        _has_no_foreign_data(tenant, _text_of(key, body), f"object {key}", ledger, findings)


def _has_no_foreign_data(tenant: str, text: str, name: str, ledger: Ledger, findings: Findings) -> None:
    foreign = [other for other, marker in ledger.markers.items() if other != tenant and marker in text]
    findings.check(Invariant.TENANTS_ARE_APART, not foreign, f"{name} of {tenant} has data of {foreign}")


def _text_of(key: str, body: bytes) -> str:
    if not body.startswith(b"PK\x03\x04"):
        return body.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
