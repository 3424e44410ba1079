"""Bulk creates and their clean-up, exports, and single contacts: what one user does, and what has to come of it."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from tests.soak.wire_faults.ledger import KnownContact, SentJob
from tests.soak.wire_faults.patient_client import PatientClient

_CREATE, _DELETE, _EXPORT = "/api/contacts/bulk-create", "/api/contacts/bulk-delete", "/api/contacts/export"
_CREATE_ENDS = ("COMPLETED", "PARTIAL")


def bulk_create_and_delete(client: PatientClient, random: Random, scene: str, entries: int) -> None:
    """Create, at times into a collection, edit one, then look and delete, or leave them."""
    domain = f"{scene}.{client.ledger.markers[client.tenant]}.example"
    contacts: list[Any] = [
        {"clientContactId": str(n), "email": f"b{n}@{domain}", "firstName": f"N {domain}"} for n in range(entries)
    ]
    contacts += [{"email": f"B0@{domain}"}, {"email": f"none {domain}"}]
    body: dict[str, Any] = {"contacts": contacts, "clientSource": "soak", "clientReferenceId": scene}
    if random.random() < 0.5:
        made = client.post("/api/collections", {"name": domain}, "id")
        body["collectionId"] = made["id"]
    job_id = str(client.post(_CREATE, body, "jobId", twice=random.random() < 0.3)["jobId"])
    client.ledger.jobs.append(SentJob(client.tenant, "bulk_create", job_id, len(contacts), may_double=True))
    if client.ended(f"{_CREATE}/{job_id}")["status"] not in _CREATE_ENDS:
        return
    items = client.pages(f"{_CREATE}/{job_id}/items")
    ids = [item["contactId"] for item in items if item["outcome"] == "created"]
    if len(ids) < 3:
        return
    client.edit(ids[0], {"title": f"edited {domain}"})
    left = {ids[0]: {"title": f"edited {domain}"}, **{each: {"firstName": f"N {domain}"} for each in ids[1:]}}
    if random.random() < 0.6:
        if random.random() < 0.5:
            _delete(client, {"bulkCreateJobId": job_id, "dryRun": True})
        some = {"contactIds": ids[1:]} if random.random() < 0.4 else {}
        for each in _delete(client, {"bulkCreateJobId": job_id, **some}):
            left.pop(each, None)
    for each in ids:
        client.ledger.contacts.append(KnownContact(client.tenant, each, each in left, left.get(each, {}), scene))


def export_all(client: PatientClient, random: Random, _scene: str, _size: int) -> None:
    """Export while others write."""
    format_ = random.choice(["csv", "xlsx", "json", "jsonl"])
    body = {"format": format_, "selectedFields": ["id", "email", "firstName", "title"]}
    job_id = str(client.post(_EXPORT, body, "jobId", twice=random.random() < 0.3)["jobId"])
    client.ledger.jobs.append(SentJob(client.tenant, "export", job_id))
    client.ended(f"{_EXPORT}/{job_id}")


def single_contacts(client: PatientClient, random: Random, scene: str, size: int) -> None:
    """Create some one by one, one of them twice; move some to other e-mails; delete some."""
    domain = f"{scene}.{client.ledger.markers[client.tenant]}.example"
    for n in range(max(2, size // 40)):
        email = f"s{n}@{domain}"
        fields = {"email": email, "firstName": f"N {domain}"}
        contact_id = str(client.post("/api/contacts", fields, "id", twice=random.random() < 0.3)["id"])
        doing = random.random()
        known = KnownContact(client.tenant, contact_id, True, {"email": email}, scene)
        if doing < 0.3:
            known.values = {"email": f"moved-{email}", "title": f"edited {email}"}
            client.edit(contact_id, known.values)
        elif doing < 0.5:
            client.delete(contact_id)
            known.exists, known.values = False, {}
        elif doing < 0.7:
            twin = str(client.post("/api/contacts?allowDuplicate=true", fields, "id")["id"])
            client.ledger.doubled += [(client.tenant, twin), (client.tenant, contact_id)]
            client.ledger.contacts.append(KnownContact(client.tenant, twin, True, {"email": email}, scene))
        client.ledger.contacts.append(known)
        time.sleep(0.01)


def _delete(client: PatientClient, body: dict[str, Any]) -> list[str]:
    """The contacts that a bulk delete job has deleted."""
    job_id = str(client.post(_DELETE, body, "jobId")["jobId"])
    client.ledger.jobs.append(SentJob(client.tenant, "bulk_delete", job_id))
    client.ended(f"{_DELETE}/{job_id}")
    items = client.pages(f"{_DELETE}/{job_id}/items")
    return [str(item["contactId"]) for item in items if item["outcome"] in {"deleted", "notFound"}]
