"""Imports, edits in between, and rollbacks: what one user does, and what has to have come of it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import xlsxwriter

from tests.e2e.http_client import csv_file
from tests.soak.wire_faults.ledger import KeptEdit, KnownContact, SentJob
from tests.soak.wire_faults.patient_client import PatientClient

_IMPORT = "/api/contacts/import"
_MAPPING = {"E-mail": "email", "Name": "firstName", "Title": "title", "Size": "customFields.size"}
_ROLLBACK_TRIES = 10


@dataclass(frozen=True)
class Row:
    """A row of a file, and what has to come of it."""

    email: str
    name: str
    title: str
    outcome: str


def import_edit_roll_back(client: PatientClient, random: Random, scene: str, rows: int) -> None:
    """Create, update, edit, delete, look, roll the update back, and at times the creation too."""
    domain = f"{scene}.{client.ledger.markers[client.tenant]}.example"
    strategy = random.choice(["skip", "skip", "create"])
    first = _first_file(random, domain, client.ledger.markers[client.tenant], rows, strategy)
    created = _run(client, random, first, {"duplicateStrategy": strategy, "segmentName": f"{scene} {domain}"})
    if created is None or strategy == "create":
        return
    ids = _ids_by_email(client, first)
    updated_emails = random.sample(sorted(ids), min(len(ids), max(4, rows // 3)))
    new_emails = [f"new-{n}@{domain}" for n in range(max(2, rows // 10))]
    second = [Row(email, f"N {domain}", f"new title {email}", "updated") for email in updated_emails]
    second += [Row(email, f"N {domain}", f"new title {email}", "created") for email in new_emails]
    updated = _run(client, random, second, {"duplicateStrategy": "update"})
    if updated is None:
        return
    ids |= _ids_by_email(client, second[len(updated_emails) :])
    edited, gone, kept_new = updated_emails[0], updated_emails[1], new_emails[0]
    for email in (edited, kept_new):
        client.edit(ids[email], {"title": f"edited {email}"})
    client.delete(ids[gone])

    if random.random() < 0.4:
        _roll_back(client, updated, {"dryRun": True})
    force = random.random() < 0.3
    if not _roll_back(client, updated, {"onConflict": "force" if force else "keep"}):
        return
    titles = {email: f"old title {email}" for email in updated_emails}
    kept = set() if force else {edited, kept_new}
    titles |= {email: f"edited {email}" for email in kept}
    client.ledger.kept += [KeptEdit(client.tenant, updated, ids[email], "title") for email in sorted(kept)]
    absent = {gone, *new_emails} - kept
    if random.random() < 0.5:
        if not _roll_back(client, created, {"onConflict": "keep"}):
            return
        # What the first import made goes, but for what was edited since; what the other one made does not.
        absent |= set(ids) - kept
        client.ledger.kept += [KeptEdit(client.tenant, created, ids[email], "title") for email in kept - {kept_new}]
    for email, contact_id in ids.items():
        values = {} if email in absent or email not in titles else {"title": titles[email]}
        why = f"{scene}, {'force' if force else 'keep'}"
        client.ledger.contacts.append(KnownContact(client.tenant, contact_id, email not in absent, values, why))


def rival_imports(client: PatientClient, random: Random, scene: str, rows: int) -> None:
    """Two imports of the same people at once: each of them is there once."""
    domain = f"{scene}.{client.ledger.markers[client.tenant]}.example"
    people = [Row(f"p{n}@{domain}", f"N {domain}", "", "") for n in range(rows)]
    jobs = [_start(client, random, people, {"duplicateStrategy": strategy}) for strategy in ("skip", "update")]
    for job in jobs:
        client.ended(f"{_IMPORT}/{job}")


def _first_file(random: Random, domain: str, marker: str, rows: int, strategy: str) -> list[Row]:
    file: list[Row] = []
    for n in range(rows):
        kind = random.random()
        email = f"p{n}@{domain}"
        if kind < 0.05:
            file.append(Row(f"bad {marker}", f"N {domain}", "bad", "error"))
        elif kind < 0.12 and file and "@" in file[0].email:
            again = file[0].email.upper()
            file.append(Row(again, f"N {domain}", "again", "created" if strategy == "create" else "skipped"))
        else:
            file.append(Row(email, f"N {domain}", f"old title {email}", "created"))
    return file


def _start(client: PatientClient, random: Random, rows: Sequence[Row], options: Mapping[str, Any]) -> str:
    ending = random.choice(["csv", "xlsx", "json"])
    url = client.upload(f"people.{ending}", _FILES[ending](rows))
    body = {"fileName": f"people.{ending}", "fileUrl": url, "fieldMapping": _MAPPING, "options": options}
    job_id = str(client.post(_IMPORT, body, "jobId", twice=random.random() < 0.3)["jobId"])
    may_double = options.get("duplicateStrategy") == "create"
    client.ledger.jobs.append(SentJob(client.tenant, "import", job_id, len(rows), may_double))
    return job_id


def _run(client: PatientClient, random: Random, rows: Sequence[Row], options: Mapping[str, Any]) -> str | None:
    """The import's id; None where it did not complete: then nothing is built on it, and it is taken back at times."""
    job_id = _start(client, random, rows, options)
    client.ledger.outcomes[job_id] = {number: row.outcome for number, row in enumerate(rows, 1)}
    ended = client.ended(f"{_IMPORT}/{job_id}")
    if ended["status"] == "completed":
        return job_id
    if ended["canRollback"] and random.random() < 0.5:
        _roll_back(client, job_id, {"onConflict": "keep"})
    return None


def _roll_back(client: PatientClient, job_id: str, body: Mapping[str, Any]) -> bool:
    """Whether it was rolled back, as often as it takes: one that failed goes on."""
    for _ in range(_ROLLBACK_TRIES):
        client.post(f"{_IMPORT}/{job_id}/rollback", dict(body), "jobId")
        rollback = client.rollback_ended(job_id)["rollback"]
        if rollback["status"] != "failed":
            return bool(rollback["status"] == "completed")
        body = {name: value for name, value in body.items() if name == "dryRun"}
    return False


def _ids_by_email(client: PatientClient, rows: Sequence[Row]) -> dict[str, str]:
    """The contacts of the rows that created one, by a look-up each for a few, from the list for many."""
    wanted = {row.email for row in rows if row.outcome == "created"}
    if len(wanted) > 30:
        every = client.pages("/api/contacts")
        return {each["email"]: each["id"] for each in every if each.get("email") in wanted}
    found = (client.pages(f"/api/contacts?email={email}") for email in sorted(wanted))
    return {each["email"]: each["id"] for page in found for each in page}


def _table(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    return [tuple(_MAPPING), *((row.email, row.name, row.title, "M") for row in rows)]


def _csv(rows: Sequence[Row]) -> bytes:
    return csv_file(*_table(rows))


def _xlsx(rows: Sequence[Row]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(_table(rows)):
            for column, cell in enumerate(cells):
                sheet.write_string(number, column, cell)
    return content.getvalue()


def _json(rows: Sequence[Row]) -> bytes:
    header, *cells = _table(rows)
    return json.dumps([dict(zip(header, row, strict=True)) for row in cells]).encode()


_FILES = {"csv": _csv, "xlsx": _xlsx, "json": _json}
