"""Invariants 3 and 7 on bulk jobs, and on the files of exports."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from typing import Any

from openpyxl import load_workbook

from tests.soak.wire_faults.findings import Findings, Invariant
from tests.soak.wire_faults.ledger import Ledger
from tests.soak.wire_faults.stored_jobs import StoredJobs, creator, is_contact

_COUNTERS = ("succeededCount", "skippedCount", "failedCount", "notFoundCount", "forbiddenCount")
#: Which counter an outcome is counted by.
_COUNTER_OF = {
    "created": "succeededCount",
    "deleted": "succeededCount",
    "candidate": "succeededCount",
    "skipped": "skippedCount",
    "error": "failedCount",
    "notFound": "notFoundCount",
    "forbidden": "forbiddenCount",
}


def check_bulk_jobs(jobs: StoredJobs, ledger: Ledger, findings: Findings) -> None:
    entries = {job.job_id: job.rows for job in ledger.jobs}
    there = {item["id"]: creator(item) for item in jobs.state.contacts_table if is_contact(item)}
    gone = jobs.gone | {known.contact_id for known in ledger.contacts if known.exists is not True}
    for job_id, job in jobs.jobs.items():
        if job["kind"] not in {"bulk_create", "bulk_delete"}:
            continue
        outcomes = jobs.slice_outcomes(job_id)
        name = f"{job['kind']} {job_id}"
        places = [outcome[0] for outcome in outcomes]
        findings.check(
            Invariant.EVERY_ROW_HAS_AN_OUTCOME,
            len(set(places)) == len(places) == int(job["total"]) and entries.get(job_id) in {None, len(places)},
            f"{name}: {len(set(places))} of {job['total']} entries have an outcome, {entries.get(job_id)} were sent",
        )
        _counts_agree(jobs, job_id, outcomes, name, findings)
        if job["kind"] == "bulk_create":
            made = {contact_id for contact_id, made_by in there.items() if made_by == job_id}
            _created_is_created(outcomes, made, gone, name, findings)
        else:
            left = [outcome[0] for outcome in outcomes if outcome[1] == "deleted" and outcome[0] in there]
            findings.check(
                Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN, not left, f"{name} says of {left[:5]} that they are deleted"
            )


def _counts_agree(jobs: StoredJobs, job_id: str, outcomes: list[list[Any]], name: str, findings: Findings) -> None:
    job = jobs.jobs[job_id]
    place = 2 if job["kind"] == "bulk_create" else 1
    listed = Counter(_COUNTER_OF[outcome[place]] for outcome in outcomes)
    counted = {counter: int(job[counter]) for counter in _COUNTERS}
    for source, numbers in (
        ("its outcomes", {counter: listed[counter] for counter in _COUNTERS}),
        ("its slices", jobs.sum_of_parts(job_id, "SLICE#", _COUNTERS)),
    ):
        findings.check(
            Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN, counted == numbers, f"{name} counts {counted}, {source} {numbers}"
        )
    findings.check(
        Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN,
        sum(counted.values()) == int(job["total"]),
        f"{name}: {counted} do not add up to {job['total']}",
    )


def _created_is_created(
    outcomes: list[list[Any]], made: set[str], gone: set[str], name: str, findings: Findings
) -> None:
    reported = {outcome[3] for outcome in outcomes if outcome[2] == "created"}
    findings.check(
        Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN, made <= reported, f"{name} does not report {sorted(made - reported)[:5]}"
    )
    lost = reported - made - gone
    findings.check(
        Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN, not lost, f"{name} reports {sorted(lost)[:5]}, which are not there"
    )


def check_exports(jobs: StoredJobs, findings: Findings) -> None:
    for job_id, job in jobs.jobs.items():
        if job["kind"] != "export" or job["status"] != "completed":
            continue
        content = jobs.state.objects.get(job["file"]["key"])
        whole = content is not None and (len(content), hashlib.sha256(content).hexdigest()) == (
            int(job["file"]["size"]),
            job["file"]["sha256"],
        )
        findings.check(Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN, whole, f"export {job_id}: its file is not what it says")
        if content is None or not whole:
            continue
        ids = _exported_ids(content, job["options"]["format"])
        findings.check(
            Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN,
            len(ids) == int(job["totalContacts"]),
            f"export {job_id} says {job['totalContacts']} contacts and has {len(ids)}",
        )
        twice = [contact for contact, number in Counter(ids).items() if number > 1]
        findings.check(Invariant.NO_CONTACT_TWICE, not twice, f"export {job_id} has {twice[:5]} twice")


def _exported_ids(content: bytes, format_: str) -> list[str]:
    if format_ == "json":
        return [each["id"] for each in json.loads(content)]
    if format_ == "jsonl":
        return [json.loads(line)["id"] for line in content.decode().splitlines()]
    if format_ == "csv":
        return [row["id"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)]
    header, *rows = load_workbook(io.BytesIO(content), read_only=True).worksheets[0].iter_rows(values_only=True)
    return [str(row[header.index("id")]) for row in rows]
