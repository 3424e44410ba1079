"""Compares what the load was told with what it left: counts of jobs, lines of results, contacts of exports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.soak.load_files import LoadFile

Line = Mapping[str, str]


def job_faults(file: LoadFile, job: Mapping[str, Any], lines: Sequence[Line]) -> Iterator[str]:
    """What is wrong with one ended import, whose `lines` are those of its list of results."""
    expected = {
        "status": "completed",
        "totalRows": file.rows,
        "processedRows": file.rows,
        "errorCount": file.errors,
        "updatedCount": 0,
        "importedCount": job["createdCount"],
        "skippedCount": file.rows - job["createdCount"],
    }
    for name, value in expected.items():
        if job[name] != value:
            yield f"{file.name} of {file.tenant}: {name} is {job[name]}, not {value}"
    if [int(line["row"]) for line in lines] != list(range(1, file.rows + 1)):
        yield f"{file.name} of {file.tenant}: {len(lines)} results, not one for each of {file.rows} rows in order"
    outcomes = Counter(line["outcome"] for line in lines)
    counted = {
        "created": job["createdCount"],
        "error": job["errorCount"],
        "skipped": job["skippedCount"] - job["errorCount"],
    }
    if outcomes != Counter(counted):
        yield f"{file.name} of {file.tenant}: results say {dict(outcomes)}, counts say {counted}"


def tenant_faults(
    tenant: str, files: Iterable[LoadFile], created_ids: Sequence[str], contacts: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """What is wrong with a tenant's contacts, given as (id, e-mail): each person once, each made by one job's row."""
    people = frozenset[str]().union(*(file.emails for file in files))
    emails, ids = Counter(email for _, email in contacts), Counter(id_ for id_, _ in contacts)
    differences = {
        "people are missing": len(people - emails.keys()),
        "contacts are nobody's": len(emails.keys() - people),
        "people are there twice": sum(count > 1 for count in emails.values()),
        "ids are there twice": sum(count > 1 for count in ids.values()),
        "ids were reported as created twice": len(created_ids) - len(set(created_ids)),
        "created ids are no contact's": len(set(created_ids) - ids.keys()),
        "contacts were created by no row": len(ids.keys() - set(created_ids)),
    }
    for what, number in differences.items():
        if number:
            yield f"{tenant}: {number} {what}"
