"""Contacts that more than one part of an import writes: a row names one by its id, another finds it by its e-mail.

Each part's plans tell but a piece of what the import did to them, so a rollback has to take the pieces together. The
later writer sees the mark of the other part on the contact, and notes it before it writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

import orjson

from contacts.domain.contact import Contact
from contacts.domain.contact_write import Update
from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import shared_contacts_key, shared_contacts_prefix
from contacts.domain.plan import PlannedWrite
from contacts.ports import FileStore


def note_shared_contacts(
    files: FileStore, job: ImportJob, part: int, rows: Collection[int], writes: Iterable[PlannedWrite]
) -> None:
    """Note which of these contacts another part has written. Call it before the plan is stored: what is noted and
    never written does no harm, the other way round it would.

    Args:
        rows: all rows of the part.
    """
    shared = sorted(
        planned.write.before.id
        for planned in writes
        if isinstance(planned.write, Update) and _is_of_another_part(planned.write.before, job.id, rows)
    )
    if shared:
        body = orjson.dumps(shared)
        # Named by what it says: two workers of one part may decide differently, and both notes count.
        digest = hashlib.sha256(body).hexdigest()[:16]
        files.put(shared_contacts_key(job.tenant, job.id, part, digest), body)


def find_shared_contacts(files: FileStore, job: ImportJob, among: Collection[str]) -> set[str]:
    """Which of these contacts are noted by any part. Holds one note at a time."""
    shared: set[str] = set()
    asked = set(among)
    for key in files.list_keys(shared_contacts_prefix(job.tenant, job.id)):
        body = files.get(key)
        if body is None:
            raise FileNotFoundError(f"the note {key} was listed and is gone")
        shared.update(asked.intersection(orjson.loads(body)))
    return shared


def _is_of_another_part(contact: Contact, job: str, rows: Collection[int]) -> bool:
    return any(mark.job == job and mark.row not in rows for mark in (contact.created_by, *contact.written_by))
