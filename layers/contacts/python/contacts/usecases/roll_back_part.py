"""Take one part of an import back, or look what taking it back would do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson

from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import rollback_part_outcome_key
from contacts.domain.plan import Plan, settle_rounds
from contacts.domain.rollback import Rollback, RollbackMode, RollbackPart, RollbackStatus
from contacts.domain.rows import RowOutcome
from contacts.domain.undoing import Undo, Verdict
from contacts.ports import Clock, ContactStore, FileStore, JobStore
from contacts.usecases.rollback_verdicts import LEFT, count_verdicts, plan_of, rollback_unit, verdict_on
from contacts.usecases.shared_contacts import find_shared_contacts
from contacts.usecases.undo_log import load_undo_log
from contacts.usecases.unit_of_work import UnitOfWork


class RollBackPart:
    """One part of one pass. Run twice, killed anywhere and run again: the same end.

    Leaves to the end of the pass (see `UndoLeftContacts`) what one part can't judge by itself: contacts that other
    parts have written too, and those whose e-mail is to change, as its place may be held, or wanted, by contacts of
    other parts.
    """

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
        shared = find_shared_contacts(self._files, job, {undo.contact_id for undo in undos.values()})
        if mode is RollbackMode.LOOK:
            outcomes = settle_rounds([self._decide(job, rollback, undos.values(), shared)]).outcomes
        else:
            outcomes = self._write(job, rollback, part, undos, shared)
        key = rollback_part_outcome_key(job.tenant, job.id, run, mode, part)
        self._files.put(key, orjson.dumps([tuple(outcome) for outcome in outcomes]))
        record = RollbackPart(run, mode, part, count_verdicts(outcomes))
        self._jobs.record_rollback_part(job_id, record, self._clock())
        return True

    def _write(
        self, job: ImportJob, rollback: Rollback, part: int, undos: Mapping[int, Undo], shared: Collection[str]
    ) -> Sequence[RowOutcome]:
        def decide(undecided: Collection[int]) -> Plan:
            # The log of a part that never ended is read from the contacts. One that an earlier try planned for and that
            # is gone by now without a trace is in it no more: there is nothing left to decide.
            return self._decide(job, rollback, [undos[row] for row in undecided if row in undos], shared)

        return self._work.run(rollback_unit(job, rollback, part), undos, decide).outcomes

    def _decide(self, job: ImportJob, rollback: Rollback, undos: Collection[Undo], shared: Collection[str]) -> Plan:
        """Judge contacts as they are now."""
        own = [undo.contact_id for undo in undos if undo.contact_id not in shared]
        current = self._contacts.find_by_ids(job.tenant, own)
        now = self._clock()

        def judged(undo: Undo) -> Verdict:
            if undo.contact_id in shared:
                return LEFT
            verdict = verdict_on(undo, current.get(undo.contact_id), job, rollback, now)
            return LEFT if verdict.changes_email else verdict

        return plan_of(undos, {undo.row: judged(undo) for undo in undos})


def _is_at(rollback: Rollback, run: int, mode: RollbackMode) -> bool:
    return (rollback.status, rollback.run, rollback.mode) == (RollbackStatus.RUNNING, run, mode)
