"""Invariants 3, 5 and 7 on imports and their rollbacks: counters, part records, lists and contacts agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tests.soak.wire_faults.findings import Findings, Invariant
from tests.soak.wire_faults.ledger import Ledger
from tests.soak.wire_faults.stored_jobs import Item, StoredJobs, creator, is_contact

_COUNTERS = ("createdCount", "updatedCount", "skippedCount", "errorCount")
_ROLLBACK_COUNTERS = {
    "deleted": "rollbackDeletedCount",
    "restored": "rollbackRestoredCount",
    "kept": "rollbackKeptCount",
    "unchanged": "rollbackUnchangedCount",
}
#: Reason of a row that did not come to anything for a fault of ours.
_OUR_FAULT = "NOT_IMPORTED"


def check_imports(jobs: StoredJobs, ledger: Ledger, findings: Findings) -> None:
    rows = {job.job_id: job.rows for job in ledger.jobs}
    made: dict[str, dict[str, str]] = {}
    for item in filter(is_contact, jobs.state.contacts_table):
        made.setdefault(creator(item), {})[item["id"]] = str(item["createdBy"]).rpartition(":")[2]
    known_gone = jobs.gone | {known.contact_id for known in ledger.contacts if known.exists is not True}
    for job_id, job in jobs.jobs.items():
        if job["kind"] != "import":
            continue
        if "staged" not in job:
            nothing = not made.get(job_id) and not any(job[name] for name in ("createdCount", "updatedCount"))
            findings.check(
                Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN, nothing, f"import {job_id} was never staged and did write"
            )
            continue
        results = jobs.results(job_id) or []
        _rows_have_one_outcome(job_id, job, results, rows.get(job_id), findings)
        _counts_agree(jobs, job_id, job, results, findings)
        _created_is_created(job_id, results, made.get(job_id, {}), known_gone, findings)
        _rows_came_to_what_they_must(job_id, job, results, ledger.outcomes.get(job_id, {}), findings)
        if "rollbackRun" in job:
            _check_rollback(jobs, job_id, job, findings)
    _kept_edits_are_named(jobs, ledger, findings)


def _rows_have_one_outcome(
    job_id: str, job: Item, results: list[dict[str, str]], rows: int | None, findings: Findings
) -> None:
    total = int(job["staged"]["totalRows"])
    findings.check(
        Invariant.EVERY_ROW_HAS_AN_OUTCOME, rows in {None, total}, f"import {job_id}: {rows} sent, {total} read"
    )
    listed = [int(line["row"]) for line in results]
    findings.check(
        Invariant.EVERY_ROW_HAS_AN_OUTCOME,
        listed == list(range(1, total + 1)) and all(line["outcome"] for line in results),
        f"import {job_id}: {len(set(listed))} of {total} rows have an outcome, {len(listed)} lines",
    )


def _counts_agree(jobs: StoredJobs, job_id: str, job: Item, results: list[dict[str, str]], findings: Findings) -> None:
    counted = {name: int(job[name]) for name in _COUNTERS}
    outcomes = Counter(line["outcome"] for line in results)
    listed = {
        "createdCount": outcomes["created"],
        "updatedCount": outcomes["updated"],
        "skippedCount": outcomes["skipped"] + outcomes["error"],
        "errorCount": outcomes["error"],
    }
    parts = jobs.sum_of_parts(job_id, "PART#", _COUNTERS)
    summed = {name: parts[name] + int(job["staged"]["rejected"][name]) for name in _COUNTERS}
    for source, numbers in (("results.csv", listed), ("the part records", summed)):
        findings.check(
            Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN,
            counted == numbers,
            f"import {job_id} counts {counted}, {source} {numbers}",
        )
    whole = counted["createdCount"] + counted["updatedCount"] + counted["skippedCount"]
    total = int(job["staged"]["totalRows"])
    findings.check(
        Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN,
        whole == total and counted["errorCount"] <= counted["skippedCount"],
        f"import {job_id}: {counted} do not add up to {total}",
    )


def _created_is_created(
    job_id: str, results: list[dict[str, str]], made: Mapping[str, str], gone: set[str], findings: Findings
) -> None:
    reported = {line["contactId"]: line["row"] for line in results if line["outcome"] == "created"}
    for contact_id, row in made.items():
        findings.check(
            Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN,
            reported.get(contact_id) == row,
            f"import {job_id} made {contact_id} of row {row} and does not say so",
        )
    lost = {contact_id for contact_id in reported if contact_id not in made and contact_id not in gone}
    findings.check(
        Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN,
        not lost,
        f"import {job_id} reports {sorted(lost)[:5]}, which are not there",
    )


def _rows_came_to_what_they_must(
    job_id: str, job: Item, results: list[dict[str, str]], wanted: Mapping[int, str], findings: Findings
) -> None:
    if job["status"] == "failed":
        return
    for line in results:
        outcome = wanted.get(int(line["row"]))
        if outcome is not None and line["reason"] != _OUR_FAULT:
            findings.check(
                Invariant.EVERY_ROW_HAS_AN_OUTCOME,
                line["outcome"] == outcome,
                f"import {job_id}: row {line['row']} is {line['outcome']} ({line['reason']}), not {outcome}",
            )


def _check_rollback(jobs: StoredJobs, job_id: str, job: Item, findings: Findings) -> None:
    lines = jobs.rollback_lines(job_id)
    if job["rollbackStatus"] != "completed" or lines is None:
        findings.check(
            Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN,
            job["rollbackStatus"] != "completed",
            f"the rollback of {job_id} has no list",
        )
        return
    actions = Counter(line["action"] for line in lines)
    counted = {action: int(job[name]) for action, name in _ROLLBACK_COUNTERS.items()}
    prefix = f"ROLLBACK#{int(job['rollbackRun']):04d}#{job['rollbackMode']}#"
    parts = jobs.sum_of_parts(job_id, prefix, _ROLLBACK_COUNTERS.values())
    summed = {action: parts[name] for action, name in _ROLLBACK_COUNTERS.items()}
    for source, numbers in (("its list", {action: actions[action] for action in counted}), ("its parts", summed)):
        findings.check(
            Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN,
            counted == numbers,
            f"the rollback of {job_id} counts {counted}, {source} {numbers}",
        )
    twice = [contact for contact, number in Counter(line["contactId"] for line in lines).items() if number > 1]
    findings.check(Invariant.COUNTS_ARE_WHAT_WAS_WRITTEN, not twice, f"the rollback of {job_id} lists {twice} twice")
    if not job["rollbackDryRun"]:
        there = {item["id"] for item in jobs.state.contacts_table if is_contact(item)}
        deleted = {line["contactId"] for line in lines if line["action"] == "deleted"}
        findings.check(
            Invariant.ROLLBACK_KEEPS_EDITS,
            not deleted & there,
            f"the rollback of {job_id} deleted {sorted(deleted & there)[:5]}, which are there",
        )


def _kept_edits_are_named(jobs: StoredJobs, ledger: Ledger, findings: Findings) -> None:
    for kept in ledger.kept:
        lines = {line["contactId"]: line for line in jobs.rollback_lines(kept.job_id) or []}
        line = lines.get(kept.contact_id, {"action": None, "fields": []})
        findings.check(
            Invariant.ROLLBACK_KEEPS_EDITS,
            line["action"] == "kept" and kept.field in line["fields"],
            f"the rollback of {kept.job_id} does not name {kept.field} of {kept.contact_id} as kept: {line}",
        )
