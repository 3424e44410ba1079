"""Apply one part of a staged import to the contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from contacts.domain.deciding import ImportRules, decide
from contacts.domain.email_address import normalise_email
from contacts.domain.import_job import ImportJob
from contacts.domain.plan import Plan
from contacts.domain.rows import StagedRow
from contacts.ports import Clock, ContactStore, FileStore, JobStore
from contacts.usecases.import_parts import PartEnd, import_segment_id, import_unit, load_staged_rows
from contacts.usecases.unit_of_work import UnitOfWork


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
        """Apply the part; False where there was nothing left to do, because it is done or the job has ended."""
        job = self._jobs.find_import(job_id)
        if job is None or not job.is_open or self._jobs.has_part(job_id, part):
            return False
        rows = load_staged_rows(self._files, job, part)
        settled = self._work.run(
            import_unit(job, part), rows, lambda undecided: self._decide(job, [rows[row] for row in undecided])
        )
        self._end_part(job, part, settled)
        return True

    def _decide(self, job: ImportJob, rows: Collection[StagedRow]) -> Plan:
        groups = _by_email(rows)
        holders = self._contacts.find_by_emails(job.tenant, groups)
        rules = ImportRules(
            job=job.id,
            strategy=job.options.duplicate_strategy,
            tags=job.options.tags,
            segment=import_segment_id(job),
            now=self._clock(),
            contact_id=self._contacts.addressing(job.tenant).contact_id,
        )
        plans = [decide(email, group, holders.get(email), rules) for email, group in groups.items()]
        return Plan(
            [planned for plan in plans for planned in plan.writes],
            [outcome for plan in plans for outcome in plan.outcomes],
            [error for plan in plans for error in plan.errors],
        )


def _by_email(rows: Collection[StagedRow]) -> Mapping[str, list[StagedRow]]:
    groups: defaultdict[str, list[StagedRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.row):
        groups[normalise_email(row.email)].append(row)
    return groups
