"""Take one part of an import back, or look what taking it back would do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import Update
from contacts.domain.email_address import normalise_email
from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import rollback_part_outcome_key, rollback_plan_key, rollback_plans_prefix
from contacts.domain.plan import Plan, PlannedWrite, settle_rounds
from contacts.domain.rollback import (
    Rollback,
    RollbackCounts,
    RollbackMode,
    RollbackPart,
    RollbackStatus,
    Undo,
    Verdict,
    judge,
)
from contacts.domain.rows import Outcome, RowOutcome
from contacts.ports import Clock, ContactStore, FileStore, JobStore
from contacts.usecases.undo_log import load_undo_log
from contacts.usecases.unit_of_work import Unit, UnitOfWork


class RollBackPart:
    """One part of one pass. Run twice, killed anywhere and run again: the same end."""

    def __init__(
        self, *, jobs: JobStore, contacts: ContactStore, files: FileStore, work: UnitOfWork, clock: Clock
    ) -> None:
        self._jobs = jobs
        self._contacts = contacts
        self._files = files
        self._work = work
        self._clock = clock

    def __call__(self, job_id: str, run: int, mode: RollbackMode, part: int) -> bool:
        """Do the part; False where nothing is left to do, because it is done or this pass is no longer the job's."""
        job = self._jobs.find_import(job_id)
        rollback = job.rollback if job else None
        if job is None or rollback is None or not _is_at(rollback, run, mode):
            return False
        if self._jobs.has_rollback_part(job_id, run, mode, part):
            return False
        undos = load_undo_log(self._files, self._work, job, part)
        if mode is RollbackMode.LOOK:
            outcomes = settle_rounds([self._decide(job, rollback, undos.values())]).outcomes
        else:
            outcomes = self._write(job, rollback, part, undos)
        key = rollback_part_outcome_key(job.tenant, job.id, run, mode, part)
        self._files.put(key, orjson.dumps([tuple(outcome) for outcome in outcomes]))
        record = RollbackPart(run, mode, part, count_verdicts(outcomes))
        self._jobs.record_rollback_part(job_id, record, self._clock())
        return True

    def _write(self, job: ImportJob, rollback: Rollback, part: int, undos: Mapping[int, Undo]) -> Sequence[RowOutcome]:
        unit = Unit(
            job.tenant,
            rollback_plans_prefix(job.tenant, job.id, rollback.run, part),
            lambda round_: rollback_plan_key(job.tenant, job.id, rollback.run, part, round_),
        )

        def decide(undecided: Collection[int]) -> Plan:
            # The log of a part that never ended is read from the contacts. One that an earlier try planned for and that
            # is gone by now without a trace is in it no more: there is nothing left to decide.
            return self._decide(job, rollback, [undos[row] for row in undecided if row in undos])

        return self._work.run(unit, undos, decide).outcomes

    def _decide(self, job: ImportJob, rollback: Rollback, undos: Collection[Undo]) -> Plan:
        """Judge contacts as they are now. Reads them twice where an e-mail is to go back: its place may be taken."""
        current = self._contacts.find_by_ids(job.tenant, [undo.contact_id for undo in undos])
        now = self._clock()

        def judged(undo: Undo, *, spare_email: bool = False) -> Verdict:
            return judge(
                undo,
                current.get(undo.contact_id),
                mark=Mark(f"{job.id}/rollback-{rollback.run}", undo.row),
                now=now,
                force=rollback.force,
                spare_email=spare_email,
            )

        verdicts = {undo.row: judged(undo) for undo in undos}
        taken = self._with_taken_email(job.tenant, verdicts)
        for undo in undos:
            if undo.row in taken:
                verdicts[undo.row] = judged(undo, spare_email=True)
        return _plan({undo.row: undo.contact_id for undo in undos}, verdicts)

    def _with_taken_email(self, tenant: str, verdicts: Mapping[int, Verdict]) -> set[int]:
        """Rows whose contact would get an e-mail back that another contact has by now."""
        wanted: dict[int, tuple[str, Contact]] = {}
        for row, verdict in verdicts.items():
            write = verdict.write
            if isinstance(write, Update) and (email := _changed_email(write)):
                wanted[row] = email, write.before
        holders = self._contacts.find_by_emails(tenant, {email for email, _ in wanted.values()}) if wanted else {}
        return {row for row, (email, contact) in wanted.items() if email in holders and holders[email].id != contact.id}


def count_verdicts(outcomes: Collection[RowOutcome]) -> RollbackCounts:
    """Sum up contacts by what became of them."""
    found = [outcome.outcome for outcome in outcomes]
    return RollbackCounts(
        deleted=found.count(Outcome.DELETED),
        restored=found.count(Outcome.RESTORED),
        kept=found.count(Outcome.KEPT),
        unchanged=found.count(Outcome.UNCHANGED),
    )


def _is_at(rollback: Rollback, run: int, mode: RollbackMode) -> bool:
    return (rollback.status, rollback.run, rollback.mode) == (RollbackStatus.RUNNING, run, mode)


def _changed_email(write: Update) -> str | None:
    """The normalised e-mail that a write gives to a contact which has another one, or none, now."""
    if write.after.email is None:
        return None
    after = normalise_email(write.after.email)
    return after if write.before.email is None or normalise_email(write.before.email) != after else None


def _plan(contact_ids: Mapping[int, str], verdicts: Mapping[int, Verdict]) -> Plan:
    writes: list[PlannedWrite] = []
    outcomes: list[RowOutcome] = []
    for row, verdict in verdicts.items():
        outcome = RowOutcome(row, verdict.outcome, contact_ids[row], verdict.reason or "", verdict.fields)
        if verdict.write is None:
            outcomes.append(outcome)
        else:
            writes.append(PlannedWrite(verdict.write, (outcome,)))
    return Plan(writes, outcomes, [])
