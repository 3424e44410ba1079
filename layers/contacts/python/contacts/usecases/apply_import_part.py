"""Apply one part of a staged import to the contacts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import attrgetter

from contacts.domain.contact import Contact
from contacts.domain.deciding import Found, ImportRules, decide
from contacts.domain.email_address import normalise_email
from contacts.domain.import_job import ImportJob
from contacts.domain.plan import Plan
from contacts.domain.rows import StagedRow
from contacts.ports import Clock, ContactStore, FileStore, JobStore
from contacts.usecases.import_parts import PartEnd, import_segment_id, import_unit, load_staged_rows
from contacts.usecases.shared_contacts import note_shared_contacts
from contacts.usecases.unit_of_work import UnitOfWork, UnitSealedError

_ROW_NUMBER = attrgetter("row")


class ApplyImportPart:
    """Writes the contacts of one part. Run twice, killed anywhere and run again: the same end."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        contacts: ContactStore,
        files: FileStore,
        work: UnitOfWork,
        end_part: PartEnd,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._contacts = contacts
        self._files = files
        self._work = work
        self._end_part = end_part
        self._clock = clock

    def __call__(self, job_id: str, part: int) -> bool:
        """Apply the part; False where there was nothing left to do, because it is done, or the job has ended or is
        being closed."""
        job = self._jobs.find_import(job_id)
        if job is None or not job.is_open or self._jobs.has_part(job_id, part):
            return False
        rows = load_staged_rows(self._files, job, part)

        def decide_noting(undecided: Collection[int]) -> Plan:
            plan = self._decide(job, [rows[row] for row in undecided])
            note_shared_contacts(self._files, job, part, rows, plan.writes)
            return plan

        try:
            settled = self._work.run(import_unit(job, part), rows, decide_noting)
        except UnitSealedError:
            # Somebody closes the job, and accounts for what was written.
            return False
        self._end_part(job, part, settled)
        return True

    def _decide(self, job: ImportJob, rows: Collection[StagedRow]) -> Plan:
        rules = ImportRules(
            job=job.id,
            strategy=job.options.duplicate_strategy,
            tags=job.options.tags,
            segment=import_segment_id(job),
            now=self._clock(),
            contact_id=self._contacts.addressing(job.tenant).contact_id,
        )
        return decide(sorted(rows, key=_ROW_NUMBER), self._find(job, rows), rules)

    def _find(self, job: ImportJob, rows: Collection[StagedRow]) -> Found:
        ids = {row.contact_id for row in rows if row.contact_id}
        by_id = self._contacts.find_by_ids(job.tenant, ids) if ids else {}
        asking = [row for row in rows if not _has_its_email(row, by_id)] if by_id else rows
        emails = {normalise_email(email) for row in asking if (email := row.email)}
        return Found(by_id, self._contacts.find_by_emails(job.tenant, emails) if emails else {})


def _has_its_email(row: StagedRow, by_id: Mapping[str, Contact]) -> bool:
    """Whether the row's e-mail is that of the contact which it names by id: then nobody asks who holds it."""
    contact = by_id.get(row.contact_id) if row.contact_id else None
    return contact is not None and contact.email is not None and _same_email(contact.email, row.email)


def _same_email(one: str, other: str) -> bool:
    return normalise_email(one) == normalise_email(other)
