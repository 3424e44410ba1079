"""A small state in which everything is right, and a ledger that fits it: the checker finds nothing."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.soak.wire_faults.ledger import KeptEdit, KeyedAnswer, KnownContact, Ledger, SentJob
from tests.soak.wire_faults.stored_state import StoredState

TENANT, OTHER = "north", "south"
MARKERS = {TENANT: "m-north", OTHER: "m-south"}
IMPORT, CREATE, DELETE, EXPORT = "job-import", "job-create", "job-delete", "job-export"
OTHERS_EXPORT = "job-other-export"


def slot(name: str) -> str:
    return name.ljust(20, "s")


def id_of(name: str) -> str:
    return slot(name) + "t" * 16


def contact(name: str, job: str, row: int, tenant: str = TENANT, **more: Any) -> dict[str, Any]:
    """A contact in the slot of its e-mail."""
    return {
        "pk": f"{tenant}#00",
        "sk": slot(name),
        "id": id_of(name),
        "version": 1,
        "email": f"{name}@{MARKERS[tenant]}.example",
        "createdBy": f"{job}:{row}",
        **more,
    }


def job(job_id: str, kind: str, status: str, tenant: str = TENANT, **more: Any) -> dict[str, Any]:
    return {
        "pk": f"JOB#{job_id}",
        "sk": "JOB",
        "id": job_id,
        "kind": kind,
        "tenantKey": tenant,
        "status": status,
        **more,
    }


def import_counts(created: int, updated: int, skipped: int, errors: int) -> dict[str, int]:
    return {"createdCount": created, "updatedCount": updated, "skippedCount": skipped, "errorCount": errors}


def bulk_counts(succeeded: int, skipped: int = 0) -> dict[str, int]:
    counts = {"succeededCount": succeeded, "skippedCount": skipped}
    return {**counts, "failedCount": 0, "notFoundCount": 0, "forbiddenCount": 0}


def healthy() -> tuple[StoredState, Ledger]:
    """An import of four rows (one staged as wrong), rolled back but for one that was edited; a bulk create of three
    entries, one of which a bulk delete has deleted; two exports."""
    export = json.dumps([{"id": id_of("kim")}, {"id": id_of("bob")}]).encode()
    rollback = {
        "rollbackRun": 1,
        "rollbackStatus": "completed",
        "rollbackMode": "write",
        "rollbackDryRun": False,
        "rollbackDeletedCount": 1,
        "rollbackRestoredCount": 0,
        "rollbackKeptCount": 1,
        "rollbackUnchangedCount": 0,
    }
    staged = {"totalRows": 4, "rejected": import_counts(0, 0, 1, 1)}
    jobs_table = [
        job(IMPORT, "import", "rolled_back", staged=staged, **import_counts(2, 0, 2, 1), **rollback),
        {"pk": f"JOB#{IMPORT}", "sk": "PART#00000", **import_counts(2, 0, 1, 0)},
        {"pk": f"JOB#{IMPORT}", "sk": "ROLLBACK#0001#write#00000", **rollback},
        job(CREATE, "bulk_create", "COMPLETED", total=3, **bulk_counts(2, 1)),
        {"pk": f"JOB#{CREATE}", "sk": "SLICE#00000", **bulk_counts(2, 1)},
        job(DELETE, "bulk_delete", "COMPLETED", total=1, **bulk_counts(1)),
        {"pk": f"JOB#{DELETE}", "sk": "SLICE#00000", **bulk_counts(1)},
        _export(EXPORT, TENANT, export, 2),
        _export(OTHERS_EXPORT, OTHER, b"[]", 0),
    ]
    lines = [
        {"contactId": id_of("ann"), "row": 1, "action": "deleted", "fields": [], "reason": None},
        {"contactId": id_of("bob"), "row": 2, "action": "kept", "fields": ["title"], "reason": "EDITED_LATER"},
    ]
    results = ["row,contactId,outcome,reason", f"1,{id_of('ann')},created,", f"2,{id_of('bob')},created,"]
    results += [f"3,{id_of('bob')},skipped,DUPLICATE", "4,,error,EMAIL_INVALID"]
    created = [
        [0, "c0", "created", id_of("kim"), None, None, None],
        [1, "c1", "created", id_of("lee"), None, None, None],
    ]
    created.append([2, "c2", "skipped", id_of("kim"), 0, "DUPLICATE_IN_REQUEST", None])
    objects = {
        f"results/{TENANT}/{IMPORT}/results.csv": "\n".join(results).encode(),
        f"results/{TENANT}/{IMPORT}/rollback-0001/outcomes.jsonl": b"\n".join(json.dumps(x).encode() for x in lines),
        f"bulk/{TENANT}/{CREATE}/outcomes/slice-00000.json": json.dumps({"items": created}).encode(),
        f"bulk/{TENANT}/{DELETE}/outcomes/slice-00000.json": json.dumps(
            {"items": [[id_of("lee"), "deleted", False, None, None]]}
        ).encode(),
        f"exports/{TENANT}/{EXPORT}/attempt-0001/contacts.json": export,
        f"exports/{OTHER}/{OTHERS_EXPORT}/attempt-0001/contacts.json": b"[]",
        f"uploads/{TENANT}/u1": b"ann@m-north.example",
    }
    contacts_table = [
        {"pk": f"{TENANT}#settings", "sk": "settings", "shards": 1},
        contact("bob", IMPORT, 2, title="edited"),
        contact("kim", CREATE, 1),
        # Moved from her first e-mail, and found over the forward that she left.
        contact("pat", "api:1", 0, OTHER, id=id_of("old")),
        {"pk": f"{OTHER}#00", "sk": id_of("old"), "movedToPk": f"{OTHER}#00", "movedToSk": slot("pat")},
    ]
    ledger = Ledger(
        markers=dict(MARKERS),
        jobs=[
            SentJob(TENANT, "import", IMPORT, 4),
            SentJob(TENANT, "bulk_create", CREATE, 3, may_double=True),
            SentJob(TENANT, "bulk_delete", DELETE),
            SentJob(TENANT, "export", EXPORT),
            SentJob(OTHER, "export", OTHERS_EXPORT),
        ],
        answers=[KeyedAnswer(TENANT, "k1", IMPORT), KeyedAnswer(TENANT, "k1", IMPORT)],
        contacts=[
            KnownContact(TENANT, id_of("ann"), False),
            KnownContact(TENANT, id_of("bob"), True, {"title": "edited"}),
        ],
        kept=[KeptEdit(TENANT, IMPORT, id_of("bob"), "title")],
        outcomes={IMPORT: {1: "created", 2: "created", 3: "skipped", 4: "error"}},
    )
    return StoredState(contacts_table, jobs_table, objects, {"slices": 0}), ledger


def _export(job_id: str, tenant: str, content: bytes, contacts: int) -> dict[str, Any]:
    file = {
        "key": f"exports/{tenant}/{job_id}/attempt-0001/contacts.json",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return job(job_id, "export", "completed", tenant, file=file, totalContacts=contacts, options={"format": "json"})
